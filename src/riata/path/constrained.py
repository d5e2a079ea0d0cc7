"""riata.constrained: the lasso in the form that bounds the length of the coefficients instead of pricing it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidOption
from riata.core.problem import Floats, Problem
from riata.core.results import Path
from riata.path.build import make_problem
from riata.path.drive import MAX_ITER
from riata.path.fit import fit_path, learnt
from riata.path.grid import lam_max
from riata.path.roots import solve_increasing

LEAST = 1e-10  # smallest λ looked at, over λ_max: a length that is not reached there is not bounded by anything
EXACT = 1e-13


@dataclasses.dataclass(frozen=True, eq=False)
class Constrained:
    """Solutions for lengths t, in the caller's order.

    Attributes
    ----------
    radius : (k,) the bounds t on Σ vⱼ|tⱼwⱼ|
    lam : (k,) the λ whose penalised solution this is; 0 (or next to it, unless there are more rows than columns)
        where the bound does not bind
    length : (k,) Σ vⱼ|tⱼwⱼ|, which is the radius up to rounding where the bound binds
    coef : (n_features, k);  intercept : (k,)
    gap_rel : (k,) proven bound: (objective − minimum under the constraint) / objective of the null model
    feature_names : list of str
    """

    radius: Floats
    lam: Floats
    length: Floats
    coef: Floats
    intercept: Floats
    gap_rel: Floats
    feature_names: list[str]

    def __repr__(self) -> str:
        size = f"{len(self.radius)} radius" if len(self.radius) == 1 else f"{len(self.radius)} radii"
        return f"Constrained({size}, {len(self.feature_names):,} features, gap_rel ≤ {np.max(self.gap_rel):.1e})"

    def predict(self, X: Any) -> Floats:
        """(n_rows, k) linear predictors."""
        return X @ self.coef + self.intercept


def constrained(X: Any, y: Any, radius: Any, *, max_iter: int = MAX_ITER, threads: int | None = None,
                **options: Any) -> Constrained:  # fmt: skip
    """Exact solutions of a linear model whose coefficients have bounded length.

        minimise over (b, w)  (1/Σsᵢ) Σ sᵢ loss(yᵢ, oᵢ + b + xᵢᵀw)   subject to   Σⱼ vⱼ|tⱼwⱼ| ≤ radius

    The solution is that of the penalised problem at one λ: the length of w(λ) falls as λ grows, and its equation is
    solved along the path. For least squares the length is linear in λ between changes of the support, so that the
    solution is exact.

    Parameters
    ----------
    X, y : as for :func:`riata.path`
    radius : a number ≥ 0, or several
    options : ``family`` and its options, ``standardize``, ``sample_weight``, ``offset``, ``penalty_factor``, bounds …
        as for :func:`riata.path`; ``penalty`` may be "l1" or "adaptive"

    Returns
    -------
    Constrained

    Examples
    --------
    >>> import numpy as np
    >>> fit = constrained(np.array([[1.0], [-1.0]]), np.array([2.0, -2.0]), 1.5, standardize=False)
    >>> fit.coef.tolist(), fit.lam.round(12).tolist()
    ([[1.5]], [0.5])

    References
    ----------
    Tibshirani (1996), J. R. Stat. Soc. B 58; Osborne, Presnell & Turlach (2000), J. Comput. Graph. Stat. 9.
    """
    try:
        t = np.atleast_1d(np.asarray(radius, np.float64))
    except (TypeError, ValueError):
        raise InvalidOption("radius must hold numbers.", got=repr(radius)) from None
    if t.ndim != 1 or not len(t) or not (np.isfinite(t) & (t >= 0)).all():
        raise InvalidOption("radius bounds a sum of absolute values.", expected="finite numbers ≥ 0", got=radius)
    problem = make_problem(X, y, **options)
    if problem.l1_ratio != 1.0 or (problem.penalty is not None and not problem.penalty.convex):
        raise InvalidOption("A bound on the length goes with absolute values only.", expected='"l1" or "adaptive"')
    problem = learnt(problem, threads)
    return _Lengths(problem, max_iter, threads).solve(t)


class _Lengths:
    """Σ v|tw| of the solution at any λ."""

    def __init__(self, problem: Problem, max_iter: int, threads: int | None):
        self.problem, self.how = problem, {"max_iter": max_iter, "threads": threads, "tol": EXACT}
        self.top = lam_max(problem)

    def path(self, lams: Floats) -> tuple[Path, NDArray[np.intp]]:
        """Solutions, and where in them the λ, in the order given, are."""
        path = fit_path(self.problem, np.unique(lams)[::-1], **self.how)
        return path, np.searchsorted(-path.lams, -lams)

    def of(self, path: Path) -> Floats:
        t = path.scale if self.problem.standardize else np.ones(self.problem.n_features)
        weight = (self.problem.penalty_factor * t)[path.active]
        return np.asarray(weight @ np.abs(path.coef_active))

    def minus(self, lams: Floats) -> Floats:
        """−length, which increases with λ."""
        path, where = self.path(lams)
        return -self.of(path)[where]

    def roots(self, t: Floats) -> Floats:
        """λ for every length; 0 where even the smallest λ gives less, λ_max for 0."""
        if self.top <= 0:
            return np.zeros(len(t))
        grid = self.top * np.append(np.logspace(0, -4, 40), LEAST)
        known = -self.minus(grid)
        # without more rows than columns λ = 0 has many solutions; the bound on the gap below counts what that leaves
        n, p = self.problem.design.shape
        out = np.where(t > known[-1], 0.0 if p < n else grid[-1], self.top)
        inside = np.flatnonzero((t > 0) & (t <= known[-1]))
        after = np.searchsorted(known, t[inside], side="left")  # the first λ whose solution is at least as long
        low, high = grid[after], grid[np.maximum(after - 1, 0)]
        ends = -known[after], -known[np.maximum(after - 1, 0)]
        if len(inside):
            out[inside] = solve_increasing(self.minus, -t[inside], low, high, *ends)
        return out

    def solve(self, t: Floats) -> Constrained:
        lams = self.roots(t)
        path, where = self.path(lams)
        length = self.of(path)[where]
        coef = path.coef[:, where]
        null = 0.5 * path.null_deviance
        # gap under the constraint ≤ gap of the penalised problem + λ (t − length)
        slack = lams * np.abs(t - length) / null if null > 0 else np.zeros(len(t))
        return Constrained(
            t, lams, length, coef, path.intercept[where], path.gap_rel[where] + slack,
            path.feature_names,
        )  # fmt: skip
