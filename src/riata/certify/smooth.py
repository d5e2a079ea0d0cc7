"""Certificates for any loss and any convex penalty: linear predictor, dual point, gap and stationarity from scratch.

The algebra is in ``riata.certify.candidate`` (the dual points), ``riata.losses`` (the loss's part of the gap) and
``separable`` and ``grouped`` (the penalty's part). Everything is float64 NumPy and SciPy; no kernel and no solver.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from riata.certify.candidate import Refit, independent
from riata.certify.columns import columns_of
from riata.certify.gaussian import NUMBERS, ROOM, WORK, Certificate
from riata.certify.grouped import Grouped
from riata.certify.penalty import Penalty
from riata.certify.separable import Separable
from riata.core.blas import one_blas_thread
from riata.core.errors import InvalidOption

Array = np.ndarray

AT_BOUND = 1e-12  # a coefficient this close to its bound, in units of the bound, is at it (for kkt only)
LEFT_OVER = 1e-9  # what a refit may leave of a correlation, in units of the column's norm times the gradient's
# A gap below this share of the null model's is sharp enough: solvers that prove theirs to second order get there.
SHARP = 1e-13
ULPS = 4 * np.finfo(float).eps  # how exact a linear predictor is, in units of itself
ROUNDS = 4  # refits of the support of one solution
EDGE = 1e-7  # a gap that still falls this close to the largest scale is smallest there (it is convex in the scale)
FLAT = 8 * np.finfo(float).eps  # a null objective below this, in units of its two parts, is rounding


class Prepared:
    """What every λ of one problem shares: weights that sum to one, scaled columns, the null model."""

    def __init__(self, problem: Any) -> None:
        self.problem, self.loss = problem, problem.loss
        weight = np.asarray(problem.sample_weight, dtype=np.float64)
        self.weight = weight / weight.max()
        self.weight /= self.weight.sum()
        self.outputs = self.loss.n_outputs
        n = problem.n_samples
        shape = (n,) if self.outputs == 1 else (n, self.outputs)
        offset = np.asarray(problem.offset, np.float64)
        self.offset = np.broadcast_to(offset.reshape(n, 1), shape) if offset.ndim < len(shape) else offset
        self.intercept = bool(problem.fit_intercept and self.loss.has_intercept)
        self.columns = columns_of(problem.design, self.weight, self.intercept or not self.loss.has_intercept)
        factor = np.asarray(problem.penalty_factor, np.float64)
        self.excluded = np.isinf(factor) | (self.columns.constant if problem.standardize else False)
        if problem.groups is not None:
            self.excluded = self.excluded | np.isinf(np.asarray(problem.groups.factor))[problem.groups.index]
        self.factor = np.where(self.excluded, 0.0, factor)
        start, value = self.loss.null(self.offset, self.weight, self.intercept)
        lowest = self.loss.saturated(self.weight)
        self.null = value - lowest
        if self.null <= FLAT * (abs(value) + abs(lowest)):
            self.null = 0.0
        slope = self.rows(self.loss.gradient(self.offset + start, self.weight))
        live = self.weight > 0
        self.reference = math.sqrt(float(np.sum(slope[live] ** 2 / self.weight[live, None])))

    def rows(self, x: Array) -> Array:
        """(n,) as (n, 1); (n, K) as it is."""
        return x.reshape(x.shape[0], -1)

    def penalty(self, lam: float) -> Separable | Grouped:
        """The penalty at ``lam`` in scaled units; what is excluded carries none (its coefficient is 0)."""
        problem, unit = self.problem, self.columns.unit
        spread = self.columns.sd if problem.standardize else 1.0 / unit  # t_j / unit_j
        mix, groups = float(problem.l1_ratio), problem.groups
        if groups is not None:
            v, share = np.asarray(groups.factor, np.float64), float(groups.share)
            v = np.where(np.isinf(v), 0.0, v)
            l1 = lam * mix * share * self.factor
            spread = np.where(self.excluded, 0.0, spread)
            return Grouped(groups.index, lam * mix * (1.0 - share) * v, lam * (1.0 - mix) * v, l1, spread)
        p1, p2 = lam * mix * self.factor * spread, lam * (1.0 - mix) * self.factor * spread**2
        lower, upper = np.asarray(problem.lower) * unit, np.asarray(problem.upper) * unit
        lower, upper = np.where(self.excluded, 0.0, lower), np.where(self.excluded, 0.0, upper)
        return Separable(Penalty(p1, p2, lower, upper), self.outputs)

    def admissible(self, coef: Array, intercept: Array) -> bool:
        """Finite, inside the bounds, 0 where excluded, and no intercept where none is fitted."""
        lower, upper = np.asarray(self.problem.lower)[:, None], np.asarray(self.problem.upper)[:, None]
        ok = bool(np.all(np.isfinite(coef)) and np.all(np.isfinite(intercept)))
        ok = ok and bool(np.all(coef >= lower) and np.all(coef <= upper)) and not np.any(coef[self.excluded])
        return ok and (self.intercept or not np.any(intercept))

    def predictors(self, coef: Array, intercept: Array) -> list[Array]:
        """offset + intercept + X coef for coef (p, K, L): L arrays of η's shape."""
        p, outputs, n_lams = coef.shape
        flat = coef.reshape(p, -1)
        moved = self.columns.predict(flat * self.columns.unit[:, None])
        if self.intercept:  # without one in the loss (Cox) the centre of a column is of no consequence
            moved = moved + (intercept.reshape(-1) + self.columns.shift @ flat)
        moved = moved.reshape(-1, outputs, n_lams)
        return [self.offset + (moved[:, 0, k] if outputs == 1 else moved[:, :, k]) for k in range(n_lams)]

    def correlations(self, slope: Array) -> Array:
        """c = −Z'v (p, K), 0 where excluded."""
        c = -self.columns.correlate(self.rows(slope))
        c[self.excluded] = 0.0
        return c


def certify_many(problem: Any, coef: Array, intercept: Array, lams: Array) -> list[Certificate]:
    """``certify`` for several solutions of one problem with a loss.

    Parameters
    ----------
    problem : riata.core.problem.Problem, with ``loss``
    coef : (n_features, L), or (n_features, K, L) for K outputs; intercept : (L,) or (K, L); lams : (L,)

    Returns
    -------
    list of Certificate
        ``gap_rel`` is the gap over (value of the null model − smallest value that any η could have): 0-based, so that
        constants in the loss do not matter. For least squares that is the null model's objective.
    """
    if problem.groups is not None and (np.any(np.isfinite(problem.lower)) or np.any(np.isfinite(problem.upper))):
        raise InvalidOption("Bounds go with separable penalties only.", got="bounds and groups")
    lams, outputs = np.asarray(lams, np.float64), problem.loss.n_outputs
    coef, intercept = np.asarray(coef, np.float64), np.asarray(intercept, np.float64)
    expected: tuple[tuple[int, ...], ...] = ((problem.n_features, lams.size), (lams.size,))
    if outputs > 1:
        expected = ((problem.n_features, outputs, lams.size), (outputs, lams.size))
    if (coef.shape, intercept.shape) != expected:
        raise ValueError(f"coef and intercept must have shapes {expected}; got {coef.shape} and {intercept.shape}")
    if not np.all(np.isfinite(lams)) or np.any(lams < 0):
        raise ValueError("a certificate needs lambda >= 0 and finite")
    coef, intercept = coef.reshape(-1, outputs, lams.size), intercept.reshape(outputs, lams.size)
    out: list[Certificate] = []
    with one_blas_thread(), np.errstate(over="ignore"):
        prepared = Prepared(problem)
        step = max(1, NUMBERS // (outputs * max(problem.n_samples, problem.n_features, 1)))
        for start in range(0, lams.size, step):
            at = slice(start, start + step)
            etas = prepared.predictors(np.where(np.isfinite(coef[:, :, at]), coef[:, :, at], 0.0), intercept[:, at])
            for k, eta in enumerate(etas, start):
                out.append(_certificate(prepared, coef[:, :, k], intercept[:, k], float(lams[k]), eta))
    return out


def _certificate(prepared: Prepared, coef: Array, intercept: Array, lam: float, eta: Array) -> Certificate:
    loss, columns, weight = prepared.loss, prepared.columns, prepared.weight
    value = loss.value(eta, weight)
    if not prepared.admissible(coef, intercept) or not math.isfinite(value):
        return Certificate(np.inf, -np.inf, np.inf, np.inf, np.inf)
    penalty = prepared.penalty(lam)
    w = coef * columns.unit[:, None]
    primal = value + penalty.value(w)
    gap = _smallest_gap(prepared, penalty, w, eta, intercept + columns.shift @ coef)
    if prepared.null > 0:
        gap_rel = gap / prepared.null
    else:
        gap_rel = 0.0 if gap <= FLAT * (1.0 + abs(primal)) else np.inf
    return Certificate(primal, primal - gap, gap, gap_rel, _kkt(prepared, penalty, coef, w, eta))


def _kkt(prepared: Prepared, penalty: Separable | Grouped, coef: Array, w: Array, eta: Array) -> float:
    """Largest distance from stationarity as a correlation with the null model's gradient."""
    problem, columns = prepared.problem, prepared.columns
    counted = (columns.norm > 0) & ~prepared.excluded
    if prepared.reference == 0:
        return 0.0
    slope = prepared.loss.gradient(eta, prepared.weight)
    at_lower = coef <= np.asarray(problem.lower)[:, None] * (1.0 - AT_BOUND)
    at_upper = coef >= np.asarray(problem.upper)[:, None] * (1.0 - AT_BOUND)
    away = penalty.away(w, prepared.correlations(slope), at_lower, at_upper)
    mean = float(np.max(np.abs(prepared.rows(slope).sum(axis=0)))) if prepared.intercept else 0.0
    worst = float(np.max(away[counted] / columns.norm[counted, None], initial=0.0))
    return max(mean, worst) / prepared.reference


def _smallest_gap(prepared: Prepared, penalty: Separable | Grouped, w: Array, eta: Array, intercept: Array) -> float:
    """Smallest gap over the candidates: nothing but intercept and free columns refitted, then the support too."""
    size = prepared.columns.norm[:, None] > 0
    free = np.broadcast_to(penalty.free & size, w.shape)
    free = free & ~prepared.excluded[:, None]
    best, _ = _candidate(prepared, penalty, w, eta, intercept, free)
    zero = prepared.loss.fenchel_young_along(eta, eta, 0.0, prepared.weight)
    best = min(best, zero + penalty.fenchel_young(w, np.zeros_like(w)))
    fixed, careful = free | (penalty.support(w) & size), False
    for _ in range(ROUNDS):
        n, k = prepared.weight.size, int(fixed.sum())
        if best <= SHARP * prepared.null or k == 0 or n * k > ROOM or n * float(k) ** 2 > WORK:
            break
        gap, violating = _candidate(prepared, penalty, w, eta, intercept, fixed)
        if not math.isfinite(gap) and not careful:  # once: without the columns that depend on larger ones
            fixed, careful = _thinned(prepared, w, fixed), True
            continue
        best = min(best, gap)
        wider = fixed | violating
        wider = _thinned(prepared, w, wider) if careful else wider
        if np.array_equal(wider, fixed):
            break
        fixed = wider
    return best


def _thinned(prepared: Prepared, w: Array, fixed: Array) -> Array:
    """``fixed`` without the features whose columns depend on those of larger coefficients."""
    used = np.flatnonzero(fixed.any(axis=1))
    if not used.size:
        return fixed
    size = np.abs(w[used]).max(axis=1) * prepared.columns.norm[used]
    out = fixed.copy()
    out[used[~independent(prepared.columns.gather(used), prepared.weight, size)]] = False
    return out


def _candidate(
    prepared: Prepared, penalty: Separable | Grouped, w: Array, eta: Array, intercept: Array, fixed: Array
) -> tuple[float, Array]:
    """(gap, entries still infeasible) with the candidate refitted on ``fixed``; (∞, …) where that failed."""
    loss, weight, columns = prepared.loss, prepared.weight, prepared.columns
    goal = np.zeros_like(w)
    if fixed.any():
        goal = penalty.goal(w, prepared.correlations(loss.gradient(eta, weight)))
        if loss.balanced:  # no gradient has rows that do not sum to 0, so no candidate can meet such goals
            goal -= np.where(fixed.all(axis=1, keepdims=True), goal.mean(axis=1, keepdims=True), 0.0)
    used, ridge = np.flatnonzero(fixed.any(axis=1)), np.broadcast_to(penalty.ridge, w.shape)
    refit = Refit(loss, weight, columns.gather(used), fixed[used], goal[used], ridge[used], prepared.intercept)
    at, reached = refit.run(eta)
    goal[fixed] = reached[: int(fixed.sum())]
    slope = loss.gradient(at, weight)
    c = prepared.correlations(slope)
    missed = np.abs(c - goal)[fixed]
    sums = np.abs(prepared.rows(slope).sum(axis=0)) if prepared.intercept else np.zeros(prepared.outputs)
    scale = float(np.abs(slope).sum())
    norms = np.repeat(columns.norm[:, None], prepared.outputs, axis=1)[fixed]
    allowed = LEFT_OVER * scale + min(_blur(loss, at, weight), 100 * LEFT_OVER * scale)
    if np.any(missed > allowed * norms) or np.any(sums > allowed):
        return np.inf, np.zeros(w.shape, bool)
    # what rounding left is charged to the coefficients that it belongs to
    doubt = float(np.abs(w[fixed]) @ missed) + float(np.abs(intercept) @ sums)
    # an entry whose coefficient is 0 pays nothing for what was missed: its own correlation decides what is feasible
    held = fixed & ((w != 0) | penalty.free)
    c[held] = goal[held]
    return _along(prepared, penalty, w, eta, at, c, doubt), penalty.violating(c)


def _blur(loss: Any, eta: Array, weight: Array) -> float:
    """What the last digit of η makes of the gradient: near a perfect fit of a square root that is much."""
    if loss.n_outputs > 1:
        return 0.0
    return float(np.abs(loss.hessian_times(eta, weight, ULPS * np.abs(eta)[:, None])).sum())


def _along(
    prepared: Prepared, penalty: Separable | Grouped, w: Array, eta: Array, at: Array, c: Array, doubt: float
) -> float:
    """The smallest gap over 0 < a ≤ 1 of a·∇F(at)."""
    high = penalty.largest_scale(c)

    def gap(a: float) -> float:
        loss = prepared.loss.fenchel_young_along(eta, at, a, prepared.weight)
        return loss + penalty.fenchel_young(w, a * c) + a * doubt

    best = gap(high)
    if high == 0 or gap(high * (1.0 - EDGE)) >= best:
        return best
    found = minimize_scalar(gap, bounds=(0.0, high), method="bounded", options={"xatol": 1e-11 * high})
    return min(best, float(found.fun))
