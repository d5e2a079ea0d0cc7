"""The square-root lasso, read off the lasso's path.

    minimise √(Σ sᵢ rᵢ²) + λ·penalty(w)        (Σ s = 1)

Where the residual is not 0, its stationarity is that of the lasso at μ = λ·‖r‖ (Belloni, Chernozhukov & Wang 2011), and
μ/‖r(μ)‖ increases with μ: each λ is one monotone equation, all of them are solved together, and every evaluation is a
path of exact lasso solutions. Below some λ the residual is 0 where there are as many features as rows: then the
solution is the limit μ → 0, and μ stays at a tiny value, which costs a gap_rel of some 1e-8.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.errors import InvalidOption
from riata.core.problem import Floats, Problem
from riata.core.results import Path
from riata.core.status import Status
from riata.path.drive import solve_path, warn_missed
from riata.path.grid import checked, lam_max, spread
from riata.path.roots import solve_increasing

LEAST = (
    5e-9  # smallest μ, over the lasso's λ_max: below, the length of a perfect fit is lost in the rounding of squares
)
EXACT = 1e-20  # relative gap of the lassos behind: as small as it gets


def squares(problem: Problem) -> Problem:
    """The least-squares problem behind."""
    return problem.replace(loss=None, family="gaussian")


def sqrt_grid(problem: Problem, n_lams: int, lam_min_ratio: float | None) -> Floats:
    """The default grid: λ_max is the lasso's over the norm of its residual there."""
    behind = squares(problem)
    top = lam_max(behind)
    norm = float(_Lassos(behind, {}).lengths(np.array([top]))[0]) if top > 0 else 1.0
    return spread(problem, top / norm if norm > 0 else 0.0, n_lams, lam_min_ratio)


class _Lassos:
    """Residual norms of the lasso at any μ."""

    def __init__(self, problem: Problem, how: dict[str, Any]):
        self.problem, self.how, self.rounds = problem, how, 0
        self.s = problem.sample_weight / problem.sample_weight.sum()

    def path(self, mus: Floats, tol: float = EXACT) -> Path:
        self.rounds += 1
        return solve_path(self.problem, mus, tol=tol, **self.how)

    def lengths(self, mus: Floats) -> Floats:
        """‖r(μ)‖ for μ in any order."""
        path = self.path(mus)
        y = self.problem.y - self.problem.offset
        fit = self.problem.design.columns(path.active) @ path.coef_active + path.intercept
        length = np.sqrt(self.s @ (y[:, None] - fit) ** 2)
        return length[np.searchsorted(-path.lams, -mus)]

    def ratio(self, mus: Floats) -> Floats:
        """μ/‖r(μ)‖."""
        length = self.lengths(mus)
        return mus / np.maximum(length, np.finfo(float).tiny)


def sqrt_path(
    problem: Problem, lams: Any = None, *, n_lams: int = 100, lam_min_ratio: float | None = None, tol: float = 1e-8,
    early_stop: bool = False, warn: bool = False, start: Floats | None = None, prove: bool = True, **how: Any,
) -> Path:  # fmt: skip
    """The path of a problem with the family "sqrt"; arguments as for ``solve_path``.

    Without ``prove`` gap_rel is that of the lassos behind: for steps on the way to something else.
    """
    if early_stop:
        raise InvalidOption("The square-root lasso's path has no early stop.", got="early_stop=True")
    grid = sqrt_grid(problem, n_lams, lam_min_ratio) if lams is None else checked(lams)
    run = _Lassos(squares(problem), how)
    mus = penalties_behind(run, grid)
    # two λ may have one μ where the residual is 0
    path = run.path(np.unique(mus)[::-1])
    where = np.searchsorted(-path.lams, -mus)
    coef_active, intercept = path.coef_active[:, where], path.intercept[where]
    gaps = path.gap_rel[where]
    if prove:
        coef = np.zeros((problem.n_features, len(grid)))
        coef[path.active] = coef_active
        simple = simple_gaps(problem, path, coef, intercept, grid)
        if simple is None:
            from riata.certify import certify_many  # brings scipy.optimize, which no other path needs

            simple = np.array([c.gap_rel for c in certify_many(problem, coef, intercept, grid)])
        gaps = simple
    missed = bool((gaps > tol).any())
    if warn and missed:
        warn_missed(grid, gaps, tol)
    length = np.sqrt(np.maximum(1.0 - path.dev_ratio[where], 0.0))
    return Path(
        lams=grid, active=path.active, coef_active=coef_active, intercept=intercept, gap_rel=gaps,
        dev_ratio=1.0 - length, null_deviance=2.0 * float(np.sqrt(path.null_deviance)), scale=path.scale,
        mean=path.mean, feature_names=path.feature_names, l1_ratio=problem.l1_ratio, standardize=problem.standardize,
        fit_intercept=problem.fit_intercept, status=Status.max_iter if missed else Status.converged,
        early_stopped=False, stats={**path.stats, "paths": run.rounds, "lams_behind": mus},
    )  # fmt: skip


def simple_gaps(problem: Problem, path: Path, coef: Floats, intercept: Floats, lams: Floats) -> Floats | None:
    """gap_rel from the dual point a·r/‖r‖, which is sharp down to a perfect fit; None where more is needed.

    gap = (1 − a)‖r‖ + Σ λvⱼ|tⱼwⱼ| − a cⱼwⱼ,   c = X'Sr/‖r‖,   a ≤ 1 the largest with a|cⱼ| ≤ λvⱼtⱼ
    """
    t = path.scale if problem.standardize else np.ones(problem.n_features)
    out = np.isinf(problem.penalty_factor) | (problem.standardize & (path.scale == 0))
    bounded = np.isfinite(problem.lower).any() or np.isfinite(problem.upper).any()
    null = 0.5 * path.null_deviance
    if problem.l1_ratio < 1 or bounded or (problem.penalty_factor == 0).any() or null == 0:
        return None
    s = problem.sample_weight / problem.sample_weight.sum()
    used = path.active
    r = (problem.y - problem.offset)[:, None] - problem.design.columns(used) @ coef[used] - intercept
    r -= (s @ r) * problem.fit_intercept
    norm = np.sqrt(s @ r**2)
    unit = s[:, None] * r / np.maximum(norm, np.finfo(float).tiny)
    c = problem.design.correlate(unit) - path.mean[:, None] * unit.sum(axis=0)
    edge = np.where(out, np.inf, problem.penalty_factor * t)[:, None] * lams
    a = np.minimum(1.0, 1.0 / np.max(np.abs(c) / np.maximum(edge, np.finfo(float).tiny), axis=0, initial=1e-300))
    paid = np.where(out[:, None], 0.0, np.where(np.isinf(edge), 0.0, edge) * np.abs(coef) - a * c * coef)
    return np.asarray(((1.0 - a) * norm + np.maximum(paid, 0.0).sum(axis=0)) / np.sqrt(path.null_deviance))


def penalties_behind(run: _Lassos, lams: Floats) -> Floats:
    """μ with μ = λ‖r(μ)‖ for every λ > 0 of a decreasing grid."""
    top = lam_max(run.problem)
    null = float(run.lengths(np.array([top]))[0])
    out = lams * null  # from λ_max on, where the residual is the null model's
    if top <= 0 or null <= 0:
        return out
    # a grid at μ = λ·‖r‖ of the null model brackets every root from above, since ‖r‖ grows with μ; from below the
    # λ after it does, or nothing but 0
    low = np.full(len(lams), LEAST * top)
    floor = float(run.ratio(low[:1])[0])
    inside = np.flatnonzero((lams < top / null) & (lams > floor))
    out[lams <= floor] = LEAST * top
    if not len(inside):
        return out
    high = out[inside]
    h_high = run.ratio(high)
    # the points of the grid below a λ's own that are known to be too small tighten its bracket
    lo, h_lo = low[inside], np.full(len(inside), floor)
    for k, lam in enumerate(lams[inside]):
        under = np.flatnonzero(h_high <= lam)
        if len(under):
            lo[k], h_lo[k] = high[under[0]], h_high[under[0]]
    out[inside] = solve_increasing(run.ratio, lams[inside], lo, high, h_lo, h_high)
    return out
