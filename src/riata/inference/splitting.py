"""Multi-sample splitting: choose on one half, test on the other, many times over."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import t as student

from riata.core.errors import InvalidData, InvalidOption
from riata.core.problem import Floats, Problem
from riata.inference.division import folds_given, folds_within, halves_of_groups
from riata.inference.intervals import Intervals, check_level, spread_of
from riata.inference.reading import read
from riata.path.fit import fit_path
from riata.select.cv import cross_validate

GAMMA_MIN = 0.05


def multi_split(
    X: Any, y: Any, *, splits: int = 50, level: float = 0.95, rule: str = "min", at_most: int | None = None,
    folds: int = 10, halves: Any = None, seed: int = 0, **options: Any,
) -> Intervals:  # fmt: skip
    """Which features matter, by p-values that need no theory of the lasso: half of the rows choose, the others test.

        P_j = min(1, (1 − log γ_min) inf_{γ ≥ γ_min} Q_γ(p_j^b) / γ),   p_j^b = min(1, |Ŝ_b| · p of j in the refit)

    For each split b the lasso selects Ŝ_b on a random half, and least squares on Ŝ_b is tested on the other half by
    Student's t; features outside Ŝ_b have p = 1. Q_γ is the γ-quantile over splits, γ_min = 0.05. The result controls
    the probability of any false feature: p-values are adjusted as they come.

    Target: the coefficients of the linear model that holds all relevant features.

    Assumptions: every half's lasso selects all relevant features (screening), Gaussian errors with one variance. Where
    a weak feature is missed, another that is correlated with it takes its effect and may be called significant; λ_min
    misses fewer than λ_1se. Where screening holds the method is conservative.

    Parameters
    ----------
    X, y, and options (feature_names, drop, keep, …) : as for :func:`riata.select`; gaussian
    splits : random halves
    level : of the intervals, which invert the combined test: all θ for which "coefficient j is θ" is not rejected;
        −∞ to ∞ for features that are selected too rarely
    rule : how λ is chosen on each half; ``at_most`` m takes instead the largest model on the path with ≤ m features
    folds, foldid, cv, seed : of the cross-validation on each half, and of everything random
    fold_groups : rows alike in it stay together, in the halves and in their folds
    halves : (splits, n_samples) of 1 for rows that choose and 0 for those that test, instead of ``seed``

    Returns
    -------
    Intervals
        details["frequency"] says how often each feature was selected; coef is its median least-squares estimate.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 5))
    >>> riata.multi_split(X, X[:, 1] + rng.standard_normal(100), splits=20).selected
    ['x1']

    References
    ----------
    Wasserman & Roeder (2009), Ann. Stat. 37; Meinshausen, Meier & Bühlmann (2009), J. Am. Stat. Assoc. 104.
    """
    level = check_level(level)
    problem, data, o = read(X, y, alike="multi_split", **options)
    if problem.loss is not None:
        raise InvalidOption("multi_split knows the gaussian family.", got=problem.family)
    if splits < 2 or problem.n_samples < 8:
        raise InvalidData("multi_split needs two splits and eight rows.", got=f"{splits}, {problem.n_samples}")
    rng = np.random.default_rng(seed)
    given = _given(data.per_row(halves, "halves"), problem.n_samples)
    together = data.per_row(o.fold_groups, "fold_groups")
    foldid = None if o.foldid is None and o.cv is None else folds_given(problem, data, o, folds, seed)
    splits, p = splits if given is None else len(given), problem.n_features
    estimate, error = np.full((2, splits, p), np.nan)
    size, left = np.zeros(splits), np.ones(splits)
    for b in range(splits):
        half = _drawn(rng, problem.n_samples, together) if given is None else given[b]
        within = partial(folds_within, half, foldid, together, folds, int(rng.integers(2**31)))
        at = _chosen(problem, half, rule, at_most, within)
        estimate[b, at], error[b, at], left[b] = _least_squares(problem, ~half, at)
        size[b] = len(at)
    return _combined(problem, estimate, error, size, left, level, rule)


def _given(halves: Any, n: int) -> Any:
    """(splits, n) whether a row chooses; None where halves are to be drawn."""
    if halves is None:
        return None
    member = np.atleast_2d(halves)
    if not np.isin(member, (0, 1)).all() or len(member) < 2 or min(member.sum(1).min(), n - member.sum(1).max()) < 4:
        raise InvalidData("halves must hold 0 or 1 for each row, and four rows of each.", got=f"shape {member.shape}")
    return member == 1


def _drawn(rng: np.random.Generator, n: int, together: Any) -> Any:
    """(n,) whether a row chooses: a random half of the rows, or of the groups of rows that stay together."""
    if together is None:
        return rng.permutation(n) < n // 2
    half = halves_of_groups(together, rng) == 0
    if min(half.sum(), n - half.sum()) < 4:
        raise InvalidData("fold_groups leave no halves with four rows in each.", got=f"{len(set(together))} groups")
    return half


def _chosen(problem: Problem, half: Any, rule: str, at_most: int | None, within: Callable[[], Any]) -> Any:
    """Features that the lasso selects on a half; no more than leave the other half something to test with."""
    part, room = problem.train_on(half), int((~half).sum()) - 2
    if at_most is None:
        cv = cross_validate(part, foldid=within())
        path, k = cv.path, cv.index(rule)
    else:
        path, room = fit_path(part, tol=1e-6), min(at_most, room)
        k = int(np.flatnonzero(np.maximum.accumulate(path.df) <= room)[-1])
    while k and path.df[k] > room:
        k -= 1
    return path.active[path.coef_active[:, k] != 0]


def _least_squares(problem: Problem, rows: Any, at: Any) -> tuple[Floats, Floats, int]:
    """(coefficients, standard errors, residual degrees of freedom) on the rows that did not choose."""
    X, y = problem.design.columns(at)[rows], (problem.y - problem.offset)[rows]
    if problem.fit_intercept:
        X, y = X - X.mean(axis=0), y - y.mean()
    inverse = np.linalg.pinv(X)
    left = len(y) - len(at) - problem.fit_intercept
    coef = inverse @ y
    sigma = np.sqrt(np.sum((y - X @ coef) ** 2) / left)
    error = sigma * np.sqrt(np.einsum("ij,ij->i", inverse, inverse))
    return coef, np.where(error > 0, error, np.nan), left


def aggregate(pvalues: Floats) -> Floats:
    """min(1, (1 − log γ_min) inf_γ Q_γ/γ) over the first axis, γ running over multiples of 1/B from γ_min."""
    ordered = np.sort(pvalues, axis=0)
    B = len(ordered)
    place = np.arange(max(1, int(np.ceil(GAMMA_MIN * B - 1e-9))), B + 1)
    ratio = ordered[place - 1] / (place / B).reshape(-1, *[1] * (pvalues.ndim - 1))
    return np.minimum(1.0, (1.0 - np.log(GAMMA_MIN)) * ratio.min(axis=0))


def _combined(
    problem: Problem, estimate: Floats, error: Floats, size: Floats, left: Floats, level: float, rule: str
) -> Intervals:
    def pvalues(theta: Floats) -> Floats:
        t = np.abs(estimate - theta) / error
        each = 2.0 * student.sf(t, left[:, None]) * size[:, None]
        return aggregate(np.where(np.isnan(each), 1.0, np.minimum(each, 1.0)))

    seen = np.isfinite(estimate).any(axis=0)
    middle, spread = np.full((2, estimate.shape[1]), np.nan)
    middle[seen] = np.nanmedian(estimate[:, seen], axis=0)
    spread[seen] = np.nanmedian(error[:, seen], axis=0)
    found = pvalues(np.zeros_like(middle))
    ends = [_end(pvalues, middle, spread, side, 1.0 - level) for side in (-1.0, 1.0)]
    return Intervals(
        method="multi-sample splitting",
        target="the coefficients of the linear model that holds all relevant features",
        assumptions="each half's lasso selects all relevant features; Gaussian errors of one variance",
        reference="Meinshausen, Meier & Bühlmann (2009)",
        features=list(problem.design.names or [f"x{j}" for j in range(problem.n_features)]),
        coef=middle, se=spread, ci=np.column_stack(ends), pvalues=found, adjusted=found,
        adjustment="multi-sample splitting", level=level, sigma=float("nan"),
        scale=spread_of(problem),
        details={"frequency": np.isfinite(estimate).mean(axis=0), "rule": rule, "splits": len(estimate)},
    )  # fmt: skip


def _end(pvalues: Callable[[Floats], Floats], middle: Floats, spread: Floats, side: float, alpha: float) -> Floats:
    """The furthest value to one side that is not rejected, feature by feature; ±∞ where none is."""
    reach = np.full_like(middle, 1e4)
    near, far = (
        np.where(np.isnan(middle), 0.0, middle),
        np.where(np.isnan(middle), side, middle + side * reach * spread),
    )
    endless = ~(pvalues(far) <= alpha)
    for _ in range(80):
        half = 0.5 * (near + far)
        out = pvalues(half) <= alpha
        near, far = np.where(out, near, half), np.where(out, half, far)
    return np.where(endless, side * np.inf, far)
