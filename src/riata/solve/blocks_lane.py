"""One training set of a problem with blocks on its way down the λ grid.

As :mod:`riata.solve.lane`, with blocks in the place of features and K linear predictors. A lane is a generator: it
yields the columns whose correlations it wants (None for all of them) and is sent them, so that one pass over X serves
every fold.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.kernels import blocks as kernel
from riata.solve.blocks_layout import Layout, layout
from riata.solve.gathered import Gathered
from riata.solve.held import HeldOut
from riata.solve.scaling import Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# Beyond this share of open columns a full pass costs less than reading them, and it feeds the span.
READ_SHARE = 0.4
# Blocks are taken in ahead where their foreseen length comes this close to its limit, in shares of the step in λ.
EAGER = 0.25
# A working set of at least SMALL blocks lets those go that are zero and further from entering than NEAR steps in λ,
# where no more than the share CROWDED of it would stay.
SMALL, NEAR, CROWDED = 24, 1.0, 0.8
NO_S = np.zeros(0)


def compiled(loss: Any, problem: Problem, allowed: bool = True) -> Any:
    """The loss as the solver calls it."""
    n = problem.n_samples
    if loss is None:
        return kernel.SquareOutputs(np.ascontiguousarray(problem.y), n, 1)
    name, K = loss.name, loss.n_outputs
    if not allowed:
        return kernel.OutsideOutputs(loss, n, K)
    if name in ("gaussian", "multigaussian"):
        return kernel.SquareOutputs(_by_output(loss.y), n, K)
    if name == "multinomial":
        return kernel.SoftmaxOutputs(_by_output(loss.y), n, K)
    rows = {"binomial": kernel.BinomialLoss, "poisson": kernel.PoissonLoss, "huber": kernel.HuberLoss}.get(name)
    if rows is None:
        return kernel.OutsideOutputs(loss, n, K)
    y = np.ascontiguousarray(loss.y, np.float64)
    return kernel.PlainOutputs(rows(y, loss.delta) if name == "huber" else rows(y), n)


def _by_output(y: Floats) -> Floats:
    return np.ascontiguousarray(y.T, np.float64).reshape(-1)


def null_model(problem: Problem, s: Floats, intercept: bool) -> tuple[Floats, float, float]:
    """(intercept (K,), smallest value of the loss, σ) of the model without features on rows of weight s, Σs = 1."""
    loss = problem.loss
    if loss is None:
        y = problem.y - problem.offset
        b = float(s @ y) if intercept else 0.0
        return np.array([b]), 0.0, float(np.sqrt(s @ (y - b) ** 2))
    b, value = loss.null(problem.offset, s, intercept)
    low = loss.saturated(s)
    gap = value - low
    if gap <= 8 * np.finfo(float).eps * (abs(value) + abs(low)):
        gap = 0.0
    return np.atleast_1d(np.asarray(b, np.float64)), low, float(np.sqrt(2.0 * gap))


class BlockLane:
    """Working set, proof that nothing outside it matters, and results of one training set."""

    def __init__(
        self, problem: Problem, scaling: Scaling, gathered: Gathered, weight: Floats, held: Floats | None,
        tricks: dict[str, Any], lock: Any,
    ):  # fmt: skip
        self.problem, self.scaling, self.gathered, self.lock = problem, scaling, gathered, lock
        self.s, self.held = weight / weight.sum(), held  # (n,): held out, as shares of the weight of all rows
        self.tested: HeldOut | None = None  # once it is asked for
        loss = problem.loss
        self.K = K = 1 if loss is None else loss.n_outputs
        self.unit = scaling.sd if problem.standardize else np.ones(problem.n_features)
        self.unit = np.where(scaling.excluded, 1.0, self.unit)
        self.ratio = gathered.scaling.norm / self.unit
        self.layout: Layout = layout(problem, scaling.excluded, K)
        self.intercept = problem.fit_intercept and (loss is None or loss.has_intercept)
        b, floor, self.sigma = null_model(problem, self.s, self.intercept)
        self.trivial = self.sigma == 0.0
        self.sigma = self.sigma or 1.0
        self.Phi = self._free_columns()
        B = np.zeros((K, self.Phi.shape[1]))
        if self.intercept:
            B[:, 0] = b
        offset = np.array(np.broadcast_to(problem.offset.T, (K, problem.n_samples)), np.float64).reshape(-1)
        rowwise = not self.layout.by_entry
        made = compiled(loss, problem, tricks.get("compiled_loss", True))
        self.set_ = kernel.BlockSet(
            made, self.s, offset, self.Phi, B.reshape(-1), floor, self.sigma,
            made.kind == 0 and K > 1 and rowwise and tricks.get("kronecker", True), len(self.layout.s) > 0,
        )  # fmt: skip
        self.root = np.where(self.s > 0, np.sqrt(self.s), 1.0) * self.sigma
        self.blocks = np.zeros(0, np.intp)  # in W, in its order
        self.limit = np.where(self.trivial, np.inf, self.layout.l1)
        size = np.where(scaling.excluded, 0.0, scaling.norm / self.unit)
        self.use_span = tricks.get("span", True)
        self.proof = kernel.Proof(
            problem.n_samples, problem.n_features, K, self.layout.first, self.layout.listed, self.layout.by_entry, size
        )

    def _free_columns(self) -> Floats:
        """Φ: ones for the intercept, and the columns without penalty."""
        free, scaling = self.layout.free, self.scaling
        block = (self.problem.design.columns(free) - scaling.mean[free]) / scaling.norm[free]
        ones = np.ones((self.problem.n_samples, int(self.intercept)))
        return np.asfortranarray(np.hstack([ones, block]))

    # -- correlations ----------------------------------------------------------------------------------------
    @property
    def residual(self) -> Floats:
        """−gradient (K, n)."""
        return np.asarray(self.set_.r).reshape(self.K, -1)

    def scaled(self, C: Floats, cols: Ints | slice = slice(None)) -> Floats:
        """Correlations of ζ from X'R (p, K)."""
        C = C - np.outer(self.scaling.mean[cols], self.residual.sum(axis=1))
        C /= (self.unit[cols] * self.sigma)[:, None]
        C[self.scaling.excluded[cols]] = 0.0
        return C

    def lengths(self, c: Floats, lam1: float) -> Floats:
        """Dual length (n_blocks,) of every block, its s at λ."""
        out, lay = np.empty(self.layout.n_blocks), self.layout
        s = lam1 * lay.s if len(lay.s) else NO_S
        kernel.block_lengths(np.ascontiguousarray(c), lay.first, lay.listed, lay.by_entry, s, out)
        return out

    def lam_max(self, c: Floats) -> float:
        """The smallest λ at which no block enters, for the null model's correlations c (p, K)."""
        lay = self.layout
        if self.trivial or not lay.n_blocks:
            return 0.0
        live = np.isfinite(lay.l1)
        with np.errstate(divide="ignore", invalid="ignore"):
            if not len(lay.s):
                ratio = self.lengths(c, 0.0) / lay.l1
                return float(np.max(np.where(live & ~np.isnan(ratio), ratio, 0.0))) * self.sigma
        high = 1.0
        while np.any((self.lengths(c, high) > high * lay.l1)[live]):
            high *= 2.0
        low = 0.0
        for _ in range(200):
            middle = 0.5 * (low + high)
            if middle in (low, high):
                break
            over = np.any((self.lengths(c, middle) > middle * lay.l1)[live])
            low, high = (middle, high) if over else (low, middle)
        return high * self.sigma

    # -- the working set -------------------------------------------------------------------------------------
    def enter(self, blocks: Ints) -> None:
        """Take blocks into W."""
        if not len(blocks):
            return
        lay = self.layout
        sizes, features, outs = lay.members(blocks)
        with self.lock:  # lanes may be in threads of their own
            self.gathered.need(np.unique(features))
            Z = self.gathered.Z
        self.set_.columns(Z)
        s = lay.s[features] if len(lay.s) else np.zeros(len(features))
        where = self.gathered.where[features]
        self.set_.enlist(sizes, features, outs, where, self.ratio[features], lay.l1[blocks], lay.l2[blocks], s)
        self.blocks = np.concatenate([self.blocks, blocks])
        self.limit[blocks] = np.inf

    def _shed(self, before: float, lam: float) -> None:
        """Let go of what is far from entering: a model's cost grows with the square of its members."""
        if self.set_.nb < SMALL:
            return
        on, ratio = self.set_.sizes
        keep = on | (ratio > 1.0 - NEAR * (before - lam) / before)
        if np.count_nonzero(keep) > CROWDED * len(keep):
            return
        gone = self.blocks[~keep]
        self.limit[gone] = self.layout.l1[gone]
        self.blocks = self.blocks[keep]
        self.set_.shed(keep.view(np.int8))

    def _strongest(self, blocks: Ints, size: Floats) -> Ints:
        """At most as many newcomers as W has blocks (at least 32): the strongest relative to their limit."""
        most = max(32, self.set_.nb)
        if len(blocks) <= most:
            return blocks
        with np.errstate(divide="ignore"):
            order = np.argsort(-size / self.layout.l1[blocks], kind="stable")
        return np.sort(blocks[order[:most]])

    def _over(self, c: Floats, lam: float, at: float) -> Ints:
        """Blocks outside W whose lengths in c pass their limits at λ = ``at``, the strongest of them."""
        size = self.lengths(c, lam / self.sigma)
        (over,) = np.nonzero(size > at / self.sigma * self.limit)
        return self._strongest(over, size[over])

    # -- the way down ----------------------------------------------------------------------------------------
    def walk(self, lams: Floats, goal: float, max_iter: int, score: Any, keep: bool) -> Generator[Any, Any, None]:
        """Solve at every λ; yields columns whose correlations are wanted."""
        self.points: list[Any] = []
        self.gaps, self.square = np.zeros(len(lams)), np.ones(len(lams))
        self.rounds, self.loss = np.zeros(len(lams), np.intp), np.full(len(lams), np.nan)
        self.length, self.keep = np.zeros(len(lams)), keep
        for k, lam in enumerate(lams):
            if k:
                self._shed(float(lams[k - 1]), float(lam))
            if k and self.foreseen and not self.trivial:
                near = max(lam - EAGER * (lams[k - 1] - lam), 0.5 * lam)
                self.enter(self._over(self.proof.predicted(), lam, near))
            yield from self._solve(float(lam), goal, max_iter, k)
            self._record(k, score)

    foreseen = 0

    def _solve(self, lam: float, goal: float, max_iter: int, k: int) -> Generator[Any, Any, None]:
        if self.trivial:
            return
        while True:
            rounds, self.gaps[k] = self.set_.solve(lam / self.sigma, lam, goal, max_iter)
            self.rounds[k] += rounds
            asked = self._open(lam)
            if asked is not None and not len(asked):
                return
            cols = None if asked is None else self.layout.columns(asked)
            if cols is None or len(cols) > READ_SHARE * self.problem.n_features:
                c = self.scaled((yield None))
                self.learn(c)
            else:
                c = np.zeros((self.problem.n_features, self.K))
                c[cols] = self.scaled((yield cols), cols)
            fresh = self._over(c, lam, lam)
            if not len(fresh):
                return
            self.enter(fresh)

    def learn(self, c: Floats) -> None:
        """Take exact correlations (p, K) of all columns."""
        self.proof.learn(np.ascontiguousarray(self.residual / self.root), np.ascontiguousarray(c.T))

    def _open(self, lam: float) -> Ints | None:
        """Blocks that may still matter; None where nothing is known yet."""
        if np.all(np.isinf(self.limit)):
            return np.zeros(0, np.intp)
        if not self.use_span:
            return None
        self.foreseen = self.proof.foresee(np.ascontiguousarray(self.residual / self.root))
        if not self.foreseen:
            return None
        lam1 = lam / self.sigma
        s = lam1 * self.layout.s if len(self.layout.s) else NO_S
        return self.proof.open(lam1 * self.limit, s)

    def _record(self, k: int, score: Any) -> None:
        set_ = self.set_
        self.square[k] = 1.0 if self.trivial else 1.0 - set_.explained
        if self.keep:
            u = set_.coefficients
            (on,) = u.nonzero()
            self.length[k] = np.abs(u).sum()
            self.points.append((set_.features[on], set_.outputs[on], u[on], np.array(set_.B).reshape(self.K, -1)))
        if score is not None and self.held is not None:
            self.loss[k] = self._held_score(score)

    def _held_score(self, score: Any) -> float:
        """``score(loss, η, held, train)`` of the rows held out (see riata.scores)."""
        if self.tested is None:
            self.tested = HeldOut(self.problem.loss, self.held, self.s * (1.0 - self.held.sum()), lambda v: v)
        eta = np.asarray(self.set_.eta).reshape(self.K, -1).T
        return self.tested(score, eta[:, 0] if self.K == 1 else eta, self.set_)
