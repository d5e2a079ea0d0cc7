"""The engine for problems whose Gram matrix fits: one product over the rows of each fold, then no more data.

Sums over each fold (:mod:`riata.solve.sums`) add up to those of all rows; leaving one out serves that fold's training
set, and the left-out block is all that its held-out squared error needs. Every lane then walks the whole λ grid in one
compiled call.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.kernels import gram as gram_kernel
from riata.kernels import moments as kernel
from riata.kernels import scaling as scaling_kernel
from riata.solve.at_once import at_once
from riata.solve.outcome import Outcome, outcome
from riata.solve.scaling import CANCELS, Scaling
from riata.solve.sums import Sums, halves

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# With fewer features a lane is done before a thread has started.
THREADED = 30
KEEP_BYTES = 1 << 26  # fold blocks are kept up to here or to this many times the data, and computed again beyond
KEEP_SHARE = 1.25


def side_by_side(n_samples: int, n_features: int, n_folds: int) -> int:
    """How many pieces of the work are worth threads of their own."""
    parts = halves(n_samples, n_features)
    if n_folds == 0:
        return parts
    return n_folds + 1 if n_features >= THREADED or parts > 1 else 1


class MomentsEngine:
    """Lanes on Gram matrices of all features. Lane 0 trains on all rows, lane k + 1 leaves out fold k."""

    name = "gram of all features"

    def __init__(
        self, problem: Problem, groups: Ints, n_folds: int, pool: ThreadPoolExecutor | None, tricks: dict[str, Any]
    ):
        self.pool = pool
        self.problem, self.n_folds = problem, n_folds
        self.p = problem.n_features
        self.full_passes = 1
        self.ahead = tricks.get("foretell", True)
        self.partial_passes = 0.0
        self._only: tuple[Floats, Floats] | None = None  # (G, q) of the one lane without folds
        self._factors = [0] * (n_folds + 1)  # of each lane: lanes may run side by side
        one_pass = tricks.get("one_pass", True)
        found = at_once(problem) if n_folds == 0 and one_pass and tricks.get("at_once", True) else None
        if found is not None:
            self.scales, self._only = [found[0]], found[1:]
            return
        keep = max(KEEP_BYTES, KEEP_SHARE * problem.design.nbytes)
        self.sums = Sums(problem, groups, n_folds, pool, keep, one_pass)
        self.scales = self.sums.scales

    @property
    def factors(self) -> int:
        """Cholesky factors made from scratch, by all lanes."""
        return sum(self._factors)

    def scaling(self) -> Scaling:
        return self.scales[0]

    # -- lanes -----------------------------------------------------------------------------------------------
    def lane(self, k: int) -> tuple[Floats, Floats]:
        """(G, q) of lane k on its own canonical scale."""
        if self._only is not None:
            return self._only
        s, p, origin = self.scales[k], self.p, self.sums.origin
        held = None
        if self.n_folds:
            G, total = np.empty((p, p), order="F"), self.sums.total
        else:  # where the sums were: nobody needs them again
            total = self.sums.hand_over()
            G = total.ravel("F")[: p * p].reshape(p, p, order="F")
        if k and np.count_nonzero((self.scales[0].norm > CANCELS * s.norm) & ~s.excluded):
            total, origin = self.sums.without(k - 1, s)
        elif k:
            held = self.sums.block(k - 1)
        q = np.empty(p)
        sigma = origin.sigma / s.y_norm if s.y_norm > 0 else 0.0
        excluded = s.excluded.view(np.uint8)
        kernel.canonical(total, held, origin.e, sigma, s.norm, excluded, self.problem.fit_intercept, G, q)
        if not self.n_folds:
            self._only = G, q
        return G, q

    def weigh(self, factor: Floats) -> None:
        """New penalty factors for the lane on all rows, for a lasso without a ridge part; what is excluded stays so."""
        s = self.scales[0]
        unit = s.sd / s.norm if self.problem.standardize else 1.0 / s.norm
        s.a[:] = np.where(s.excluded, np.inf, factor * unit)

    def null_correlations(self) -> Floats:
        """Correlations of every column with the residual of the model that holds only unpenalised features."""
        G, q = self.lane(0)
        free = np.flatnonzero((self.problem.penalty_factor == 0) & ~self.scales[0].excluded)
        if len(free):
            u, c = np.zeros(len(free)), q[free].copy()
            zero, s = np.zeros(len(free)), self.scales[0]
            block = np.asfortranarray(G[np.ix_(free, free)])
            gram_kernel.Workspace().solve(block, len(free), u, c, 1.0, zero, zero, s.lo[free], s.up[free], 1e-12, 1000)
            q = q - G[:, free] @ u
        return q

    def run(
        self,
        lams: Floats,
        goal: float,
        max_iter: int,
        measure: str | None,
        start: Floats | None = None,
        keep: bool = True,
    ) -> list[Outcome]:
        if not self.n_folds:
            return [self._run_lane(0, lams, goal, max_iter, measure, start, True)]
        lanes = range(1 + self.n_folds)

        def one(k: int) -> Outcome:
            return self._run_lane(k, lams, goal, max_iter, measure, start, keep or k == 0)

        return [one(k) for k in lanes] if self.pool is None or self.p < THREADED else list(self.pool.map(one, lanes))

    def _run_lane(
        self, k: int, lams: Floats, goal: float, max_iter: int, measure: str | None, start: Floats | None, keep: bool
    ) -> Outcome:
        s, L = self.scales[k], len(lams)
        U, rounds = np.zeros((self.p, L), order="F"), np.zeros(L, np.int32)
        found = np.zeros((3, L))
        if s.y_norm > 0:
            G, q = self.lane(k)
            if start is not None:
                U[:, 0] = s.to_unit(start)
            self._factors[k] = gram_kernel.path_gram(
                G, q, 1.0, lams, s.y_norm, s.a, s.b, s.lo, s.up, U, found, rounds, goal, max_iter, self.ahead
            )
        gaps, deviance, length = found
        loss = self._held_loss(k, U) if k and measure else None
        active = np.empty(self.p if keep else 0, np.intp)
        if keep:
            active = active[: scaling_kernel.ever(U, active)]
        return outcome(s, active, U, length, gaps, deviance, loss, rounds)

    def _held_loss(self, k: int, U: Floats) -> Floats:
        """Mean squared error of lane k on its held-out rows, from that fold's block alone.

        With β the coefficients on the scale of the sums, extended by −1 for the target and by the intercept, the
        residual is −Aβ and the loss β'(A_f'A_f)β / weight.
        """
        s, origin, p = self.scales[k], self.sums.origin, self.p
        block = self.sums.block(k - 1)
        weight = block[p + 1, p + 1]
        if weight <= 0:
            return np.full(U.shape[1], np.nan)
        e = 1.0 if origin.e is None else origin.e
        # the lane's mean prediction sits at its own means, the block at the common origin
        shift = (origin.m - s.mean) / e if self.problem.fit_intercept else np.zeros(p)
        loss = np.empty(U.shape[1])
        scale = e / s.norm * (s.y_norm / origin.sigma)
        kernel.squared_error(block, U, scale, shift, (s.y_mean - origin.c) / origin.sigma, loss)
        return loss / weight * origin.sigma**2
