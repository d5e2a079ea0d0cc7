"""The engine for problems whose Gram matrix fits: one product over the rows of each fold, then no more data.

With A = root ∘ [(X − m)/d, (y − ȳ)/σ, 1] on the scaling of the full data, fold f contributes A_f'A_f. Their sum serves
all rows; leaving one out serves that fold's training set, and the left-out block is all that its held-out squared
error needs. Every lane then walks the whole λ grid in one compiled call.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.kernels import gram as gram_kernel
from riata.solve.outcome import Outcome, outcome
from riata.solve.scaling import CANCELS, Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

ROW_BLOCK = 1 << 22  # bytes of one block of rows in float64: stays in cache while it is scaled and multiplied
# With fewer features a lane is done before a thread has started.
THREADED = 30
KEEP_BYTES = 1 << 26  # fold blocks are kept up to here, and computed again beyond


class MomentsEngine:
    """Lanes on Gram matrices of all features. Lane 0 trains on all rows, lane k + 1 leaves out fold k."""

    name = "gram of all features"

    def __init__(
        self, problem: Problem, scales: list[Scaling], groups: Ints, n_folds: int, pool: ThreadPoolExecutor | None
    ):
        self.pool = pool
        self.problem, self.scales, self.groups, self.n_folds = problem, scales, groups, n_folds
        self.total_weight = float(problem.sample_weight.sum())
        self.p = problem.n_features
        self.full_passes = 1
        self.partial_passes = 0.0
        keep = (n_folds + 1) * (self.p + 2) ** 2 * 8 <= KEEP_BYTES
        self._kept: list[Floats | None] = [None] * n_folds
        self._total = np.zeros((self.p + 2, self.p + 2), order="F")
        for f in range(max(n_folds, 1)):
            block = self._fold_block(f)
            self._total += block
            if n_folds and keep:
                self._kept[f] = block
        if n_folds:
            self._total += self._rows_block(np.flatnonzero(groups == n_folds))  # rows that are never held out

    def _fold_block(self, f: int) -> Floats:
        if self.n_folds == 0:
            return self._rows_block(None)
        kept = self._kept[f]
        return kept if kept is not None else self._rows_block(np.flatnonzero(self.groups == f))

    def _rows_block(self, rows: Ints | None, s: Scaling | None = None) -> Floats:
        """A'A over some rows (all: None), block by block, weights normalised to one over all rows."""
        s = s or self.scales[0]
        out = np.zeros((self.p + 2, self.p + 2), order="F")
        n = self.problem.n_samples if rows is None else len(rows)
        height = max(64, ROW_BLOCK // (8 * (self.p + 2)))
        sigma = s.y_norm if s.y_norm > 0 else 1.0
        for start in range(0, n, height):
            part = slice(start, min(n, start + height)) if rows is None else rows[start : start + height]
            A = np.empty((n - start if n - start < height else height, self.p + 2))
            root = np.sqrt(self.problem.sample_weight[part] / self.total_weight)
            X = self.problem.design.raw[part] if not self.problem.design.is_sparse else self.problem.design.rows(part)
            np.subtract(X, s.mean, out=A[:, : self.p])
            A[:, : self.p] /= s.norm
            A[:, self.p] = (self.problem.y[part] - self.problem.offset[part] - s.y_mean) / sigma
            A[:, self.p + 1] = 1.0
            A *= root[:, None]
            out += A.T @ A
        return out

    def scaling(self) -> Scaling:
        return self.scales[0]

    # -- lanes -----------------------------------------------------------------------------------------------
    def lane(self, k: int) -> tuple[Floats, Floats]:
        """(G, q) of lane k on its own canonical scale."""
        s, base, p = self.scales[k], self.scales[0], self.p
        if k == 0:
            G = np.array(self._total[:p, :p], order="F")
            q = self._total[:p, p].copy()
        elif np.max(np.where(s.excluded, 0.0, base.norm / s.norm), initial=0.0) > CANCELS:
            M = self._rows_block(np.flatnonzero(self.groups != k - 1), s)
            M /= M[p + 1, p + 1]
            G, q = np.asfortranarray(M[:p, :p]), M[:p, p].copy()
        else:
            held = self._fold_block(k - 1)
            M = self._total - held
            share = M[p + 1, p + 1]
            ratio = np.where(s.excluded, 0.0, base.norm / s.norm)
            scale = base.y_norm / s.y_norm if s.y_norm > 0 else 0.0
            mean = M[:p, p + 1] * ratio / share if self.problem.fit_intercept else np.zeros(p)
            q = M[:p, p] * (ratio * scale / share) - mean * (M[p, p + 1] * scale / share)
            G = np.array(M[:p, :p].T, order="F")  # symmetric: the transpose is the same matrix, without a strided copy
            G *= (ratio / share)[:, None]
            G *= ratio
            G -= mean[:, None] * mean
        np.fill_diagonal(G, 1.0)
        return G, q

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
        lanes = range(1 + self.n_folds)

        def one(k: int) -> Outcome:
            return self._run_lane(k, lams, goal, max_iter, measure, start)

        return [one(k) for k in lanes] if self.pool is None or self.p < THREADED else list(self.pool.map(one, lanes))

    def _run_lane(
        self, k: int, lams: Floats, goal: float, max_iter: int, measure: str | None, start: Floats | None
    ) -> Outcome:
        s, L = self.scales[k], len(lams)
        U, gaps, rounds = np.zeros((self.p, L), order="F"), np.zeros(L), np.zeros(L, np.int32)
        deviance = np.zeros(L)
        if s.y_norm > 0:
            G, q = self.lane(k)
            u = np.zeros(self.p) if start is None else s.to_unit(start)
            gram_kernel.path_gram(
                G, q, 1.0, lams / s.y_norm, lams, s.a, s.b, s.lo, s.up, u, U, gaps, rounds, goal, max_iter
            )
            deviance = 2.0 * (q @ U) - np.einsum("jl,jl->l", U, G @ U)
        loss = self._held_loss(k, U) if k and measure else None
        active = np.flatnonzero(U.any(axis=1))
        return outcome(s, active, U[active], np.abs(U).sum(axis=0), 2.0 * gaps, deviance, loss, np.abs(rounds))

    def _held_loss(self, k: int, U: Floats) -> Floats:
        """Mean squared error of lane k on its held-out rows, from that fold's block alone.

        With β the coefficients on the full data's scale, extended by −1 for the target and by the intercept, the
        residual is −Aβ and the loss β'(A_f'A_f)β / weight.
        """
        s, base, p = self.scales[k], self.scales[0], self.p
        block = self._fold_block(k - 1)
        weight = block[p + 1, p + 1]
        if weight <= 0:
            return np.full(U.shape[1], np.nan)
        sigma = base.y_norm if base.y_norm > 0 else 1.0
        beta = np.empty((p + 2, U.shape[1]))
        beta[:p] = U * ((s.y_norm / sigma) * base.norm / s.norm)[:, None]
        beta[p] = -1.0
        # the lane's mean prediction sits at its own means, the block at the full data's
        shift = ((base.mean - s.mean) / base.norm) @ beta[:p] if self.problem.fit_intercept else 0.0
        beta[p + 1] = (s.y_mean - base.y_mean) / sigma + shift
        return np.maximum(np.einsum("il,il->l", beta, block @ beta), 0.0) / weight * sigma**2
