"""The debiased (desparsified) lasso: an interval and a p-value for every coefficient, selected or not."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from scipy.stats import norm

from riata.core.errors import InvalidData, InvalidOption
from riata.core.problem import Floats, Problem
from riata.inference.division import folds_given
from riata.inference.intervals import Intervals, adjust, check_level, spread_of
from riata.inference.nodewise import Nodewise, nodewise
from riata.inference.reading import read
from riata.path.fit import fit_path
from riata.select.cv import cross_validate
from riata.select.evidence import Evidence
from riata.select.folds import make_folds
from riata.select.noise import noise_variance, usual
from riata.select.target import kept_in_proportion
from riata.table.words import count, shown

FAMILIES = ("gaussian", "binomial")


def debiased_lasso(
    X: Any, y: Any, *, level: float = 0.95, adjustment: str = "holm", noise: Any = None, lam: float | None = None,
    lam_nodewise: float | None = None, folds: int = 10, seed: int = 0, **options: Any,
) -> Intervals:  # fmt: skip
    """Which coefficients differ from 0, with an interval for each: the lasso's bias is estimated and taken off.

        b_j = β̂_j + z_j'(y − ŷ) / (z_j'x_j),    se_j = σ ‖z_j‖ / |z_j'x_j|,    b_j ± z_{1−α/2} se_j

    with z_j the residual of the lasso of column j on all others (:mod:`riata.inference.nodewise`). For "binomial" this
    is one Newton step from the lasso: norms and products are weighted by π̂(1 − π̂) and σ = 1.

    Target: the coefficients of the full linear (logistic) model with all columns in it, each by itself. These are not
    p-values "after selection": no feature was chosen before.

    Assumptions: the model is linear, few coefficients are large (of order √n / log p), columns are not too nearly
    dependent (the inverse covariance is sparse), errors independent with one variance. Where p is close to or above n
    the lasso's own bias is no longer small beside its noise. There λ_1se is taken (as R's hdi does), whose residual
    holds what the lasso has shrunk away, so that σ errs high: at 80 × 200 with seven effects of half a σ, λ_min left
    16 % of the intervals of non-zero coefficients without their target, λ_1se 6 % (calibration/results).

    Parameters
    ----------
    X, y, and options (feature_names, drop, keep, offset, …) : as for :func:`riata.select`;
        family "gaussian" or "binomial" (a row of counts is as many rows as it has trials). Sample weights may leave
        rows out and not differ otherwise
    level : of each interval
    adjustment : "holm", "bonferroni", "maxz" (the exact joint law of the largest |z|, by simulation) or "none"
    noise : variance σ², or "ols", "reid", "scaled"; by default "ols" with twice as many rows as columns, else "reid",
        the residual of the lasso at the cross-validated λ_1se
    lam : of the first lasso; by default cross-validated: λ_min, or λ_1se where the noise is "reid"
    lam_nodewise : of the nodewise lassos on unit columns; by default tuned, see :mod:`riata.inference.nodewise`
    folds, seed, foldid, fold_groups, cv : of both cross-validations

    Returns
    -------
    Intervals
        With ``group_test(members)`` for groups of features. Where there are more rows than columns and some columns are
        linear combinations of others, as all levels of a category are, nothing is said of these: NaN, and their names
        are in details["undetermined"]; leave one level out.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 5))
    >>> found = riata.debiased_lasso(X, X[:, 1] + rng.standard_normal(100), feature_names=list("abcde"))
    >>> found.selected
    ['b']

    References
    ----------
    Zhang & Zhang (2014), J. R. Stat. Soc. B 76; van de Geer, Bühlmann, Ritov & Dezeure (2014), Ann. Stat. 42;
    Javanmard & Montanari (2014), J. Mach. Learn. Res. 15.
    """
    level = check_level(level)
    problem, data, o = read(X, y, alike="The debiased lasso", **options)
    if problem.family not in FAMILIES or problem.penalty is not None or problem.l1_ratio != 1.0:
        raise InvalidOption(
            "The debiased lasso knows the gaussian and the binomial family.", got=problem.family, expected="the lasso"
        )
    given = folds_given(problem, data, o, folds, seed)
    drawn = given
    if drawn is None:
        drawn = make_folds(problem.n_samples, folds, seed=seed, strata=kept_in_proportion(data, o))
    start = _first(problem, lam, noise, drawn)
    X, scale = _unit(problem, start)
    loose = _undetermined(X / scale)
    nodes = nodewise(X / scale, lam_nodewise, folds=folds, seed=seed, foldid=given)
    return _intervals(problem, start, X, nodes, loose, level, adjustment, seed)


@dataclasses.dataclass(frozen=True, eq=False)
class _Start:
    """The first lasso: coefficients, the score of every row, curvature, σ and λ."""

    coef: Floats
    score: Floats  # y − ŷ
    weight: Floats  # of each row: 1, or π(1 − π)
    sigma: float
    lam: float


def _first(problem: Problem, lam: float | None, noise: Any, foldid: Any) -> _Start:
    """At λ_min (λ_1se where σ is the residual's), or at the λ given; cross-validated where that teaches something."""
    gaussian, path, best, sigma = problem.loss is None, None, 0, 1.0
    how = (usual(problem) if noise is None else noise) if gaussian else None
    if lam is None or how == "reid":
        cv = cross_validate(problem, foldid=foldid)
        path, best = cv.path, cv.index("1se" if how == "reid" else "min")
    if gaussian:
        evidence = Evidence(problem, path) if path is not None else Evidence(problem, fit_path(problem, [lam]))
        sigma = float(np.sqrt(noise_variance(how, evidence, best)))
    if lam is not None or path is None:
        path, best = fit_path(problem, [lam]), 0
    coef = np.zeros(problem.n_features)
    coef[path.active] = path.coef_active[:, best]
    eta = problem.offset + path.intercept[best] + problem.design.columns(path.active) @ path.coef_active[:, best]
    each = np.ones(len(eta)) if gaussian or problem.loss.multiplicity is None else problem.loss.multiplicity
    if gaussian:
        return _Start(coef, problem.y - eta, each, sigma, float(path.lams[best]))
    loss = problem.loss
    return _Start(coef, -loss.gradient(eta, each), loss.hessian(eta, each), sigma, float(path.lams[best]))


def _unit(problem: Problem, start: _Start) -> tuple[Floats, Floats]:
    """√w ∘ (X − weighted mean), and the root mean square of its columns."""
    X = problem.design.columns(np.arange(problem.n_features))
    if problem.fit_intercept:
        X = X - (start.weight / start.weight.sum()) @ X
    X = X * np.sqrt(start.weight)[:, None]
    scale = np.sqrt(np.mean(X**2, axis=0))
    flat = np.flatnonzero(scale <= 1e-12 * scale.max())
    if len(flat):
        names = [problem.design.names[j] if problem.design.names else f"x{j}" for j in flat]
        one = len(names) == 1
        raise InvalidData(
            f"{count(len(names), 'column')} {'is' if one else 'are'} constant, so nothing can be said of "
            f"{'its coefficient' if one else 'their coefficients'}: {shown(names, 20)}.",
            hint=f"leave {'it' if one else 'them'} out (drop=).",
        )
    return X, scale


def _undetermined(unit: Floats) -> Any:
    """(n_features,) whether a column is a linear combination of others although there are more rows than columns.

    All levels of a category are: any number can be moved from one coefficient to another, and none is the true one.
    """
    n, p = unit.shape
    if n <= p:  # then all are, and it is sparsity that tells coefficients apart
        return np.zeros(p, bool)
    _, size, directions = np.linalg.svd(unit, full_matrices=False)
    return (directions[size <= 1e-7 * size[0]] ** 2).sum(axis=0) > 1e-8


def _intervals(
    problem: Problem, start: _Start, X: Floats, nodes: Nodewise, loose: Any, level: float, adjustment: str, seed: int
) -> Intervals:
    names = list(problem.design.names or [f"x{j}" for j in range(problem.n_features)])
    Z = nodes.residuals
    length, inner = np.sqrt(np.einsum("ij,ij->j", Z, Z)), np.einsum("ij,ij->j", Z, X)
    lean = np.divide(start.score, np.sqrt(start.weight), out=np.zeros_like(start.score), where=start.weight > 0)
    coef = start.coef + lean @ Z / inner
    se = start.sigma * length / np.abs(inner)
    coef[loose] = se[loose] = np.nan
    z = coef / se
    pvalues = 2.0 * norm.sf(np.abs(z))
    half = norm.isf(0.5 * (1.0 - level)) * se
    joint = Z / (length * np.sign(inner))
    return Intervals(
        method="debiased lasso",
        target="the coefficients of the full linear model, each by itself",
        assumptions="a linear model in which few coefficients are large, and columns that are not nearly dependent",
        reference="Zhang & Zhang (2014); van de Geer, Bühlmann, Ritov & Dezeure (2014)",
        features=names,
        coef=coef,
        se=se,
        ci=np.column_stack([coef - half, coef + half]),
        pvalues=pvalues,
        adjusted=adjust(pvalues, adjustment, joint, z, seed),
        adjustment=adjustment,
        level=level,
        sigma=start.sigma,
        scale=spread_of(problem),
        details={
            "lam": start.lam,
            "lam_nodewise": nodes.lam,
            "lam_nodewise_cv": nodes.lam_cv,
            "undetermined": [names[j] for j in np.flatnonzero(loose)],
        },
        joint=joint,
    )
