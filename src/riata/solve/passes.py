"""Passes over X for several residuals at once, and their count."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.design import Design
from riata.kernels import gram as gram_kernel
from riata.solve.scaling import Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# Beyond this mean / standard deviation, xᵀr cancels digits that the certificate needs: such columns are centred first.
FAR = 1e3
BLOCK = 1 << 22


def to_rows(values: Floats, order: Ints | None) -> Floats:
    """From fold order to the rows' own; as they are where the rows were never sorted."""
    if order is None:
        return values
    out = np.empty_like(values)
    out[order] = values
    return out


class OneCopy:
    """A copy of X in one byte per entry for all engines on the same X, made for the first that wants it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made: gram_kernel.Coarse | None = None

    def of(self, passes: Passes) -> gram_kernel.Coarse:
        with self.lock:
            if self.made is None:
                self.made = passes.coarse()
            return self.made


class Passes:
    """X'R on the canonical scale of each lane, from residuals in root-weighted fold order."""

    def __init__(
        self,
        design: Design,
        root: Floats,
        order: Ints | None,
        reference: Scaling,
        shares: dict[int, float],
    ):
        self.design, self.order = design, order
        self.shares = shares  # id(scaling) → share of the weight that the lane trains on
        self.root = root
        self.mean = reference.mean
        self.far = np.flatnonzero((np.abs(reference.mean) > FAR * reference.norm) & ~reference.excluded)
        self.full_count = 0
        self.lock = threading.Lock()  # lanes that share nothing take passes at the same time
        self.partial_count = 0.0

    def _weighted(self, train: Floats, scaling: Scaling) -> Floats:
        """The vector v with ζⱼᵀe = (xⱼᵀv)/dⱼ, in the row order of X."""
        return to_rows(self.root * train / np.sqrt(self.shares[id(scaling)]), self.order)

    def full(self, trains: list[Floats], scales: list[Scaling]) -> list[Floats]:
        """Correlations of every column with each residual: one matrix product."""
        R = np.column_stack([self._weighted(e, s) for e, s in zip(trains, scales, strict=True)])
        with self.lock:
            self.full_count += 1
        C = self.design.correlate(R)
        if len(self.far):
            C[self.far] = self._centred(self.far, R)
        return [C[:, k] / s.norm for k, s in enumerate(scales)]

    def _centred(self, cols: Ints, R: Floats) -> Floats:
        out = np.empty((len(cols), R.shape[1]))
        width = max(1, BLOCK // max(self.design.shape[0], 1))
        for start in range(0, len(cols), width):
            some = cols[start : start + width]
            block = self.design.columns(some)
            block -= self.mean[some]
            out[start : start + width] = block.T @ R
        return out

    def coarse(self) -> gram_kernel.Coarse:
        """Every column in one byte per entry: one pass."""
        n, p = self.design.shape
        out, raw = gram_kernel.Coarse(n, p), self.design.raw
        as_it_is = raw.dtype == np.float64 and raw.flags.f_contiguous
        width = p if as_it_is else max(1, BLOCK // max(8 * n, 1))
        for start in range(0, p, width):
            some = np.arange(start, min(p, start + width))
            out.fill(start, raw if as_it_is else self.design.columns(some))
        for j in self.far:  # as in `full`: what rounding makes of a large mean must not enter
            out.fill(j, np.asfortranarray(self.design.columns(np.array([j])) - self.mean[j]))
        self.full_count += 1
        return out

    def partial(self, wanted: list[tuple[Any, Ints]]) -> list[Floats]:
        """Correlations of some columns, each lane its own; every column is read once for all lanes."""
        if not wanted:
            return []
        union = np.unique(np.concatenate([cols for _, cols in wanted]))
        with self.lock:
            self.partial_count += len(union) / self.design.shape[1]
        R = np.column_stack([self._weighted(lane.inner.train, lane.scaling) for lane, _ in wanted])
        C = self.design.correlate(R, union)
        if len(self.far):
            exact = np.isin(union, self.far)
            C[exact] = self._centred(union[exact], R)
        return [C[np.searchsorted(union, cols), k] / lane.scaling.norm[cols] for k, (lane, cols) in enumerate(wanted)]
