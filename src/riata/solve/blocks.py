"""The engine for penalties on blocks of coefficients and for losses of several linear predictors.

Group lasso, group elastic net and sparse group lasso with any loss; multi-response least squares and the multinomial
loss with rows of outputs or single entries penalised. Lanes walk the λ grid together and share passes over X.
"""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.solve.blocks_lane import BlockLane
from riata.solve.gathered import Gathered
from riata.solve.outcome import ROUNDING
from riata.solve.passes import BLOCK, FAR
from riata.solve.scaling import Scaling, scalings

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# Up to this many entries (16 MB) lanes have all columns gathered, and read and take in what they want by themselves.
WHOLE = 1 << 21


@dataclasses.dataclass(eq=False)
class BlockOutcome:
    """One lane's path on the caller's scale; with K outputs, coefficients have an axis more."""

    scaling: Scaling
    active: Ints  # (n_active,) increasing
    coef_active: Floats  # (n_active, n_lams), with K outputs (n_active, K, n_lams)
    intercept: Floats  # (n_lams,), with K outputs (K, n_lams)
    gap_rel: Floats  # (n_lams,)
    dev_ratio: Floats
    loss: Floats | None
    rounds: Ints


def block_scalings(problem: Problem, folds: Ints, n_folds: int) -> list[Scaling]:
    """Means and scales of every lane; the target plays no part in them."""
    factor = problem.penalty_factor
    if problem.groups is not None:
        closed = np.isinf(np.asarray(problem.groups.factor, np.float64))[problem.groups.index]
        factor = np.where(closed, np.inf, factor)
    plain = problem.replace(
        y=np.zeros(problem.n_samples),
        offset=np.zeros(problem.n_samples),
        loss=None,
        penalty_factor=factor,
        l1_ratio=1.0,
    )
    return scalings(plain, folds, int(folds.max()) + 1 if n_folds else 1)[: n_folds + 1]


class _Base:
    """The scale of the gathered columns: mean 0 and the penalty's unit."""

    def __init__(self, scaling: Scaling, standardize: bool):
        self.mean = scaling.mean
        self.norm = np.where(scaling.sd > 0, scaling.sd, 1.0) if standardize else np.ones_like(scaling.sd)


class BlocksEngine:
    """Lane 0 trains on all rows, lane k + 1 leaves out fold k."""

    name = "blocks of the working set"

    def __init__(
        self, problem: Problem, folds: Ints | None = None, n_folds: int = 0, tricks: dict[str, Any] | None = None,
        pool: ThreadPoolExecutor | None = None,
    ):  # fmt: skip
        tricks = tricks or {}
        self.pool, lock = pool, threading.Lock()
        folds = np.zeros(problem.n_samples, np.intp) if folds is None else folds
        scales = block_scalings(problem, folds, n_folds)
        base: Any = _Base(scales[0], problem.standardize)
        self.problem, self.scaling = problem, scales[0]
        centred = problem.fit_intercept
        self.gathered = Gathered(problem.design, base, np.ones(problem.n_samples), None, centred)
        if problem.n_samples * problem.n_features <= WHOLE and tricks.get("whole", True):
            self.gathered.need(np.arange(problem.n_features))
        weight = problem.sample_weight
        self.lanes = []
        for k, scaling in enumerate(scales):
            out = folds == k - 1 if k else None
            train = weight if out is None else np.where(out, 0.0, weight)
            held = None if out is None else np.where(out, weight, 0.0) / weight.sum()
            self.lanes.append(BlockLane(problem, scaling, self.gathered, train, held, tricks, lock))
        self.far = np.flatnonzero((np.abs(base.mean) > FAR * scales[0].norm) & ~scales[0].excluded)
        self.full_passes, self.partial_passes = 0, 0.0

    @property
    def factors(self) -> int:
        """Cholesky factors made, by all lanes."""
        return sum(lane.set_.factors for lane in self.lanes)

    @property
    def null_deviance(self) -> float:
        """Of the model without features, on all rows."""
        lane = self.lanes[0]
        return 0.0 if lane.trivial else lane.sigma**2

    # -- passes over X ---------------------------------------------------------------------------------------
    def correlate(self, lanes: list[BlockLane], cols: Ints | None) -> list[Floats]:
        """X'R for the residuals of some lanes: one product."""
        R = np.ascontiguousarray(np.vstack([lane.residual for lane in lanes]).T)
        C = self.problem.design.correlate(R, cols)
        far = self.far if cols is None else np.flatnonzero(np.isin(cols, self.far))
        if len(far):
            which = far if cols is None else cols[far]
            width = max(1, BLOCK // max(self.problem.n_samples, 1))
            mean = self.gathered.scaling.mean
            for start in range(0, len(which), width):
                some = which[start : start + width]
                block = self.problem.design.columns(some) - mean[some]
                C[far[start : start + width]] = block.T @ R + np.outer(mean[some], R.sum(axis=0))
        if cols is None:
            self.full_passes += 1
        else:
            self.partial_passes += len(cols) / self.problem.n_features
        return np.split(C, len(lanes), axis=1)

    def null_correlations(self) -> Floats:
        """Correlations (p, K) of every column with the residual of the model without penalised features."""
        lane = self.lanes[0]
        if lane.trivial:
            return np.zeros((self.problem.n_features, lane.K))
        c = lane.scaled(self.correlate([lane], None)[0])
        lane.track.c[:] = c.T
        lane.track.learn()
        return c

    def lam_max(self) -> float:
        """The smallest λ at which every penalised coefficient is zero."""
        return self.lanes[0].lam_max(self.null_correlations())

    # -- the walk --------------------------------------------------------------------------------------------
    def run(
        self, lams: Floats, goal: float, max_iter: int, score: Any = None, keep: bool = True,
    ) -> list[BlockOutcome]:  # fmt: skip
        """Solve at every λ of a decreasing grid, in every lane, to a gap of ``goal`` (the null model has ½)."""
        lams = np.ascontiguousarray(lams, np.float64)
        walks = [(lane, lane.walk(lams, goal, max_iter, score, keep or k == 0)) for k, lane in enumerate(self.lanes)]
        waiting = self._each([(lane, walk, None) for lane, walk in walks])
        while waiting := [entry for entry in waiting if entry[2] is not False]:
            waiting = self._serve(waiting)
        return [self._outcome(lane) for lane in self.lanes]

    def _serve(self, waiting: list[Any]) -> list[Any]:
        """One pass for all lanes that want one, and one for the columns that the others want."""
        out = []
        full = [entry for entry in waiting if entry[2] is None]
        part = [entry for entry in waiting if entry[2] is not None]
        if full:
            C = self.correlate([entry[0] for entry in full], None)
            out += [(lane, walk, c) for (lane, walk, _), c in zip(full, C, strict=True)]
        if part:
            union = part[0][2] if len(part) == 1 else np.unique(np.concatenate([entry[2] for entry in part]))
            C = self.correlate([entry[0] for entry in part], union)
            for (lane, walk, cols), c in zip(part, C, strict=True):
                out.append((lane, walk, c if len(part) == 1 else c[np.searchsorted(union, cols)]))
        return self._each(out)

    def _each(self, sent: list[Any]) -> list[Any]:
        """Every lane goes on by itself with what it is sent, until it wants columns; False where it has ended."""
        if self.pool is None or len(sent) == 1:
            return [_next(*entry) for entry in sent]
        return list(self.pool.map(lambda entry: _next(*entry), sent))

    def _outcome(self, lane: BlockLane) -> BlockOutcome:
        """Undo the scaling: w = σu/t, and b from where columns are centred."""
        track, K, free, scaling = lane.track, lane.K, lane.layout.free, lane.scaling
        features, outs, u = track.points
        L, first = len(track.gaps), int(lane.intercept)
        B = track.B.reshape(L, K, -1)
        active = np.unique(np.concatenate([free, features])).astype(np.intp)
        coef, level = np.zeros((len(active), K, L)), np.zeros((K, L))
        at = np.repeat(np.arange(L), np.diff(track.ends, prepend=0))
        coef[np.searchsorted(active, features), outs, at] = u * lane.sigma / lane.unit[features]
        coef[np.searchsorted(active, free)] = (B[:, :, first:] / scaling.norm[free]).transpose(2, 1, 0)
        if lane.intercept:
            mean = np.where(np.isin(active, free), scaling.mean[active], self.gathered.scaling.mean[active])
            level = B[:, :, 0].T - np.einsum("j,jkl->kl", mean, coef)
        gaps = 2.0 * track.gaps
        if not lane.trivial:
            gaps = gaps + ROUNDING * (1.0 + track.length)
        if K == 1:
            coef, level = coef[:, 0], level[0]
        loss = lane.loss if lane.held is not None else None
        square = np.zeros(L) if lane.trivial else 1.0 - track.square
        return BlockOutcome(scaling, active, coef, level, gaps, square, loss, track.rounds)


def _next(lane: BlockLane, walk: Any, value: Floats | None) -> tuple[BlockLane, Any, Any]:
    try:
        return lane, walk, walk.send(value)
    except StopIteration:
        return lane, walk, False
