"""Paths of concave penalties by local linear approximation: weighted lasso problems, solved exactly, until none moves.

    minimise over (b, w)  F(o + b + Xw) + Σⱼ p(|tⱼwⱼ|; λvⱼ),       p concave: p(x) ≤ p(x₀) + p'(x₀)(x − x₀)

At an iterate the right-hand side is a lasso with factors p'(|tⱼwⱼ|)/λ, whose minimiser lowers the objective (Zou & Li
2008, Ann. Statist. 36, 1509). A fixed point is stationary: no gap exists, and what is reported is how far from
stationary a solution is. Each λ starts from the solution at the λ before, the first from the lasso's.

Features at 0 all have the slope λvⱼ, so that the sequence runs on a working set and the rest is looked at once for each
λ. On a fixed support the sequence is a fixed-point iteration that converges linearly; Anderson's extrapolation makes a
few steps of it (Walker & Ni 2011, SIAM J. Numer. Anal. 49), and is dropped wherever the objective does not fall.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg as sl
from numpy.typing import NDArray

from riata import losses
from riata.core.blas import one_blas_thread
from riata.core.problem import Floats, Problem
from riata.design import as_design
from riata.path.anderson import Anderson
from riata.solve.engine import GRAM_FEATURES
from riata.solve.moments import MomentsEngine
from riata.solve.scaling import scalings

Ints = NDArray[np.intp]
L1 = Callable[..., Any]

JUMPS = 8  # Newton steps on one support
NEAR = 1e-6  # of a coefficient: the difference that its penalty's curvature is taken over
FEW = 4  # times fewer coefficients than members: then their columns are gathered
STEPS = 500  # linear approximations of one λ
SHARE = 0.1  # of the tolerance: where a sequence ends
INNER = 1e-20  # relative gap of a weighted lasso, as small as it gets: stationarity goes with the root of a gap
AT_BOUND = 1e-12  # a coefficient this close to its bound, in units of the bound, is at it


class Sequence:
    """One set of rows on its way down the grid: coefficients, working set, and the work done."""

    def __init__(self, problem: Problem, tol: float, max_iter: int, threads: int | None, l1: L1):
        self.problem, self.plain = problem, problem.replace(penalty=None)
        self.penalty, self.tol, self.max_iter, self.threads, self.l1 = problem.penalty, tol, max_iter, threads, l1
        self.loss = problem.loss or losses.find("gaussian").parse(problem.y)
        self.s = problem.sample_weight / problem.sample_weight.sum()
        scaling = scalings(problem, np.zeros(problem.n_samples, np.intp), 1)[0]
        self.mean, self.norm, self.sd = scaling.mean, scaling.norm, scaling.sd
        self.t = scaling.sd if problem.standardize else np.ones(problem.n_features)
        self.open = ~scaling.excluded
        self.bounded = scaling.bounded
        self.v = np.where(self.open, problem.penalty_factor, 0.0)
        free = problem.fit_intercept and self.loss.has_intercept
        b, value = self.loss.null(problem.offset, self.s, free)
        self.centred, self.b, self.lowest = free, float(b), self.loss.saturated(self.s)
        self.spread = value - self.lowest
        slope = self.loss.gradient(problem.offset + self.b, self.s)
        live = self.s > 0
        self.reference = float(np.sqrt(np.sum(slope[live] ** 2 / self.s[live])))
        self.w = np.zeros(problem.n_features)
        self.W = np.zeros(0, np.intp)
        self.Z = np.zeros((problem.n_samples, 0))
        self.sub: Problem | None = None
        self.engine: MomentsEngine | None = None
        self.last = np.zeros(0), np.zeros(problem.n_samples)
        self.G: Floats | None = None  # on the canonical scale, where there is one of all features
        n, p = problem.design.shape
        self.few = problem.loss is None and p <= min(n, GRAM_FEATURES) and (not problem.design.is_sparse or p <= 500)
        self.jumps = True
        self.steps = self.passes = 0

    # -- the point -------------------------------------------------------------------------------------------
    def eta(self, w: Floats, b: float) -> Floats:
        """The linear predictor of coefficients of the working set; the last one is remembered."""
        if len(w) != len(self.last[0]) or not np.array_equal(w, self.last[0]):
            (on,) = np.nonzero(w)
            fit = self.Z[:, on] @ w[on] if FEW * len(on) < len(w) else self.Z @ w
            self.last = w.copy(), fit
        return self.problem.offset + b + self.last[1]

    def objective(self, w: Floats, b: float, lam: float) -> float:
        """F + Σ p on the working set."""
        some = self.v[self.W] > 0
        size = np.abs(self.t[self.W] * w)[some]
        paid = self.penalty.value(size, lam * self.v[self.W][some])
        return float(self.loss.value(self.eta(w, b), self.s)) + float(np.sum(paid))

    def slopes(self, size: Floats, lam: float, v: Floats) -> Floats:
        """p'(size; λv), 0 where v is 0."""
        out = np.zeros(len(size))
        some = v > 0
        out[some] = self.penalty.slope(size[some], lam * v[some])
        return out

    def correlations(self) -> tuple[Floats, float]:
        """−Z'∇F of all columns, and the slope of F in the intercept."""
        slope = self.loss.gradient(self.eta(self.w[self.W], self.b), self.s)
        self.passes += 1
        total = float(slope.sum()) if self.centred else 0.0
        c = self.mean * slope.sum() - self.problem.design.correlate(slope[:, None])[:, 0]
        return np.where(self.open, c, 0.0), total

    # -- the working set -------------------------------------------------------------------------------------
    def take_in(self, features: Ints) -> None:
        """These features join the working set."""
        if not len(features):
            return
        if self.few and not len(self.W):
            self.take_all()
            return
        self.W = np.concatenate([self.W, features])
        self.Z = np.asfortranarray(np.column_stack([self.Z, self.problem.design.columns(features)]))
        p, W = self.plain, self.W
        self.sub = p.replace(
            design=as_design(self.Z), penalty_factor=p.penalty_factor[W], lower=p.lower[W], upper=p.upper[W]
        )
        small = self.problem.loss is None and len(W) <= min(len(self.s), GRAM_FEATURES)
        self.engine = None
        if small:
            self.engine = MomentsEngine(self.sub, np.zeros(len(self.s), np.intp), 0, None, {})

    def take_all(self) -> None:
        """Few features: one Gram matrix of all of them, for good, on X as it lies."""
        problem, raw = self.problem, self.problem.design.raw
        self.W = np.arange(problem.n_features)
        lies = isinstance(raw, np.ndarray) and raw.dtype == np.float64
        self.Z = raw if lies else problem.design.columns(self.W)
        self.sub = self.plain
        self.engine = MomentsEngine(self.plain, np.zeros(len(self.s), np.intp), 0, None, {})
        self.G = self.engine.lane(0)[0]

    def lasso(self, lam: float, factor: Floats) -> tuple[Floats, float]:
        """The weighted lasso on the working set, begun where things stand: (coefficients, intercept)."""
        assert self.sub is not None
        self.steps += 1
        start = self.w[self.W]
        if self.engine is not None:
            self.engine.weigh(factor)
            (found,) = self.engine.run(np.array([lam]), 0.5 * INNER, self.max_iter, None, start)
        else:
            sub = self.sub.replace(penalty_factor=factor)
            found = self.l1(sub, [lam], tol=INNER, max_iter=self.max_iter, threads=self.threads, start=start)
        w = np.zeros(len(self.W))
        w[found.active] = found.coef_active[:, 0]
        return w, float(found.intercept[0])

    # -- one λ -----------------------------------------------------------------------------------------------
    def begin(self, lam: float, then: float) -> None:
        """Start from the lasso's solution at the first λ, with room for what the second may let in."""
        path = self.l1(self.plain, [lam], tol=INNER, max_iter=self.max_iter, threads=self.threads)
        coef, self.b = path.at(lam)
        self.take_in(np.flatnonzero(coef))
        self.w = coef
        c, _ = self.correlations()
        self.take_in(self.likely(c, lam, then))

    def likely(self, c: Floats, lam: float, then: float) -> Ints:
        """Outside the working set: features that the strong rule does not discard at the next λ, unpenalised ones."""
        outside = self.open.copy()
        outside[self.W] = False
        return np.flatnonzero(outside & (np.abs(c) >= (2.0 * then - lam) * self.v * self.t))

    def settle(self, lam: float, trust: bool) -> None:
        """Local linear approximations on the working set until the slopes no longer move.

        With ``trust`` a jump to a stationary point of the support ends it: the caller looks at the features at 0.
        """
        W, v, t = self.W, self.v[self.W], self.t[self.W]
        if not len(W):
            return
        unit = t / (self.norm[W] * (self.reference or 1.0))
        excluded = ~self.open[W]
        x = np.abs(t * self.w[W])
        memory, best = Anderson(), np.inf
        for _ in range(STEPS):
            slope = self.slopes(x, lam, v)
            w, b = self.lasso(lam, np.where(excluded, np.inf, slope / lam if lam > 0 else 1.0))
            value, size = self.objective(w, b, lam), np.abs(t * w)
            if value > best + 1e-14 * abs(best) and memory.used:  # the extrapolation led uphill: back, and on plainly
                memory, x = Anderson(), np.abs(t * self.w[W])
                continue
            best = min(best, value)
            self.w[W], self.b = w, b
            with np.errstate(all="ignore"):  # a step too far is found out by its sign or its value
                jumped = self.jump(lam)
            if jumped:
                if trust:
                    return
                size, memory = np.abs(t * self.w[W]), Anderson()
                best = min(best, self.objective(self.w[W], self.b, lam))
            moved = np.abs(self.slopes(size, lam, v) - slope) * unit
            if np.max(moved[size > 0], initial=0.0) <= SHARE * self.tol:
                return
            x = np.maximum(memory.next(x, size), 0.0)

    def jump(self, lam: float) -> bool:
        """Newton steps on the support, with the curvature of the penalty; whether they reached a stationary point.

        They are kept only where no sign changes and the objective has not risen: else the sequence goes on as it was.
        """
        W = self.W
        on = np.flatnonzero(self.w[W])
        if not self.jumps or not len(on) or len(on) >= len(self.s) or self.bounded:
            return False
        v, t, sign = self.v[W][on], self.t[W][on], np.sign(self.w[W][on])
        A = self.Z[:, on] - self.mean[W][on]
        w, b = self.w[W].copy(), self.b + float(self.mean[W] @ self.w[W]) * self.centred
        start = self.objective(self.w[W], self.b, lam)
        goal = SHARE * self.tol * self.norm[W][on] * self.reference
        for _ in range(JUMPS):
            level = b - float(self.mean[W] @ w) * self.centred
            eta = self.eta(w, level)
            slope = self.loss.gradient(eta, self.s)
            size = np.abs(t * w[on])
            push = A.T @ slope + sign * t * self.slopes(size, lam, v)
            if np.all(np.abs(push) <= goal) and abs(slope.sum()) * self.centred <= SHARE * self.tol * self.reference:
                if self.objective(w, level, lam) > start + 1e-14 * abs(start):
                    return False
                self.w[W], self.b = w, level
                return True
            step = self.newton(on, A, eta, slope, push, t * t * self.bend(size, lam, v))
            if step is None:
                return False
            w[on] -= step[: len(on)]
            b -= step[-1] if self.centred else 0.0
            if np.any(np.sign(w[on]) != sign):
                return False
        return False

    def newton(self, on: Ints, A: Floats, eta: Floats, slope: Floats, push: Floats, bend: Floats) -> Floats | None:
        """The step on (support, intercept), or None where the objective is not convex there."""
        k = A.shape[1]
        whole = np.column_stack([A, np.ones(len(A))]) if self.centred else A
        if self.G is None:
            H = whole.T @ self.loss.hessian_times(eta, self.s, whole)
        else:  # of squares: the same at every point, and known
            H, size = np.eye(whole.shape[1]), self.norm[self.W[on]]
            H[:k, :k] = self.G[np.ix_(on, on)] * size * size[:, None]
        H[np.arange(k), np.arange(k)] += bend
        right = np.append(push, slope.sum()) if self.centred else push
        unit = 1.0 / np.sqrt(np.maximum(np.diag(H), np.finfo(float).tiny))
        try:
            factor = sl.cho_factor(H * unit * unit[:, None], lower=True, check_finite=True)
        except (ValueError, np.linalg.LinAlgError):
            return None
        return np.asarray(unit * sl.cho_solve(factor, unit * right))

    def bend(self, size: Floats, lam: float, v: Floats) -> Floats:
        """p'' by a difference of slopes, which is exact where p is quadratic."""
        step = NEAR * np.maximum(size, lam * NEAR)
        ahead, behind = self.slopes(size + step, lam, v), self.slopes(np.maximum(size - step, 0.0), lam, v)
        return (ahead - behind) / (size + step - np.maximum(size - step, 0.0))

    def solve(self, lam: float, then: float) -> float:
        """Bring the coefficients to a stationary point at λ; returns how stationary."""
        trust = True
        while True:
            self.settle(lam, trust)
            c, level = self.correlations()
            away = self.away(lam, c)
            outside = np.ones(len(away), bool)
            outside[self.W] = False
            which = np.flatnonzero(outside & (away > SHARE * self.tol))
            if trust and not len(which) and np.max(away[~outside], initial=0.0) > SHARE * self.tol:
                trust = False
            elif not len(which):
                self.take_in(self.likely(c, lam, then))
                return max(float(np.max(away, initial=0.0)), abs(level) / (self.reference or 1.0))
            self.take_in(which)

    def away(self, lam: float, c: Floats) -> Floats:
        """Distance of every correlation from what its coefficient asks for, as a correlation."""
        w, problem = self.w, self.problem
        slope = self.slopes(np.abs(self.t * w), lam, self.v) * self.t
        high = np.where(w >= 0, slope, -slope)
        low = np.where(w > 0, slope, -slope)
        high = np.where(w >= problem.upper * (1.0 - AT_BOUND), np.inf, high)
        low = np.where(w <= problem.lower * (1.0 - AT_BOUND), -np.inf, low)
        off = np.maximum(0.0, np.maximum(c - high, low - c))
        return np.where(self.open, off / (self.norm * (self.reference or 1.0)), 0.0)

    @property
    def explained(self) -> float:
        """The share of the null deviance that is explained."""
        if self.spread <= 0:
            return 0.0
        return 1.0 - (float(self.loss.value(self.eta(self.w[self.W], self.b), self.s)) - self.lowest) / self.spread


def sequence(
    problem: Problem, lams: Floats, tol: float, max_iter: int, threads: int | None, l1: L1, jumps: bool = True
) -> tuple[Floats, Floats, Floats, Floats, Sequence]:
    """(coef (p, L), intercept, stationarity, explained) along a decreasing grid, and who found them."""
    L = len(lams)
    coef, rest = np.zeros((problem.n_features, L), order="F"), np.zeros((3, L))
    with one_blas_thread():
        run = Sequence(problem, tol, max_iter, threads, l1)
        run.jumps = jumps
        if run.spread > 0:
            run.begin(float(lams[0]), float(lams[min(1, L - 1)]))
        for k, lam in enumerate(lams):
            if run.spread > 0:
                rest[1, k] = run.solve(float(lam), float(lams[min(k + 1, L - 1)]))
            coef[:, k], rest[0, k], rest[2, k] = run.w, run.b, run.explained
    return coef, rest[0], rest[1], rest[2], run
