"""The inner solve of one lane under a loss that is not quadratic: proximal Newton steps on the working set.

Each step solves the lasso of a quadratic model exactly, by the same compiled solver as a Gaussian lane, and moves
towards its solution as far as the objective falls. Outside the working set nothing changes: the gradient of the loss
takes the residual's place in every pass and in the span bound, which holds for any smooth loss.

The gap is proven at the dual point to which the model's step leads: it is of second order in the step, where the
gradient, scaled down until it is feasible, is of first. The step itself is taken after its proof.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.kernels import gram as gram_kernel
from riata.solve.gathered import Gathered
from riata.solve.held import HeldOut
from riata.solve.passes import to_rows
from riata.solve.scaling import Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# What a loss of riata.losses hands to its compiled twin; the others are asked in Python.
COMPILED = {
    "binomial": lambda loss, y: gram_kernel.BinomialLoss(y),
    "poisson": lambda loss, y: gram_kernel.PoissonLoss(y),
    "huber": lambda loss, y: gram_kernel.HuberLoss(y, loss.delta),
}


def compiled(loss: Any, weight: Floats, order: Ints | None, allowed: bool = True) -> Any:
    """The loss as the solver calls it, with its rows and their weights in ``order``."""
    if allowed and loss.name == "cox" and loss.start is None:
        terms = loss.terms(to_rows(weight, order))
        return gram_kernel.CoxLoss(loss.sets, terms, weight, order)
    make = COMPILED.get(loss.name) if allowed else None
    if make is None:
        return gram_kernel.OutsideLoss(loss, order, loss.n_samples)
    return make(loss, np.ascontiguousarray(loss.y if order is None else loss.y[order], np.float64))


class NewtonInner:
    """W with the linear predictor on all rows and a Gram matrix of some past Hessian."""

    name = "newton"
    eager = False
    shares = False  # the weights are each lane's own
    alone = False
    nbytes = 0  # lanes never wait in turn

    def __init__(
        self, problem: Problem, gathered: Gathered, scaling: Scaling, root: Floats, order: Ints | None,
        held: slice | None, fast: bool = True, fast_scores: bool = True,
    ):  # fmt: skip
        self.gathered, self.held, self.root, self.loss = gathered, held, root, problem.loss
        self.fast, self.fast_scores = fast, fast_scores
        weight = root * root
        if held is not None:
            weight[held] = 0.0
        self.share = float(weight.sum())
        self.weight = weight / self.share  # of the training rows, in fold order
        offset = problem.offset if order is None else problem.offset[order]
        self.order = order
        null = scaling.null
        assert null is not None  # every loss of its own has a null model
        self.rows = compiled(problem.loss, self.weight, order, fast)
        self.set = gram_kernel.NewtonSet(
            self.rows,
            self.weight,
            np.sqrt(root * root / self.share),
            np.ascontiguousarray(offset),
            null.intercept,
            null.floor,
            scaling.y_norm or 1.0,
            null.free,
            problem.fit_intercept,
            scaling,
            gathered.scaling,
        )
        self.set.gather_in(gathered.store)
        self.tested: HeldOut | None = None  # once it is asked for
        self.residual, self.train = np.asarray(self.set.eta), np.asarray(self.set.train)

    @property
    def W(self) -> Ints:
        """The members, in the order they came."""
        return np.asarray(self.set.features)

    def grow(self, features: Ints, total: Floats | None = None, columns: Ints | None = None) -> None:
        """Take features into W."""
        self.set.enlist(features)
        self.set.place(self.gathered.where)
        self.set.columns(self.gathered.Z)

    def moved(self) -> None:
        """The gathered columns lie elsewhere now."""
        self.set.place(self.gathered.where)
        self.set.columns(self.gathered.Z)

    def begin(self, u: Floats) -> None:
        """Start from u (n_features,), whose support is in W."""
        self.set.begin(u[self.W])

    @property
    def factors(self) -> int:
        """Cholesky factors made from scratch."""
        return self.set.factors

    def solve(self, lam1: float, lam2: float, goal: float, max_iter: int) -> tuple[int, float]:
        """Bring u and the intercept to the solution on W; returns (rounds, gap on W)."""
        return self.set.solve(lam1, lam2, goal, max_iter)

    def _held_out(self) -> HeldOut:
        if self.tested is None:
            held = np.zeros_like(self.weight)
            held[self.held] = self.root[self.held] ** 2
            self.tested = HeldOut(self.loss, held, self.weight * self.share, lambda v: to_rows(v, self.order))
        return self.tested

    def counts(self, score: Any) -> bool:
        """Whether the compiled loss gives this score of the rows held out at every λ, without being asked."""
        tested = self._held_out()
        if not (self.fast and self.fast_scores):
            return False
        if tested.is_compiled(score):
            self.set.score_by(self.rows, tested.of_test, tested.floor, 2.0, 0.0)
            return True
        total = score.weight(self.loss, tested.back(tested.held))
        if self.loss.name != "cox" or score.name != "deviance" or self.loss.start is not None or total <= 0:
            return False
        # what all rows lose less what the training rows do, each less its infimum: see riata.scores.deviance
        both = tested.held + tested.train
        judge = compiled(self.loss, both, self.order)
        low = self.loss.saturated(tested.back(both))
        self.set.score_by(judge, both, low, 2.0 / total, 2.0 * self.share / total)
        return True

    def held_score(self, score: Any) -> float:
        """``score(loss, η, held, train)`` of the rows held out (see riata.scores)."""
        return self._held_out()(score, self.residual, self.set)
