"""Certificates of Gaussian problems: residual, dual point, gap and stationarity from scratch."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from riata.certify.columns import columns_of, power_of_two
from riata.certify.dual import LEFT_OVER, Point, gap_along, project
from riata.certify.penalty import Penalty
from riata.core.blas import one_blas_thread

Array = np.ndarray

NUMBERS = 4_000_000  # residuals held at a time: 32 MB
SHARPEN = 1e-10  # a relative gap above this is worth another pass over X for a better dual point
WORK = 2e10  # multiplications that the factorisation of a correction may take (some seconds): n k² ...
ROOM = 2e7  # ... and numbers gathered for it (160 MB): n k
AT_BOUND = 1e-12  # a coefficient this close to its bound, in units of the bound, is at it (for kkt only)
ROUNDS = 3  # corrections of one solution


@dataclasses.dataclass(frozen=True)
class Certificate:
    """How far a solution is from optimal, proven from the problem and the coefficients alone.

    Attributes
    ----------
    primal : float
        Objective at (coef, intercept), in units of y squared.
    dual : float
        A proven lower bound of the minimum: ``primal - gap``.
    gap : float
        Duality gap. Infinite when the coefficients break a bound, touch an excluded feature,
        are not finite, or when an intercept is given where none is fitted.
    gap_rel : float
        gap / objective of the null model (coefficients 0, best intercept); no units.
        With a constant target (null objective 0): 0 when the gap is 0 up to rounding, else infinite.
    kkt : float
        Largest distance of a feature's correlation with the residual from what its coefficient
        asks for, as a correlation: divided by sd(x_j)·sd(y about the null model); the intercept's
        own stationarity is included. 0 at an optimum, no units.
    """

    primal: float
    dual: float
    gap: float
    gap_rel: float
    kkt: float


class Prepared:
    """What every λ of one problem shares: weights that sum to one, scaled columns, the scale of y."""

    def __init__(self, problem: Any) -> None:
        self.problem = problem
        weight = np.asarray(problem.sample_weight, dtype=np.float64)
        weight = weight / power_of_two(np.max(weight))
        self.weight = weight / weight.sum()
        live = self.weight > 0
        y = np.where(live, np.asarray(problem.y, np.float64) - np.asarray(problem.offset, np.float64), 0.0)
        size = power_of_two(np.max(np.abs(y)))
        mean = float(self.weight @ (y / size)) * float(size) if problem.fit_intercept else 0.0
        self.centre = min(max(mean, float(y[live].min())), float(y[live].max())) if problem.fit_intercept else 0.0
        self.target = np.where(live, y - self.centre, 0.0)
        spread = float(np.max(np.abs(self.target)))
        self.flat = spread <= 4 * np.finfo(float).eps * float(np.max(np.abs(y)))
        self.scale = float(size if self.flat else power_of_two(np.float64(spread)))
        self.target = self.target / self.scale
        if problem.fit_intercept:  # what rounding left of the mean belongs to the null model's intercept
            null = self.target - self.weight @ self.target
        else:
            null = self.target
        self.null = 0.0 if self.flat else float(0.5 * np.sum(self.weight * null**2))
        self.columns = columns_of(problem.design, self.weight, problem.fit_intercept)
        factor = np.asarray(problem.penalty_factor, np.float64)
        self.excluded = np.isinf(factor) | (self.columns.constant if problem.standardize else False)
        self.factor = np.where(self.excluded, 0.0, factor)

    def penalty(self, lam: float) -> Penalty:
        """The penalty at ``lam`` in scaled units; what is excluded carries none (its coefficient is 0)."""
        problem, unit = self.problem, self.columns.unit
        spread = self.columns.sd if problem.standardize else 1.0 / unit  # t_j / unit_j
        mix = float(problem.l1_ratio)
        largest = np.finfo(float).max
        with np.errstate(over="ignore"):
            p1 = np.minimum((lam / self.scale) * mix * self.factor * spread, largest)
            p2 = np.minimum(lam * (1.0 - mix) * self.factor * spread * spread, largest)
            lower = np.asarray(problem.lower) * unit / self.scale
            upper = np.asarray(problem.upper) * unit / self.scale
        lower, upper = np.where(self.excluded, 0.0, lower), np.where(self.excluded, 0.0, upper)
        return Penalty(p1, p2, lower, upper)

    def admissible(self, coef: Array, intercept: float) -> bool:
        """Finite, inside the bounds, 0 where excluded, and no intercept where none is fitted."""
        problem = self.problem
        ok = bool(np.all(np.isfinite(coef))) and math.isfinite(intercept)
        ok = ok and bool(np.all(coef >= problem.lower) and np.all(coef <= problem.upper))
        ok = ok and not np.any(coef[self.excluded])
        return ok and (problem.fit_intercept or intercept == 0.0)

    def residuals(self, coef: Array, intercept: Array) -> Array:
        """(y - offset - intercept - X coef) / scale for coef (p, L): (n, L), 0 where the weight is 0."""
        shift = self.columns.shift
        constant = [
            math.fsum([float(b), -self.centre, *(shift[used] * w[used]).tolist()]) / self.scale
            for b, w in zip(intercept, coef.T, strict=True)
            for used in [np.flatnonzero(w)]
        ]
        w = coef * self.columns.unit[:, None] / self.scale
        out = self.columns.predict(w)
        np.subtract((self.target[:, None] - np.array(constant)), out, out=out)
        out[self.weight <= 0] = 0.0
        return out

    def centred(self, residual: Array) -> Array:
        """Residuals less their weighted mean, twice for the last digit; as they are without an intercept."""
        if not self.problem.fit_intercept:
            return residual
        out = residual - self.weight @ residual
        out -= self.weight @ out
        out[self.weight <= 0] = 0.0
        return out


def certify_many(problem: Any, coef: Array, intercept: Array, lams: Array) -> list[Certificate]:
    """Certificates of several solutions of one least-squares problem, for the price of about two passes over X.

    Parameters
    ----------
    problem : riata.core.problem.Problem
    coef : (n_features, L); intercept : (L,); lams : (L,)
    """
    coef = np.asarray(coef, dtype=np.float64)
    intercept, lams = np.asarray(intercept, dtype=np.float64), np.asarray(lams, dtype=np.float64)
    if coef.ndim != 2 or coef.shape != (problem.n_features, lams.size) or intercept.shape != lams.shape:
        raise ValueError(
            f"coef must be (n_features, L) with intercept and lams of length L; got {coef.shape}, "
            f"{intercept.shape} and {lams.shape} for {problem.n_features} features"
        )
    if not np.all(np.isfinite(lams)) or np.any(lams < 0):
        raise ValueError("a certificate needs lambda >= 0 and finite")
    out: list[Certificate] = []
    with one_blas_thread():
        prepared = Prepared(problem)
        step = max(1, NUMBERS // max(problem.n_samples, problem.n_features, 1))
        for start in range(0, lams.size, step):
            at = slice(start, start + step)
            out += _certify_some(prepared, coef[:, at], intercept[at], lams[at])
    return out


def _certify_some(prepared: Prepared, coef: Array, intercept: Array, lams: Array) -> list[Certificate]:
    good = [prepared.admissible(w, b) for w, b in zip(coef.T, intercept, strict=True)]
    none = Certificate(np.inf, -np.inf, np.inf, np.inf, np.inf)
    out = [none] * lams.size
    keep = np.flatnonzero(good)
    if not keep.size:
        return out
    residual = prepared.residuals(coef[:, keep], intercept[keep])
    theta = prepared.centred(residual)
    c = prepared.columns.correlate(prepared.weight[:, None] * theta)
    c[prepared.excluded] = 0.0
    for k, j in enumerate(keep):
        out[j] = _certificate(prepared, coef[:, j], float(lams[j]), residual[:, k], theta[:, k], c[:, k])
    return out


def _certificate(prepared: Prepared, coef: Array, lam: float, residual: Array, theta: Array, c: Array) -> Certificate:
    problem, columns = prepared.problem, prepared.columns
    penalty = prepared.penalty(lam)
    w = coef * columns.unit / prepared.scale
    gap = _smallest_gap(prepared, penalty, w, Point(prepared.weight, residual, theta, c))
    primal = float(0.5 * np.sum(prepared.weight * residual**2)) + penalty.value(w)
    at_lower = coef <= problem.lower * (1.0 - AT_BOUND)
    at_upper = coef >= problem.upper * (1.0 - AT_BOUND)
    away = penalty.stationarity(w, c, at_lower, at_upper)
    reference = math.sqrt(2.0 * prepared.null)
    counted = (columns.norm > 0) & ~prepared.excluded
    kkt = 0.0
    if reference > 0:
        mean = abs(float(prepared.weight @ residual)) if problem.fit_intercept else 0.0
        kkt = max(mean, float(np.max(away[counted] / columns.norm[counted], initial=0.0))) / reference
        gap_rel = gap / prepared.null
    else:
        gap_rel = 0.0 if gap <= 1e-28 else np.inf
    unit = prepared.scale
    return Certificate(primal * unit * unit, (primal - gap) * unit * unit, gap * unit * unit, gap_rel, kkt)


def _smallest_gap(prepared: Prepared, penalty: Penalty, w: Array, point: Point) -> float:
    """Smallest gap over the directions that ``riata.certify.dual`` describes."""
    free = (penalty.p1 == 0) & (penalty.p2 == 0) & np.isinf(penalty.lower) & np.isinf(penalty.upper)
    free &= prepared.columns.norm > 0
    best = np.inf
    if not np.any(free):
        best = gap_along(point, penalty, w)
    if best <= SHARPEN * prepared.null:
        return best
    null = point.distance(0.0) + float(np.sum(penalty.fenchel_young(w, np.zeros_like(w))))
    return min(best, null, *_corrected_gaps(prepared, penalty, w, point, free))


def _corrected_gaps(prepared: Prepared, penalty: Penalty, w: Array, point: Point, free: Array) -> list[float]:
    """Gaps after moving the correlations of free columns to 0 and, if few, of the support onto the penalty."""
    columns = prepared.columns
    support = (w != 0) & (w > penalty.lower) & (w < penalty.upper) & (columns.norm > 0)
    gaps: list[float] = []
    for fixed in [free] if np.any(free) else []:
        gaps += _after_projection(prepared, penalty, w, point, fixed)[0]
    fixed = free | support
    for _ in range(ROUNDS):
        n, k = prepared.weight.size, int(np.sum(fixed))
        if k == 0 or n * k > ROOM or n * float(k) ** 2 > WORK:
            break
        found, violating = _after_projection(prepared, penalty, w, point, fixed)
        gaps += found
        if not np.any(violating & ~fixed):
            break
        fixed = fixed | violating
    return gaps


def _after_projection(
    prepared: Prepared, penalty: Penalty, w: Array, point: Point, fixed: Array
) -> tuple[list[float], Array]:
    """(gaps, features still infeasible) once the correlations of ``fixed`` are where w wants them."""
    index = np.flatnonzero(fixed)
    goal = np.where(w != 0, np.sign(w), np.sign(point.c)) * penalty.p1 + penalty.p2 * w
    columns, weight = prepared.columns, point.weight
    theta = project(columns.gather(index), weight, point.theta, goal[index])
    theta = prepared.centred(theta[:, None])[:, 0]
    c = columns.correlate((weight * theta)[:, None])[:, 0]
    c[prepared.excluded] = 0.0
    missed = np.abs(c[index] - goal[index])
    if np.any(missed > LEFT_OVER * columns.norm[index] * math.sqrt(weight @ theta**2)):
        return [], np.zeros_like(fixed)
    c[index] = goal[index]
    moved = Point(weight, point.residual, theta, c)
    return [gap_along(moved, penalty, w, float(np.abs(w[index]) @ missed))], penalty.kinked(c)
