"""The inner solve of one lane on a sparse X, without any Gram matrix.

Columns are short, so coordinate descent on the residual finds the signs cheaply; conjugate gradients on the support
then take the place of the Cholesky solve of a sign step (DESIGN section 4): solve (ζ_A'Sζ_A + l2) d = c_A − l2 u − l1 s
matrix-free, and move to u + d projected onto the orthant, or to the first sign change where that is better.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.kernels import descent
from riata.kernels import gram as gram_kernel
from riata.kernels import sparse as kernel
from riata.solve.along import Penalty, penalties, projected, prolonged
from riata.solve.factor import ENTRY, Factor, Price
from riata.solve.passes import to_rows
from riata.solve.scaling import Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
# data, indices, indptr, the columns' positions in them, means, norms
Block = tuple[Floats, NDArray[Any], NDArray[Any], Ints, Floats, Floats]

FIRST_EPOCHS, EPOCHS = 3, 8  # descent before the first conjugate-gradient step, and after each
CG_STEPS = 100
# Conjugate gradients stop once the stationarity residual is this share of what it was: signs change, and what is solved
# more tightly with the wrong ones is lost (fine_foods_tfidf, 70 λ: 1.6 s to 1.2) ...
LOOSE = 0.1
# ... or this many times the gap wanted, which it bounds from far above (3.1 s; at 1: 4.9 s, at 0.2: 6.0 s).
TIGHT = 5.0
ROUNDS = 400
# Columns of at most so many entries on average are copied side by side before they are read many times.
SHORT = 256
# Steps with a factor that one λ takes. Where steps without have cost as much as these and the factor, it is made; at
# the λ after it is made at once, unless it cost more than that.
FRESH = 30


class ResidualInner:
    """Descent and conjugate gradients on W; the residual is kept in the row order of X as ρ + κ."""

    name = "residual"
    level = 0.0  # of a Gaussian lane it is known beforehand
    alone = True  # whether newcomers enter without what other lanes know

    def __init__(
        self,
        problem: Problem,
        scaling: Scaling,
        target: Floats,
        root: Floats,
        order: Ints | None,
        held: slice | None,
        tricks: dict[str, Any],
    ):
        self.eager = tricks.get("eager", True)  # whether newcomers are taken in before the first solve at a λ
        self.price = Price(problem.design)
        self.use_factor = tricks.get("factor", True)
        self.hard = False  # whether steps without a factor cost more than one, when last tried
        self.factor: Factor | None = None
        self.spent = 0.0  # work of conjugate gradients and factors at this λ
        self.limit = 0.0  # work without a factor that was not enough
        self.X = X = problem.design.raw
        self.csc = (X.data, X.indices, X.indptr)
        self.scaling, self.order, self.held, self.root, self.target = scaling, order, held, root, target
        self.centred = problem.fit_intercept
        self.share = 1.0 - (float(root[held] @ root[held]) if held is not None else 0.0)
        weight = root**2 / self.share
        if held is not None:
            weight[held] = 0.0
        self.s = to_rows(weight, order)
        y = problem.y - problem.offset - scaling.y_mean
        self.y = y / scaling.y_norm if scaling.y_norm > 0 else np.zeros_like(y)
        self.work = gram_kernel.Workspace()
        weights = scaling.a[np.isfinite(scaling.a) & (scaling.a > 0)]
        self.least_weight = float(weights.min()) if len(weights) else np.inf
        # the same in compiled code, without a factor; None where that is switched off
        self.fast = None
        if tricks.get("compiled", True):
            h = np.sqrt(self.s)
            self.fast = descent.Descent(h * self.y, h, int(self.centred), self.least_weight)
        self.factors = 0  # made from scratch
        self.W = np.zeros(0, np.intp)
        self.u = np.zeros(0)
        self.before: tuple[float, Floats] | None = None  # λ and u at the end of the λ before
        self.lam1 = np.inf
        self._lay_out(compact=False)
        self.rho, self.kappa = self.y.copy(), 0.0
        self.train = np.zeros_like(target)
        self.residual = np.zeros_like(target)
        self._renew()
        self._publish()

    def grow(self, features: Ints) -> None:
        self.W = np.concatenate([self.W, features])
        self.u = np.concatenate([self.u, np.zeros(len(features))])
        self._lay_out(compact=False)

    def begin(self, u: Floats) -> None:
        """Start from u (n_features,), whose support is in W."""
        self.u = u[self.W].copy()
        self._renew()
        self._publish()

    @property
    def nbytes(self) -> int:
        """No Gram matrix: nothing to count."""
        return 0

    # -- residual and correlations ---------------------------------------------------------------------------
    def _renew(self) -> None:
        """ρ + κ = ỹ − ζu from the coefficients, with the intercept refitted."""
        self.rho[:] = self.y
        self.kappa = kernel.combine(*self._block(), self.u, self.rho)
        if self.centred:
            self.kappa -= float(self.s @ (self.rho + self.kappa))

    def _lay_out(self, compact: bool) -> None:
        """Columns of W, which a solve reads many times: side by side where they are short, else where they lie in X."""
        s, W = self.scaling, self.W
        self.columns, self.places = (*self.csc, s.mean, s.norm), W
        length = self.price.length[W]
        total = int(length.sum())
        if not compact or total > SHORT * len(W):
            return
        data, indices, indptr = self.csc
        taken = np.empty(total), np.empty(total, indices.dtype), np.empty(len(W) + 1, indptr.dtype)
        kernel.take(data, indices, indptr, W, *taken)
        self.columns, self.places = (*taken, s.mean[W], s.norm[W]), np.arange(len(W))

    def _block(self, which: Ints | None = None) -> Block:
        """Some columns of W, by their positions in W, or all."""
        data, indices, indptr, mean, norm = self.columns
        return data, indices, indptr, self.places if which is None else self.places[which], mean, norm

    def _correlate(self, block: Block, r: Floats) -> Floats:
        out, sr = np.empty(len(block[3])), self.s * r
        kernel.correlate(*block, sr, float(sr.sum()), out)
        return out

    def _apply(self, block: Block, d: Floats) -> Floats:
        """ζ d over the columns of the block."""
        out = np.zeros_like(self.rho)
        out += kernel.combine(*block, -d, out)
        return out

    def _publish(self) -> None:
        """The residual in root-weighted fold order, as the shared passes want it."""
        r = self.rho + self.kappa
        r = r if self.order is None else r[self.order]
        np.multiply(self.root, r, out=self.residual)
        np.copyto(self.train, self.residual)
        if self.held is not None:
            self.train[self.held] = 0.0
        self.train /= np.sqrt(self.share)

    # -- solving ---------------------------------------------------------------------------------------------
    def _gap(self, c: Floats, pen: Penalty, lam1: float) -> float:
        r = self.rho + self.kappa
        rr = float(self.s @ (r * r))
        free, extra = projected(self.u, c, pen), 0.0
        if free.any():
            # the dual point must be orthogonal to unpenalised columns: project what is left of them off
            _, v = self._conjugate_gradients(np.flatnonzero(free), c[free], np.zeros(int(free.sum())), 1e-15)
            r = r - v
            c, rr, lost = self._correlate(self._block(), r), float(self.s @ (r * r)), float(self.s @ (v * v))
            # columns outside W were proven for r, and have unit norm: |ζ'v| ≤ ‖v‖ is what scaling must make up for
            extra = 0.5 * lost + np.sqrt(lost) / (lam1 * self.least_weight) if lost > 0 and lam1 > 0 else 0.5 * lost
        keep = ~free
        args = [np.ascontiguousarray(part[keep]) for part in (self.u, c, *pen)]
        return extra + self.work.gap(np.zeros((1, 1), order="F"), int(keep.sum()), *args, rr)

    def solve(self, lam1: float, lam2: float, goal: float, max_iter: int) -> tuple[int, float]:
        """Bring u to the solution on W; returns (rounds, gap on W)."""
        if not len(self.W):
            return 0, 0.0
        pen = penalties(self.scaling, self.W, lam1, lam2)
        if lam1 != self.lam1:
            self._extrapolate(lam1, pen)
        self.factor, self.spent = None, 0.0
        epochs, gap, done = self._solve_compiled(pen, lam1, goal, max_iter)
        if done:
            self._renew()
            self._publish()
            return epochs, gap
        self._lay_out(compact=True)
        self._renew()
        for turn in range(ROUNDS):
            epochs += self._descend(pen, EPOCHS if turn else FIRST_EPOCHS)
            self._renew()
            c = self._correlate(self._block(), self.rho + self.kappa)
            gap = self._gap(c, pen, lam1)
            if gap <= goal or epochs > max_iter:
                break
            self._newton(c, pen, goal)
            self._renew()
        if self.factor is not None:
            self.hard = self.spent <= 2.0 * self.limit
            self.factor = None
        self._lay_out(compact=False)
        self._publish()
        return epochs, gap

    def _solve_compiled(self, pen: Penalty, lam1: float, goal: float, max_iter: int) -> tuple[int, float, bool]:
        """(epochs, gap, whether that is all) of the compiled twin, which has no factor and wants short columns."""
        total = int(self.price.length[self.W].sum())
        if self.fast is None or self.hard or total > SHORT * len(self.W):
            return 0, np.inf, False
        self.fast.take(*self.csc, self.W, self.scaling.mean, self.scaling.norm, total)
        price = self.price.in_entries(FRESH if self.use_factor else np.inf)
        done = self.fast.solve(self.u, *pen, lam1, goal, max_iter, price)
        self.fast.drop()
        self.spent = ENTRY * self.fast.spent
        return self.fast.epochs, self.fast.gap, bool(done)

    def _extrapolate(self, lam1: float, pen: Penalty) -> None:
        """Start where u would be if it went on as before."""
        guess = prolonged(self.before, self.lam1, lam1, self.u, pen)
        self.before, self.lam1 = (self.lam1, self.u.copy()), lam1
        self.u = self.u if guess is None else guess

    def _descend(self, pen: Penalty, epochs: int) -> int:
        """Epochs over the support and the violators."""
        l1, l2, lo, up = pen
        c = self._correlate(self._block(), self.rho + self.kappa)
        rise = np.where(self.u < up, c - l2 * self.u, -np.inf)
        fall = np.where(self.u > lo, l2 * self.u - c, -np.inf)
        visit = np.flatnonzero((self.u != 0) | (np.maximum(rise, fall) > l1))
        u = self.u[visit]
        self.kappa, done, _ = kernel.descend(
            *self._block(visit),
            self.s,
            self.rho,
            self.kappa,
            u,
            l1[visit],
            l2[visit],
            lo[visit],
            up[visit],
            1e-28,
            epochs,
        )
        self.u[visit] = u
        return done

    def _newton(self, c: Floats, pen: Penalty, goal: float) -> None:
        """One sign step by conjugate gradients on the support inside its bounds."""
        l1, l2, lo, up = pen
        A = np.flatnonzero((self.u != 0) & (self.u > lo) & (self.u < up))
        if not len(A):
            return
        sign = np.sign(self.u[A])
        g = c[A] - l2[A] * self.u[A] - l1[A] * sign
        # a stationarity residual of ε·l1 leaves a gap of at most about ε
        small = max(TIGHT * goal * float(l1[A].max() or 1.0), LOOSE * float(np.abs(g).max()))
        d, v = self._conjugate_gradients(A, g, l2[A], small)
        moved = self.u[A] + d
        landed = np.where((l1[A] > 0) & (moved * sign < 0), 0.0, moved)
        landed = np.clip(landed, lo[A], up[A])
        if np.array_equal(landed, moved):
            self.u[A] = landed
            return
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(landed != moved, (landed - self.u[A]) / d, 1.0)
        first = float(np.clip(np.nanmin(t), 0.0, 1.0))
        curvature = float(self.s @ (v * v)) + float(l2[A] @ (d * d))
        truncated = first * float(g @ d) - 0.5 * first**2 * curvature
        best, place = self._along(A, d, first, g, pen)
        if best >= truncated and best > 0:
            self.u[A] = place
        elif truncated > 0:
            self.u[A] = np.where(t <= first, landed, self.u[A] + first * d)

    def _along(self, A: Ints, d: Floats, first: float, g: Floats, pen: Penalty) -> tuple[float, Floats]:
        """(decrease, u) at the best of u + t d projected onto orthant and box, t = 1, ½, ¼ … down to the first stop."""
        l1, l2, lo, up = (part[A] for part in pen)
        u, best, place, t = self.u[A], 0.0, self.u[A], 1.0
        while t > first:
            moved = u + t * d
            landed = np.clip(np.where((l1 > 0) & (moved * u < 0), 0.0, moved), lo, up)
            e = landed - u
            w = self._apply(self._block(A), e)
            fall = float(g @ e) - 0.5 * (float(self.s @ (w * w)) + float(l2 @ (e * e)))
            if fall <= best and best > 0:
                break
            if fall > best:
                best, place = fall, landed
            t *= 0.5
        return best, place

    def _conjugate_gradients(self, A: Ints, g: Floats, l2: Floats, small: float) -> tuple[Floats, Floats]:
        """d ≈ (ζ'Sζ + l2)⁻¹ g and ζd on some of W, without a factor until steps have cost as much as one."""
        cols = self.W[A]
        d, v, res = np.zeros_like(g), np.zeros_like(self.rho), g.copy()
        step, most = self.price.step(cols), CG_STEPS
        with_factor, price = step + self.price.solve(cols), self.price.factor(cols)
        if self.factor is not None:
            known = int(np.count_nonzero(self.factor.place[cols] >= 0))
            changed = len(cols) + len(self.factor.L) - 2 * known  # each takes a step or two
            if changed * with_factor > price:
                self._make_factor(cols, l2)
        elif self.use_factor and not self.hard:
            limit = price + FRESH * with_factor
            most = min(CG_STEPS, 1 + int(max(limit - self.spent, 0.0) / step))
            self.spent += step * self._steps(A, l2, small, most, d, v, res)
            if np.abs(res).max() <= small or self.spent < limit:
                return d, v
            self.limit = self.spent
            self._make_factor(cols, l2)
        elif self.use_factor:
            self._make_factor(cols, l2)
        self.spent += with_factor * self._steps(A, l2, small, CG_STEPS, d, v, res)
        return d, v

    def _make_factor(self, cols: Ints, l2: Floats) -> None:
        self.factors += 1
        made = Factor(self.X, cols, self.scaling, self.s, l2)
        self.factor, self.hard, self.use_factor = (made if made.ok else None), made.ok, made.ok
        self.spent += self.price.factor(cols)

    def _steps(self, A: Ints, l2: Floats, small: float, most: int, d: Floats, v: Floats, res: Floats) -> int:
        """Preconditioned conjugate gradients from d, where ``res`` is what is left and v = ζd; all are updated."""
        precondition, block = self._preconditioner(self.W[A], l2), self._block(A)
        z = precondition(res)
        direction, rz = z.copy(), float(res @ z)
        for count in range(most):
            if np.abs(res).max() <= small or rz <= 0:
                return count
            w = self._apply(block, direction)
            image = self._correlate(block, w) + l2 * direction
            curvature = float(direction @ image)
            if curvature <= 1e-300:
                return count
            step = rz / curvature
            d += step * direction
            v += step * w
            res -= step * image
            z = precondition(res)
            rz, old = float(res @ z), rz
            direction = z + (rz / old) * direction
        return most

    def _preconditioner(self, cols: Ints, l2: Floats) -> Callable[[Floats], Floats]:
        """The factor on what it knows of ``cols``, and the diagonal; columns have unit norm, so that is 1 + l2."""
        diag, factor = 1.0 + l2, self.factor
        if factor is None:
            return lambda res: res / diag
        known = np.flatnonzero(factor.place[cols] >= 0)
        at = factor.place[cols[known]]

        def apply(res: Floats) -> Floats:
            z = res / diag
            z[known] = factor.solve(at, res[known])
            return z

        return apply

    @property
    def square(self) -> float:
        """‖e‖² on the training rows, 1 at the null model."""
        return float(self.train @ self.train)

    def coefficients(self) -> tuple[Ints, Floats]:
        """Non-zero features and their u."""
        on = np.flatnonzero(self.u)
        return self.W[on], self.u[on].copy()
