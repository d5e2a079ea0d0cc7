"""The inner solve of one lane on a sparse X under a loss that is not quadratic, without any Gram matrix.

Each proximal Newton step solves the lasso of a quadratic model by the compiled descent and conjugate gradients of a
Gaussian lane (:mod:`riata.kernels.descent`), on columns copied under the roots of the Hessian,

    ½ H ‖ρ ∘ (r/(σh) − Z δ)‖² + Σ l1ⱼ|uⱼ + δⱼ| + …,     H = Σ h,   ρ = √(h/H),

and only until its gap is a share of what is left: the Hessian is taken afresh at every step, which costs one pass over
the copied columns, so nothing is gained by solving an old model to the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.kernels import descent
from riata.kernels import gram as gram_kernel
from riata.kernels import sparse as kernel
from riata.solve.along import Penalty, penalties, projected, prolonged
from riata.solve.held import HeldOut
from riata.solve.newton import compiled
from riata.solve.passes import to_rows
from riata.solve.scaling import Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# Newton steps at one λ before it is given up.
STEPS = 200
# A model is solved to this share of the gap that is left, and of the gap wanted (binomial, 100 λ at 1e-8:
# fine_foods_tfidf 1.9 s at 0.1 and 0.3, 1.7 s at 0.01 and anything from 0.1 to 0.6).
SHARE, LAST = 0.01, 0.5
# Rows get at least this share of the largest curvature in the model; more where less of a step than this was taken.
LEAST, SHORTENED = 1e-6, 0.3
# At most so many features have one Gram matrix, and few steps of Newton's method with it.
FEW = 500
# Epochs of descent on one model: the next one goes on from there.
EPOCHS = 200
# No factor is made: steps of conjugate gradients are never counted as too dear.
NO_PRICE = np.array([1.0, 1.0, 1.0, np.inf])


def suits(problem: Problem) -> bool:
    """Whether the Hessian of the loss is a matter of rows, and there are columns enough."""
    return problem.loss is None or (problem.loss.separable and problem.n_features > FEW)


def pulling(problem: Problem, scaling: Scaling) -> float:
    """How many rows pull at the null model, (Σ|r|)²/Σr² of its gradient r: all, or about four times a rare class.

    They bound the support, and with it what a Gram matrix and its factors cost.
    """
    assert problem.loss is not None
    assert scaling.null is not None
    weight = problem.sample_weight / problem.sample_weight.sum()
    r = np.abs(problem.loss.gradient(problem.offset + scaling.null.intercept, weight))
    return float(r.sum() ** 2 / (r @ r)) if r.any() else 0.0


class SparseNewtonInner:
    """Proximal Newton steps on W, with the linear predictor in the row order of X."""

    name = "sparse newton"
    alone = True  # newcomers enter without what other lanes know
    shares = False
    nbytes = 0  # no Gram matrix: nothing to count
    factors = 0

    def __init__(
        self, problem: Problem, scaling: Scaling, root: Floats, order: Ints | None, held: slice | None,
        tricks: dict[str, Any],
    ):  # fmt: skip
        self.eager = tricks.get("eager", True)  # whether newcomers are taken in before the first solve at a λ
        X = problem.design.raw
        self.csc = (X.data, X.indices, X.indptr)
        self.length = np.diff(X.indptr)
        self.scaling, self.order, self.held, self.root, self.loss = scaling, order, held, root, problem.loss
        self.sigma = scaling.y_norm or 1.0
        weight = root * root
        if held is not None:
            weight[held] = 0.0
        self.share = float(weight.sum())
        self.weight = to_rows(weight / self.share, order)
        null = scaling.null
        assert null is not None  # every loss of its own has a null model
        self.point = gram_kernel.Predictor(
            compiled(problem.loss, self.weight, None, tricks.get("compiled_loss", True)), self.weight,
            np.ascontiguousarray(problem.offset), null.intercept, null.floor, self.sigma, null.free,
        )  # fmt: skip
        self.residual = np.asarray(self.point.eta)  # in the rows' own order
        self.r = np.asarray(self.point.r)
        n = len(root)
        self.target, self.rho, self.H = np.zeros(n), np.zeros(n), 1.0
        weights = scaling.a[np.isfinite(scaling.a) & (scaling.a > 0)]
        self.least_weight = float(weights.min()) if len(weights) else np.inf
        self.model = descent.Descent(self.target, self.rho, int(problem.fit_intercept), self.least_weight)
        self.least = LEAST
        self.fits_level = null.free
        self.tested: HeldOut | None = None  # once it is asked for
        self.W, self.u = np.zeros(0, np.intp), np.zeros(0)
        self.before: tuple[float, Floats] | None = None  # λ and u at the end of the λ before
        self.lam1 = np.inf
        # r over the root of the weights, in fold order: a product of these and ``root`` is r again
        self.train, self.per = np.zeros(n), np.zeros(n)
        live = weight > 0
        self.per[live] = np.sqrt(self.share) / (root[live] * self.sigma)
        self._publish()

    def _publish(self) -> None:
        """The gradient in root-weighted fold order, as the shared passes want it."""
        np.multiply(self.per, self.r if self.order is None else self.r[self.order], out=self.train)

    # -- the working set -------------------------------------------------------------------------------------
    def grow(self, features: Ints) -> None:
        """Take features into W."""
        self.W = np.concatenate([self.W, features])
        self.u = np.concatenate([self.u, np.zeros(len(features))])

    def begin(self, u: Floats) -> None:
        """Start from u (n_features,), whose support is in W."""
        self.u = u[self.W].copy()
        self._renew()
        self._publish()

    def coefficients(self) -> tuple[Ints, Floats]:
        """Non-zero features and their u."""
        on = np.flatnonzero(self.u)
        return self.W[on], self.u[on].copy()

    @property
    def level(self) -> float:
        """The linear predictor, less its offset, at this lane's own column means."""
        return self.point.intercept

    @property
    def square(self) -> float:
        """The share of the null model's deviance that is left."""
        return self.point.unexplained

    # -- the point -------------------------------------------------------------------------------------------
    def _combined(self, d: Floats) -> tuple[Floats, float]:
        """σ Σ dⱼ ζⱼ, as a vector and a number to add to each of its entries."""
        on = np.flatnonzero(d)
        out, s = np.zeros(len(self.r)), self.scaling
        return out, kernel.combine(*self.csc, self.W[on], s.mean, s.norm, -self.sigma * d[on], out)

    def _renew(self) -> None:
        """η from the coefficients, so that rounding does not pile up, and all that hangs on it."""
        self.point.place(*self._combined(self.u))

    def _correlate(self) -> Floats:
        """−(gradient of the loss part) of every member."""
        out, r, s = np.empty(len(self.W)), self.r / self.sigma, self.scaling
        kernel.correlate(*self.csc, self.W, s.mean, s.norm, r, float(r.sum()), out)
        return out

    def _gap(self, c: Floats, pen: Penalty, lam1: float) -> float:
        free = projected(self.u, c, pen)
        kept, lost, extra = c, 0.0, 0.0
        if free.any():
            # the dual point must be orthogonal to unpenalised columns: project what is left of them off
            which = np.flatnonzero(free)
            image = np.empty_like(c)
            lost = descent.project_off(self.model, which, c[which] / self.size[which], image) / self.H
            kept = c - self.size * image
            # columns outside W were proven for the gradient as it is: what scaling must make up for
            extra = np.sqrt(lost) / (self._reach(lam1) * self.least_weight) if lam1 > 0 else 0.0
        return self.point.gap(self.u, c, kept, *pen, lost) + extra

    def _reach(self, lam1: float) -> float:
        """λ where what is projected off is measured in the norm of the Hessian: |ζ'v| ≤ √(largest curvature) ‖v‖."""
        return lam1 / np.sqrt(self.point.steepest) if self.point.steepest > 0 else np.inf

    # -- solving ---------------------------------------------------------------------------------------------
    def solve(self, lam1: float, lam2: float, goal: float, max_iter: int) -> tuple[int, float]:
        """Bring u to the solution on W; returns (rounds, gap on W)."""
        if not len(self.W):
            return 0, 0.0
        pen = penalties(self.scaling, self.W, lam1, lam2)
        self._extrapolate(lam1, pen)
        self._weigh()
        c, rounds, gap = self._correlate(), 0, np.inf
        for _ in range(STEPS):
            gap = self._gap(c, pen, lam1)
            if gap <= goal or rounds > max_iter:
                break
            epochs, moved = self._newton(c, pen, lam1, max(LAST * goal, SHARE * gap))
            rounds += epochs
            if not moved:
                break
            self._weigh()
            c = self._correlate()
        self._renew()
        self._publish()
        self.model.drop()
        return rounds, gap

    def _weigh(self) -> None:
        """Take the Hessian here."""
        self.H = self.model.unit = self.point.curvature(self.rho, self.least)
        self.size = np.empty(len(self.W))
        descent.weigh(self.model, *self.csc, self.W, self.size, int(self.length[self.W].sum()))
        self.size /= self.scaling.norm[self.W]

    def _newton(self, c: Floats, pen: Penalty, lam1: float, goal: float) -> tuple[int, bool]:
        """Solve the model, move towards its solution; (epochs, whether a step lowered the objective)."""
        l1, l2, lo, up = pen
        H, size, u = self.H, self.size, self.u
        # ρ ∘ (Zu + r/(σh)): what is left of it at u is r/(σ√(hH)); rows with weight have ρ > 0
        image, more = self._combined(u)
        weighted = np.zeros_like(self.r)
        np.divide(self.r, self.rho, out=weighted, where=self.rho > 0)
        np.multiply(self.rho, (image + more) / self.sigma, out=self.target)
        self.target += weighted / (H * self.sigma)
        v = u * size
        low, high = lo * size, up * size
        reach = self._reach(lam1) * np.sqrt(H)
        self.model.solve(v, l1 / (H * size), l2 / (H * size * size), low, high, reach, goal / H, EPOCHS, NO_PRICE)
        aim = np.where(v <= low, lo, np.where(v >= high, up, np.clip(v / size, lo, up)))
        d = aim - u
        on = d != 0
        dearer = l1[on] * (np.abs(aim[on]) - np.abs(u[on])) + 0.5 * l2[on] * (aim[on] ** 2 - u[on] ** 2)
        promised = float(d[on] @ c[on] - dearer.sum())
        epochs = self.model.epochs
        if not promised > 0:
            return epochs, False
        move, more = self._combined(d)
        if self.fits_level:  # b moves with the weighted mean of the change, as the model had it
            more -= float(self.rho * self.rho @ (move + more))
        t = self.point.step(move, more, u, d, l1, l2, promised)
        self._trust(t)
        if t == 0.0:
            return epochs, False
        self.u = aim if t == 1.0 else u + t * d
        return epochs, True

    def _trust(self, t: float) -> None:
        """More curvature for flat rows where the model's step had to be shortened to t of it, less where not at all.

        A column of few entries may lie in such rows alone, and then the model knows no end of its way.
        """
        if t < SHORTENED:
            self.least = min(1.0, self.least * max(10.0, 0.1 / max(t, 1e-9)))
        elif t == 1.0:
            self.least = max(LEAST, 0.1 * self.least)

    def _extrapolate(self, lam1: float, pen: Penalty) -> None:
        """Go on as from λ to λ before, where that lowers the objective."""
        if lam1 == self.lam1:
            return
        guess = prolonged(self.before, self.lam1, lam1, self.u, pen)
        self.before, self.lam1 = (self.lam1, self.u.copy()), lam1
        if guess is None:
            return
        d = guess - self.u
        t = self.point.step(*self._combined(d), self.u, d, pen[0], pen[1], 0.0)
        if t > 0.0:
            self.u = guess if t == 1.0 else self.u + t * d

    def counts(self, score: Any) -> bool:
        """Whether scores are taken without being asked for: this solver is not compiled, and stops at every λ."""
        return False

    def held_score(self, score: Any) -> float:
        """``score(loss, η, held, train)`` of the rows held out (see riata.scores)."""
        if self.tested is None:
            held = np.zeros_like(self.root)
            held[self.held] = self.root[self.held] ** 2
            self.tested = HeldOut(self.loss, to_rows(held, self.order), self.weight * self.share, lambda v: v)
        return self.tested(score, self.residual, self.point)
