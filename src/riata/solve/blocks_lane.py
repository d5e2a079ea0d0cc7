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
        if not tricks.get("rows", True):
            self.set_.rows_from = np.inf
        self.root = np.where(self.s > 0, np.sqrt(self.s), 1.0) * self.sigma
        size = np.where(scaling.excluded, 0.0, scaling.norm / self.unit)
        lay = self.layout
        proof = kernel.Proof(problem.n_samples, problem.n_features, K, lay.first, lay.listed, lay.by_entry, size)
        limit = np.where(self.trivial, np.inf, lay.l1)  # of blocks outside W, at λ/σ = 1
        ratio = np.where(scaling.excluded, 0.0, self.ratio)
        self.track = kernel.BlockTrack(
            self.set_, proof, limit, lay.l1, lay.l2, lay.s, self.root, ratio, self.sigma, tricks.get("span", True)
        )
        if gathered.size == problem.n_features:
            self.track.all_columns(gathered.Z)

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

    # -- the way down ----------------------------------------------------------------------------------------
    def walk(self, lams: Floats, goal: float, max_iter: int, score: Any, keep: bool) -> Generator[Any, Any, None]:
        """Solve at every λ; yields columns whose correlations are wanted."""
        track, self.loss = self.track, np.full(len(lams), np.nan)
        tested, fast = self._held_out(score)
        track.grid(
            lams, goal, max_iter, keep, tested is not None and not fast, tested.of_test if tested and fast else None
        )
        while (event := track.advance()) != kernel.DONE:
            if event == kernel.ENTER:
                self._enter(track.asked)
            elif event == kernel.SCORE and tested is not None:
                eta = np.asarray(self.set_.eta).reshape(self.K, -1).T
                self.loss[track.k - 1] = tested(score, eta[:, 0] if self.K == 1 else eta, self.set_)
            elif event == kernel.PASS:
                track.c[:] = self.scaled((yield None)).T
                track.learn()
            else:
                cols = self.layout.columns(track.asked)
                track.c[:, cols] = self.scaled((yield cols), cols).T
        if tested is not None and fast:
            self.loss = tested.of_values(track.loss)

    def _held_out(self, score: Any) -> tuple[HeldOut | None, bool]:
        """The rows held out, where there is a score to take of them, and whether the compiled loss gives it."""
        if score is None or self.held is None:
            return None, False
        tested = HeldOut(self.problem.loss, self.held, self.s * (1.0 - self.held.sum()), lambda v: v)
        return tested, tested.is_compiled(score)

    def _enter(self, blocks: Ints) -> None:
        """Gather the columns of these blocks, and take them into W."""
        with self.lock:  # lanes may be in threads of their own
            self.gathered.need(self.layout.columns(blocks))
            Z = self.gathered.Z
        self.set_.columns(Z)
        self.track.enter(self.gathered.where)
