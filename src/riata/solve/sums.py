"""Sums over groups of rows that hold all a Gram matrix needs: one pass over X, no copy of it.

For each group f of rows, M_f = A_f'A_f with A = root ∘ [(X − m)/e, (y − c)/σ, 1] about a common origin. The origin
(m, c) is first guessed from a few rows and the scale is 1; means and deviations come out of the same sums. Where that
loses digits (a mean far from the guess, numbers of extreme size, columns that are constant but for rounding), the sums
are taken again about the exact means, on unit columns: that is also the slow twin.
"""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Floats, Problem
from riata.kernels import moments as kernel
from riata.solve.scaling import Scaling, scalings

Ints = NDArray[np.intp]

GUESS_ROWS = 15
# A mean further than this many standard deviations from the origin costs log10 of its square in digits.
FAR = 4.0
# Deviations from the sums must agree with those that the scaling found.
AGREE = 1e-9
# Squares of smaller numbers run out of exponent.
TINY = 1e-125
# Rows are split in two, always the same two, where the product is worth a second thread: some 1.5 ms of work.
SPLIT_WORK = 1e8


@dataclasses.dataclass(eq=False)
class Origin:
    """Where and on which scale the sums are taken."""

    m: Floats
    e: Floats | None
    c: float
    sigma: float


def halves(n_samples: int, n_features: int) -> int:
    """In how many parts the rows are summed where there are no folds; a matter of the shape alone."""
    return 1 + (n_samples * n_features * (n_features + 2.0) >= SPLIT_WORK)


class Sums:
    """M over all rows and over each fold, with the scalings of the full data and of each training set."""

    def __init__(
        self, problem: Problem, groups: Ints, n_folds: int, pool: ThreadPoolExecutor | None, keep_bytes: float,
        one_pass: bool = True,
    ):  # fmt: skip
        self.problem, self.n_folds, self.pool = problem, n_folds, pool
        weight = problem.sample_weight
        self.root = None if weight.min() == weight.max() == 1.0 else np.sqrt(weight)
        self.target = problem.y - problem.offset if problem.offset.any() else np.ascontiguousarray(problem.y)
        self.groups = groups
        self.raw = problem.design.raw
        if not problem.design.is_sparse and any(step % self.raw.itemsize for step in self.raw.strides):
            self.raw = np.array(self.raw)  # a field of records
        n_groups = int(groups.max()) + 1 if n_folds else 1
        self.rows = _members(groups, n_groups) if n_groups > 1 else [None]
        self.keep = (n_groups + 1) * (problem.n_features + 2) ** 2 * 8 <= keep_bytes
        self.scales: list[Scaling] = []
        self._kept: list[Floats | None] = []
        self._seen: list[tuple[float, Floats, Floats]] = []  # weight, mean about the origin and variance of each group
        if not (one_pass and self._guess()):
            self.scales = scalings(problem, groups, n_groups)
            s = self.scales[0]
            self._take(Origin(s.mean, s.norm, s.y_mean, s.y_norm or 1.0))
        del self.scales[n_folds + 1 :]

    # -- one pass --------------------------------------------------------------------------------------------
    def _guess(self) -> bool:
        """Sums about a guessed origin, and the scalings from them; False where digits would be lost."""
        origin = self._guessed_origin()
        for _ in range(2):
            self._take(origin)
            _, d, var = _moments(self.total)
            if not var.max() < np.inf:
                return False
            far = (d * d > FAR**2 * var) & (var > 0)
            if not self.problem.fit_intercept:
                if far.any():  # the origin must be 0, and the deviations are wanted as well
                    return False
                break
            if not far.any():
                break
            origin = Origin(origin.m + d[:-1], None, origin.c + d[-1], 1.0)
        at = np.append(origin.m, origin.c)
        mean = np.array([at + shift for _, shift, _ in self._seen])
        m2 = np.array([square * w for w, _, square in self._seen])
        self.scales = scalings(self.problem, self.groups, len(self.rows), (mean, m2))
        s = self.scales[0]
        found = np.sqrt(var) if self.problem.fit_intercept else np.hypot(np.sqrt(var), d)
        expected = np.append(s.norm, s.y_norm)
        off = (np.abs(found - expected) > AGREE * expected) | ((found < TINY) & (found > 0))
        off[:-1] &= ~s.excluded
        return not off[:-1].any() and (not off[-1] or s.y_norm == 0)

    def _guessed_origin(self) -> Origin:
        n, p = self.problem.design.shape
        m = np.zeros(p)
        if not self.problem.fit_intercept:
            return Origin(m, None, 0.0, 1.0)
        if self.problem.design.is_sparse:
            few = np.linspace(0, n - 1, GUESS_ROWS).astype(np.intp)
            return Origin(m, None, kernel.guess(self.problem.design.rows(few), self.target[few], m), 1.0)
        return Origin(m, None, kernel.guess(self.raw, self.target, m), 1.0)

    # -- blocks ----------------------------------------------------------------------------------------------
    def _take(self, origin: Origin) -> None:
        """The sums over all rows, group by group in their order."""
        self.origin = origin
        self._kept, self._seen = [None] * len(self.rows), []
        numbers = range(len(self.rows))
        if len(self.rows) == 1:
            self.total = self._rows_block(None, origin)
            self._seen.append(_moments(self.total))
            return
        self.total = self._empty()
        for f, M in enumerate(self.pool.map(self._block_of, numbers) if self.pool else map(self._block_of, numbers)):
            self.total += M
            self._seen.append(_moments(M))
            if self.keep:
                self._kept[f] = M

    def _block_of(self, f: int) -> Floats:
        return self._rows_block(self.rows[f], self.origin)

    def block(self, f: int) -> Floats:
        """M over fold f; only its lower triangle is meant."""
        kept = self._kept[f]
        return kept if kept is not None else self._block_of(f)

    def without(self, f: int, s: Scaling) -> tuple[Floats, Origin]:
        """M over all rows outside fold f, multiplied out on the scale s of those rows."""
        origin = Origin(s.mean, s.norm, s.y_mean, s.y_norm or 1.0)
        return self._rows_block(np.flatnonzero(self.groups != f), origin), origin

    def _empty(self) -> Floats:
        width = self.problem.n_features + 2
        return np.zeros((width, width), order="F")

    def _rows_block(self, rows: Ints | None, origin: Origin) -> Floats:
        """M over some rows (all: None), in two halves where that is worth two threads."""
        n, p = len(rows) if rows is not None else self.problem.n_samples, self.problem.n_features
        if self.n_folds or halves(n, p) == 1:
            return self._part(rows, origin, 0, n)
        half = (0, n // 2), (n // 2, n)

        def one(ends: tuple[int, int]) -> Floats:
            return self._part(rows, origin, *ends)

        first, second = self.pool.map(one, half) if self.pool else map(one, half)
        first += second
        return first

    def _part(self, rows: Ints | None, origin: Origin, first: int, last: int) -> Floats:
        M, design = self._empty(), self.problem.design
        if not design.is_sparse:
            if rows is not None and len(rows) and rows[-1] - rows[0] == len(rows) - 1:  # side by side
                first, last, rows = first + int(rows[0]), last + int(rows[0]), None
            self._add(self.raw, self.target, self.root, rows, first, last, origin, M)
            return M
        height = max(64, (1 << 19) // (design.shape[1] + 2))
        for start in range(first, last, height):
            index = (
                np.arange(start, min(last, start + height)) if rows is None else rows[start : min(last, start + height)]
            )
            root = None if self.root is None else self.root[index]
            self._add(design.rows(index), self.target[index], root, None, 0, len(index), origin, M)
        return M

    @staticmethod
    def _add(X: Any, y: Floats, root: Any, rows: Any, first: int, last: int, o: Origin, M: Floats) -> None:
        kernel.accumulate(X, y, o.m, o.e, o.c, o.sigma, root, rows, first, last, M)


def _members(groups: Ints, n_groups: int) -> list[Ints]:
    """The rows of each group, in order."""
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.cumsum(np.bincount(groups, minlength=n_groups))[:-1])


def _moments(M: Floats) -> tuple[float, Floats, Floats]:
    """Weight, mean about the origin and mean square deviation (∞ beyond 1e300) of each column and of the target."""
    d, var = np.empty(len(M) - 1), np.empty(len(M) - 1)
    return kernel.moments(M, d, var), d, var
