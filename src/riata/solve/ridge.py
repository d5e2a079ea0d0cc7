"""The engine for a pure ridge with more features than rows: the n×n side, and one eigendecomposition per lane.

With no L1 part and no bounds, minimise ½‖ỹ − ζu‖² + ½ λ Σ bⱼuⱼ². Put K = ζ B⁻¹ ζᵀ = Q Λ Qᵀ (n×n); then

    u(λ) = B⁻¹ ζᵀ a(λ),   a(λ) = Q (Λ + λ)⁻¹ Qᵀ ỹ        (Hoerl & Kennard 1970; the dual form of Saunders et al. 1998)

for all λ at once. Every column counts, so working sets would only add up to all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.solve.outcome import Outcome, outcome
from riata.solve.scaling import Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

BLOCK = 1 << 21  # entries of one block of standardised columns


def is_ridge(problem: Problem) -> bool:
    """Whether this engine applies: squares, no L1 part, nothing unpenalised, no bounds, more features than rows."""
    n, p = problem.design.shape
    unbounded = np.all(np.isneginf(problem.lower)) and np.all(np.isposinf(problem.upper))
    plain = problem.loss is None and problem.l1_ratio == 0.0 and np.all(problem.penalty_factor > 0)
    return bool(plain and p > n and unbounded)


class RidgeEngine:
    """Lane 0 trains on all rows, lane k + 1 leaves out fold k."""

    name = "ridge by the eigenvalues of XX'"

    def __init__(
        self, problem: Problem, scales: list[Scaling], groups: Ints, n_folds: int, pool: ThreadPoolExecutor | None
    ):
        self.problem, self.scales, self.groups, self.n_folds, self.pool = problem, scales, groups, n_folds, pool
        self.full_passes = 2
        self.factors = 1 + n_folds  # one eigendecomposition for each lane
        self.partial_passes = 0.0

    def scaling(self) -> Scaling:
        return self.scales[0]

    def _rows(self, k: int) -> NDArray[np.bool_]:
        held = self.groups == k - 1 if k else np.zeros(self.problem.n_samples, bool)
        return ~held & (self.problem.sample_weight > 0)

    def _lane(self, k: int) -> tuple[Scaling, NDArray[np.bool_], Floats, Floats]:
        """Scaling, training rows, root of their normalised weights, and the target ỹ on them."""
        s, rows = self.scales[k], self._rows(k)
        weight = self.problem.sample_weight[rows]
        root = np.sqrt(weight / weight.sum())
        target = (self.problem.y - self.problem.offset)[rows] - s.y_mean
        return s, rows, root, root * target / (s.y_norm or 1.0)

    def _blocks(self, s: Scaling) -> Iterator[tuple[Ints, Floats]]:
        """Standardised columns, some at a time; excluded ones are left out."""
        cols = np.flatnonzero(~s.excluded)
        width = max(1, BLOCK // self.problem.n_samples)
        for start in range(0, len(cols), width):
            some = cols[start : start + width]
            block = self.problem.design.columns(some)
            block -= s.mean[some]
            block /= s.norm[some]
            yield some, block

    def null_correlations(self) -> Floats:
        s, rows, root, target = self._lane(0)
        c = np.zeros(self.problem.n_features)
        for some, block in self._blocks(s):
            c[some] = block[rows].T @ (root * target)
        return c

    def run(
        self,
        lams: Floats,
        goal: float,
        max_iter: int,
        measure: str | None,
        start: Floats | None = None,
        keep: bool = True,
    ) -> list[Outcome]:
        del goal, max_iter, start, keep  # one exact solve: nothing to iterate

        def one(k: int) -> Outcome:
            return self._run_lane(k, lams, measure)

        lanes = range(1 + self.n_folds)
        return [one(k) for k in lanes] if self.pool is None else list(self.pool.map(one, lanes))

    def _run_lane(self, k: int, lams: Floats, measure: str | None) -> Outcome:
        s, rows, root, target = self._lane(k)
        K = np.zeros((len(target), len(target)))
        for some, block in self._blocks(s):
            Z = root[:, None] * block[rows]
            K += (Z / s.b[some]) @ Z.T
        values, Q = np.linalg.eigh(K)
        values = np.maximum(values, 0.0)
        flat = values <= len(target) * np.finfo(np.float64).eps * max(values[-1], 1e-300)
        with np.errstate(divide="ignore", invalid="ignore"):
            shrink = np.where(flat[:, None], 0.0, 1.0 / (values[:, None] + lams))  # λ = 0: least norm
        dual = Q @ (shrink * (Q.T @ target)[:, None])
        residual = target[:, None] - K @ dual
        u, gaps, c = self._primal(s, rows, root, dual, residual, lams)
        deviance = 1.0 - np.einsum("il,il->l", residual, residual)
        result = outcome(s, c, u, np.abs(u).sum(axis=0), gaps, deviance, None, np.ones(len(lams), np.intp))
        if k and measure:
            result.loss = self._held_loss(k, result, measure)
        return result

    def _primal(
        self, s: Scaling, rows: NDArray[np.bool_], root: Floats, dual: Floats, residual: Floats, lams: Floats
    ) -> tuple[Floats, Floats, Ints]:
        """u = B⁻¹ζᵀa, and the gap Σ (c − λbu)²/(2λb), relative to the null model's ½; c = ζᵀr measured."""
        cols = np.flatnonzero(~s.excluded)
        u, gaps, at = np.empty((len(cols), len(lams))), np.zeros(len(lams)), 0
        for some, block in self._blocks(s):
            Z = root[:, None] * block[rows]
            b = s.b[some][:, None]
            part = (Z.T @ dual) / b
            off = Z.T @ residual - lams * b * part
            with np.errstate(divide="ignore", invalid="ignore"):
                gaps += np.where(lams > 0, np.einsum("jl,jl->l", off, off / b) / lams, 0.0)
            u[at : at + len(some)] = part
            at += len(some)
        # λ = 0: the dual point must vanish on the span of the columns, and what is left of the residual there is lost
        gaps = np.where(lams > 0, gaps, np.einsum("il,il->l", residual, residual))
        return u, gaps, cols

    def _held_loss(self, k: int, result: Outcome, measure: str) -> Floats:
        rows = np.flatnonzero(self.groups == k - 1)
        weight = self.problem.sample_weight[rows]
        if weight.sum() <= 0:
            return np.full(len(result.intercept), np.nan)
        fit = np.zeros((len(rows), len(result.intercept))) + result.intercept
        width = max(1, BLOCK // self.problem.n_samples)
        for start in range(0, len(result.active), width):
            some = result.active[start : start + width]
            fit += self.problem.design.columns(some)[rows] @ result.coef_active[start : start + width]
        error = (self.problem.y - self.problem.offset)[rows, None] - fit
        return weight @ (error**2 if measure == "mse" else np.abs(error)) / weight.sum()
