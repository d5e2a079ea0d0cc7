"""Put encoded columns together into one matrix, and again with the means of some rows only.

Dense float64 (Fortran order) as a rule; compressed sparse columns when one-hot columns make the matrix mostly zeros
*and* a dense one would be large.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.table.columns import Column
from riata.table.steps import Step

Floats = NDArray[np.float64]

# Small matrices are solved fastest dense. 20,000 flights with 3,378 columns (525 MB dense), 100 λ to λ_max/100, took
# 3.3 s dense and 0.55 s sparse.
SPARSE_BYTES = 64e6
SPARSE_DENSITY = 0.2


@dataclasses.dataclass(frozen=True, eq=False)
class Hole:
    """Column ``index`` of the matrix was missing in the rows where ``missing`` holds; ``values`` are the others'."""

    index: int
    missing: NDArray[np.bool_]
    values: Floats

    def mean(self, weights: Floats) -> float:
        """Weighted mean of the values that are there, under ``weights`` (0: a row that may not be looked at)."""
        return present_mean(self.values, self.missing, weights)


def present_mean(values: Floats, missing: NDArray[np.bool_], weights: Floats) -> float:
    """Weighted mean of the values that are not missing; 0 where there is none (the column is constant then)."""
    use = np.where(missing, 0.0, weights)
    total = use.sum()
    if not total:
        return 0.0
    # The shift keeps digits when mean ≫ sd (a timestamp column).
    shift = values[np.argmax(use > 0)]
    return float(shift + (use * np.where(missing, 0.0, values - shift)).sum() / total)


@dataclasses.dataclass(frozen=True, eq=False)
class Assembled:
    """The matrix, and where imputed values stand in it."""

    X: Any
    holes: tuple[Hole, ...]

    def with_means_of(self, weights: Floats) -> Any:
        """A copy of X in which imputed values are the weighted means under ``weights`` (0 = not a training row)."""
        if not self.holes:
            return self.X
        out = self.X.copy()
        for hole in self.holes:
            if isinstance(out, np.ndarray):
                out[hole.missing, hole.index] = hole.mean(weights)
            else:  # a numeric column stores every row, in order
                start = out.indptr[hole.index]
                out.data[start : start + len(hole.missing)][hole.missing] = hole.mean(weights)
        return out


def assemble(steps: Sequence[Step], columns: Sequence[Column], n: int) -> Assembled:
    """Matrix of ``steps`` applied to ``columns`` (n rows each); missing numbers become each step's fill."""
    widths = [len(step.names) for step in steps]
    p = sum(widths)
    filled = sum(n * (1 + step.marks_missing) if step.kind != "levels" else n for step in steps)
    sparse = n * p * 8 > SPARSE_BYTES and filled < SPARSE_DENSITY * n * p
    out = _SparseColumns(n) if sparse else _DenseColumns(n, p)
    holes = []
    for step, column in zip(steps, columns, strict=True):
        if step.kind == "levels":
            out.one_hot(step.codes(column), len(step.names))
            continue
        values = column.values
        if column.n_missing:
            holes.append(Hole(out.at, column.missing, values))
            values = np.where(column.missing, 0.0 if step.fill is None else step.fill, values)
        out.number(values)
        if step.marks_missing:
            out.one_hot(np.where(column.missing, 0, -1), 1)
    return Assembled(out.done(), tuple(holes))


class _DenseColumns:
    def __init__(self, n: int, p: int):
        self.X = np.zeros((n, p), order="F")
        self.at = 0

    def number(self, values: Floats) -> None:
        self.X[:, self.at] = values
        self.at += 1

    def one_hot(self, codes: NDArray[np.int64], width: int) -> None:
        rows = np.flatnonzero(codes >= 0)
        self.X[rows, self.at + codes[rows]] = 1.0
        self.at += width

    def done(self) -> Floats:
        return self.X


class _SparseColumns:
    def __init__(self, n: int):
        self.n, self.at = n, 0
        self.data: list[Floats] = []
        self.rows: list[NDArray[np.int64]] = []
        self.counts: list[int] = []

    def number(self, values: Floats) -> None:
        self.data.append(np.asarray(values, dtype=float))
        self.rows.append(np.arange(self.n))
        self.counts.append(self.n)
        self.at += 1

    def one_hot(self, codes: NDArray[np.int64], width: int) -> None:
        order = np.argsort(codes, kind="stable")
        order = order[codes[order] >= 0]
        self.rows.append(order)
        self.data.append(np.ones(len(order)))
        self.counts += np.bincount(codes[order], minlength=width).tolist()
        self.at += width

    def done(self) -> Any:
        import scipy.sparse

        indptr = np.concatenate([[0], np.cumsum(self.counts)])
        kind = np.int32 if indptr[-1] < 2**31 else np.int64
        parts = (np.concatenate(self.data), np.concatenate(self.rows).astype(kind), indptr.astype(kind))
        return scipy.sparse.csc_array(parts, shape=(self.n, self.at))
