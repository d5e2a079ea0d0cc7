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

from riata.core.memory import release_freed
from riata.core.problem import Floats, Problem
from riata.kernels import moments as kernel
from riata.kernels.scan import every
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

    at: Floats  # (n_features + 1,) m, and c for the target
    e: Floats | None
    sigma: float

    @property
    def m(self) -> Floats:
        return self.at[:-1]

    @property
    def c(self) -> float:
        return float(self.at[-1])

    @classmethod
    def exact(cls, s: Scaling) -> Origin:
        """The canonical scale of a training set."""
        return cls(np.append(s.mean, s.y_mean), s.norm, s.y_norm or 1.0)


def halves(n_samples: int, n_features: int) -> int:
    """In how many parts the rows are summed where there are no folds; a matter of the shape alone."""
    return 1 + (n_samples * n_features * (n_features + 2.0) >= SPLIT_WORK)


def root_of(problem: Problem) -> Floats | None:
    """The roots of the weights; None where all are 1."""
    return None if every(problem.sample_weight, 1.0) else np.sqrt(problem.sample_weight)


def target_of(problem: Problem) -> Floats:
    """The target less the offset, side by side in memory."""
    return np.ascontiguousarray(problem.y) if every(problem.offset, 0.0) else problem.y - problem.offset


def raw_of(problem: Problem) -> Any:
    """The caller's matrix, with strides that are multiples of an entry."""
    raw = problem.design.raw
    if not problem.design.is_sparse and not raw.flags.forc and any(step % raw.itemsize for step in raw.strides):
        return np.array(raw)  # a field of records
    return raw


class Sums:
    """M over all rows and over each fold, with the scalings of the full data and of each training set."""

    def __init__(
        self, problem: Problem, groups: Ints, n_folds: int, pool: ThreadPoolExecutor | None, keep_bytes: float,
        one_pass: bool = True,
    ):  # fmt: skip
        self.problem, self.n_folds, self.pool = problem, n_folds, pool
        self.raw, self.target, self.root = raw_of(problem), target_of(problem), root_of(problem)
        self.groups = groups
        n_groups = int(groups.max()) + 1 if n_folds else 1
        self.rows = _members(groups, n_groups) if n_groups > 1 else [None]
        self.keep = (n_groups + 1) * (problem.n_features + 2) ** 2 * 8 <= keep_bytes
        self.scales: list[Scaling] = []
        self._kept: list[Floats | None] = []
        # of each group: its weight, and the moments of columns and target (see the kernel)
        self._weight = np.empty(n_groups)
        self._moments = np.empty((n_groups, 4, problem.n_features + 1))
        if not (one_pass and self._guess()):
            self.scales = scalings(problem, groups, n_groups)
            self._take(Origin.exact(self.scales[0]))
        del self.scales[n_folds + 1 :]

    # -- one pass --------------------------------------------------------------------------------------------
    def _guess(self) -> bool:
        """Sums about a guessed origin, and the scalings from them; False where digits would be lost."""
        origin, centred = self._guessed_origin(), self.problem.fit_intercept
        for _ in range(2):
            found = self._take(origin)
            far = kernel.far(found, FAR)
            if far < 0 or (far > 0 and not centred):  # without intercept the origin must be 0
                return False
            if far == 0:
                break
            origin = Origin(found[2].copy(), None, 1.0)
        else:
            return False
        means, squares = self._moments[:, 2], self._moments[:, 3]
        self.scales = scalings(self.problem, self.groups, len(self.rows), (self._weight, means, squares))
        s = self.scales[0]
        return kernel.agrees(found, s.norm, s.excluded.view(np.uint8), s.y_norm, centred, AGREE, TINY)

    def _guessed_origin(self) -> Origin:
        n, p = self.problem.design.shape
        at = np.zeros(p + 1)
        if self.problem.fit_intercept and self.problem.design.is_sparse:
            few = np.linspace(0, n - 1, GUESS_ROWS).astype(np.intp)
            kernel.guess(self.problem.design.rows(few), self.target[few], at)
        elif self.problem.fit_intercept:
            kernel.guess(self.raw, self.target, at)
        return Origin(at, None, 1.0)

    # -- blocks ----------------------------------------------------------------------------------------------
    def _take(self, origin: Origin) -> Floats:
        """The sums over all rows, group by group in their order; their moments."""
        self.origin = origin
        self._kept = [None] * len(self.rows)
        if len(self.rows) == 1:
            self.total = self._rows_block(None, origin)
            self._weight[0] = kernel.moments(self.total, origin.at, self._moments[0])
            return self._moments[0]
        self.total = self._empty()
        numbers = range(len(self.rows))
        for f, M in enumerate(self.pool.map(self._block_of, numbers) if self.pool else map(self._block_of, numbers)):
            self.total += M
            self._weight[f] = kernel.moments(M, origin.at, self._moments[f])
            if self.keep:
                self._kept[f] = M
        found = np.empty_like(self._moments[0])
        kernel.moments(self.total, origin.at, found)
        return found

    def _block_of(self, f: int) -> Floats:
        return self._rows_block(self.rows[f], self.origin)

    def block(self, f: int) -> Floats:
        """M over fold f; only its lower triangle is meant."""
        kept = self._kept[f]
        return kept if kept is not None else self._block_of(f)

    def hand_over(self) -> Floats:
        """M over all rows, for whoever asks last: its memory is the caller's."""
        total = self.total
        del self.total
        return total

    def without(self, f: int, s: Scaling) -> tuple[Floats, Origin]:
        """M over all rows outside fold f, multiplied out on the scale s of those rows."""
        origin = Origin.exact(s)
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
        del second
        release_freed()  # of the second half and of both blocks of rows
        return first

    def _part(self, rows: Ints | None, origin: Origin, first: int, last: int) -> Floats:
        M, raw = self._empty(), self.raw
        if rows is not None and len(rows) and rows[-1] - rows[0] == len(rows) - 1:  # side by side
            first, last, rows = first + int(rows[0]), last + int(rows[0]), None
        how = self.target, origin.at, origin.e, origin.sigma, self.root, rows, first, last, M
        if self.problem.design.is_sparse:
            kernel.accumulate_sparse(raw.data, raw.indices, raw.indptr, *how)
        else:
            kernel.accumulate(raw, *how)
        return M


def _members(groups: Ints, n_groups: int) -> list[Ints]:
    """The rows of each group, in order."""
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.cumsum(np.bincount(groups, minlength=n_groups))[:-1])
