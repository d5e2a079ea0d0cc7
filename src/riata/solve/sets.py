"""The engine for everything else: working sets, and lanes that share passes over X."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.kernels import gram as gram_kernel
from riata.solve.gathered import Gathered
from riata.solve.lane import Lane
from riata.solve.newton import NewtonInner
from riata.solve.outcome import Outcome
from riata.solve.passes import OneCopy, Passes
from riata.solve.quadratic import GramInner
from riata.solve.residual import ResidualInner
from riata.solve.scaling import Scaling
from riata.solve.sparse_newton import SparseNewtonInner, pulling, suits
from riata.solve.walk import Walk

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# Sparse columns are gathered densely while n is at most this; beyond, descent runs on the sparse residual ...
DENSE_ROWS = 2000
# ... and where n² is at least this many times the entries of a column: factors cost the support squared or cubed, steps
# on the residual its entries (100 λ; random columns, n from 200 to 2000: even at 10 entries for 500 rows, 25 for 1000).
# With folds, whose Gram matrices do not fit into the cache together; for one path, twice that (dorothea).
SHORT_SHARE = 40_000
# The same for losses by rows with more features than `sparse_newton.FEW`, with the rows that pull (see there) in the
# place of n, and with folds or without: no two lanes share a Gram matrix (binomial and Poisson, random columns, 500 to
# 2000 rows, classes even or one in ten: equal between 10 000 and 20 000; dorothea, at 9 600, twice as fast with it).
SHORT_SHARE_OF_LOSS = 16_000
# What the Gram matrices of all lanes may take: this much, and this share of the data. Beyond, lanes go in turn.
GRAM_BYTES, GRAM_SHARE = 32e6, 0.05


class SetsEngine:
    """Lane 0 trains on all rows, lane k + 1 leaves out fold k; rows are kept in fold order."""

    def __init__(
        self,
        problem: Problem,
        scales: list[Scaling],
        groups: Ints,
        n_folds: int,
        pool: ThreadPoolExecutor | None,
        tricks: dict[str, Any],
        copy: OneCopy | None = None,
    ):
        self.problem = problem
        design, base = problem.design, scales[0]
        weight = problem.sample_weight / problem.sample_weight.sum()
        order = np.argsort(groups, kind="stable").astype(np.intp) if n_folds else None
        root = np.sqrt(weight if order is None else weight[order])
        held = self._slices(groups, n_folds)
        matrix_free = tricks.get("matrix_free", True) and design.is_sparse and suits(problem)
        matrix_free = matrix_free and self._short_columns(problem, base, n_folds)
        self.name = "descent on the sparse residual" if matrix_free else "gram of the working set"
        gathered, fast = None, tricks.get("compiled_loss", True)
        if problem.loss is not None and matrix_free:
            self.name = "newton on the sparse predictor"
        elif problem.loss is not None:
            self.name = "newton on the working set"
            gathered = Gathered(design, base, np.ones_like(root), order, problem.fit_intercept)
        elif not matrix_free:
            gathered = Gathered(design, base, root, order, problem.fit_intercept)
        lanes, shares = [], {}
        for scaling, out in zip(scales, held, strict=True):
            if problem.loss is not None and gathered is None:
                inner: Any = SparseNewtonInner(problem, scaling, root, order, out, tricks)
            elif problem.loss is not None:
                assert gathered is not None
                scored = tricks.get("compiled_score", True)
                inner = NewtonInner(problem, gathered, scaling, root, order, out, fast, scored)
            elif gathered is None:
                inner = ResidualInner(problem, scaling, self._target(scaling, root, order), root, order, out, tricks)
            else:
                inner = GramInner(gathered, scaling, self._target(scaling, root, order), out)
            shares[id(scaling)] = inner.share
            lanes.append(Lane(problem, scaling, inner, tricks.get("span", True)))
        self.passes = Passes(design, root, order, base, shares)
        if tricks.get("own_reads", True):
            self._read_alone(lanes, order)
        budget = tricks.get("budget", GRAM_BYTES + GRAM_SHARE * design.nbytes)
        coarse = tricks.get("coarse", True) and not design.is_sparse
        self.walk = Walk(lanes, gathered, self.passes, pool, budget, coarse, tricks.get("apart", True))
        self._look_first(copy)
        if gathered is not None and tricks.get("own_entries", True):
            self._enter_alone(gathered.store, order)

    def _look_first(self, copy: OneCopy | None) -> None:
        """Lanes look at a copy of X that engines share; not where columns are far from 0 (each has its own)."""
        if copy is not None and self.walk.affords_copy() and not len(self.passes.far):
            self.walk.share(copy.of(self.passes))

    def _read_alone(self, lanes: list[Lane], order: Ints | None) -> None:
        """Lanes read single columns themselves where those lie in memory as they are needed."""
        raw = self.problem.design.raw
        if self.problem.design.is_sparse:
            if raw.indices.dtype == raw.indptr.dtype == np.intc and not len(self.passes.far):
                for lane in lanes:
                    lane.track.reads.own_sparse(raw.data, raw.indices, raw.indptr, order)
            return
        if self._as_needed() and not len(self.passes.far):
            for lane in lanes:
                lane.track.reads.own(raw, order)

    def _enter_alone(self, store: gram_kernel.Store, order: Ints | None) -> None:
        """Lanes gather newcomers themselves where those lie in memory as they are needed."""
        if self._as_needed():
            store.own(self.problem.design.raw, order)

    def _as_needed(self) -> bool:
        raw = self.problem.design.raw
        return not self.problem.design.is_sparse and raw.dtype == np.float64 and bool(raw.flags.f_contiguous)

    @staticmethod
    def _short_columns(problem: Problem, base: Scaling, n_folds: int) -> bool:
        """Whether steps on the sparse residual will cost less than Gram matrices and their factors."""
        (n, p), entries = problem.design.shape, problem.design.raw.nnz
        if n > DENSE_ROWS:
            return True
        if problem.loss is None:
            return (1 if n_folds else 2) * SHORT_SHARE * entries <= n * n * p
        return SHORT_SHARE_OF_LOSS * entries <= pulling(problem, base) ** 2 * p

    @staticmethod
    def _slices(groups: Ints, n_folds: int) -> list[slice | None]:
        ends = np.cumsum(np.bincount(groups, minlength=max(n_folds, 1)))[:n_folds]
        starts = [0, *ends[:-1]] if n_folds else []
        return [None] + [slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]

    def _target(self, scaling: Scaling, root: Floats, order: Ints | None) -> Floats:
        y = self.problem.y - self.problem.offset
        y = (y if order is None else y[order]) - scaling.y_mean
        return root * (y / (scaling.y_norm or 1.0))

    def scaling(self) -> Scaling:
        return self.walk.lanes[0].scaling

    @property
    def full_passes(self) -> int:
        return self.passes.full_count

    @property
    def partial_passes(self) -> float:
        alone = sum(lane.track.reads.count for lane in self.walk.lanes)
        return self.passes.partial_count + alone / self.problem.n_features

    @property
    def factors(self) -> int:
        """Cholesky factors made from scratch, by all lanes."""
        return sum(lane.inner.factors for lane in self.walk.lanes)

    def null_correlations(self) -> Floats:
        """Correlations of every column with the residual of the model that holds only unpenalised features."""
        lane = self.walk.lanes[0]
        if lane.trivial:
            return np.zeros(self.problem.n_features)
        free = np.flatnonzero((self.problem.penalty_factor == 0) & ~lane.scaling.excluded)
        self.walk.enter([(lane, free)])
        lane.inner.solve(0.0, 0.0, 1e-12, 1000)
        c = self.passes.full([lane.inner.train], [lane.scaling])[0]
        lane.track.learn(c)
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
        if start is not None:
            self._begin_at(start)
        self.walk.run(lams, goal, max_iter, measure, keep)
        return [lane.outcome() for lane in self.walk.lanes]

    def _begin_at(self, start: Floats) -> None:
        """Every lane starts from these coefficients (caller's scale)."""
        lanes = [lane for lane in self.walk.lanes if not lane.trivial]
        places = [lane.scaling.to_unit(start) for lane in lanes]
        self.walk.enter([(lane, np.flatnonzero(u)) for lane, u in zip(lanes, places, strict=True)])
        for lane, u in zip(lanes, places, strict=True):
            lane.inner.begin(u)
