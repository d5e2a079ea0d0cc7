"""The variance σ² of the noise around a Gaussian model: known, or estimated in one of three ways.

"ols"     RSS of least squares on all features / (n − rank − 1): unbiased; needs clearly more rows than features
"reid"    RSS of the lasso at the cross-validated λ_min / (n − df − 1): Reid, Tibshirani & Friedman (2016); any shape
"scaled"  the scaled lasso of Sun & Zhang (2012), σ̂² = RSS/n at λ = σ̂ sqrt(2 log p / n), which is the square-root
          lasso at that level and needs neither folds nor a path; any shape

With sample weights RSS is n Σ sᵢ rᵢ² / Σ sᵢ, n counting the rows of positive weight.
"""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from riata import losses
from riata.core.errors import InvalidData, InvalidOption
from riata.core.problem import Problem
from riata.path.sqrt import sqrt_path
from riata.select.evidence import Evidence

WAYS = ("ols", "reid", "scaled")


def noise_variance(how: Any, evidence: Evidence, best: int | None = None) -> float:
    """σ² as a number, from one or by one of ``WAYS``; ``best`` is the index of λ_min, which "reid" needs.

    Raises
    ------
    InvalidOption
        Another word, a number ≤ 0, or "reid" without cross-validation.
    InvalidData
        Too few rows for "ols", a fit that leaves nothing.
    """
    problem = evidence.problem
    if problem.family != "gaussian":
        raise InvalidOption("Only the gaussian family has a noise variance.", got=f'noise for "{problem.family}"')
    if isinstance(how, numbers.Real) and not isinstance(how, bool):
        value = float(how)
        if not (np.isfinite(value) and value > 0):
            raise InvalidOption("The noise variance must be a number > 0.", got=how)
        return value
    if how == "ols":
        return _ols(problem)
    if how == "scaled":
        return _scaled(problem)
    if how == "reid":
        if best is None:
            raise InvalidOption('noise="reid" takes its λ from cross-validation.', hint='riata.select, or "scaled".')
        left = evidence.n - evidence.df[best] - problem.fit_intercept
        return _positive(evidence.rss[best] / left if left > 0 else 0.0)
    raise InvalidOption("There is no such estimate of the noise.", expected=f"a variance, or {WAYS}", got=how)


def usual(problem: Problem) -> str:
    """Least squares where half the rows are left over, else the lasso."""
    n, p = np.count_nonzero(problem.sample_weight), problem.n_features
    return "ols" if n - p - 1 >= max(p, 2) else "reid"


def _positive(value: float) -> float:
    if not value > 0:
        raise InvalidData("The fit leaves no noise to estimate.", got=f"sigma² = {value:g}")
    return float(value)


def _ols(problem: Problem) -> float:
    n, p = np.count_nonzero(problem.sample_weight), problem.n_features
    if n <= p + 1:
        raise InvalidData(
            "Least squares leaves no noise to estimate.", expected=f"more than {p + 1} rows", got=f"{n} rows",
            hint='noise="reid" or "scaled" work for any number of features.',
        )  # fmt: skip
    root = np.sqrt(problem.sample_weight / problem.sample_weight.sum())
    X, y = problem.design.columns(np.arange(p)), problem.y - problem.offset
    if problem.fit_intercept:
        X, y = X - root**2 @ X, y - root**2 @ y
    X, y = X * root[:, None], y * root
    norm = np.sqrt(np.einsum("ij,ij->j", X, X))
    coef, _, rank, _ = np.linalg.lstsq(X / np.where(norm > 0, norm, 1.0), y)
    left = y - (X / np.where(norm > 0, norm, 1.0)) @ coef
    return _positive(n * float(left @ left) / (n - rank - problem.fit_intercept))


def _scaled(problem: Problem) -> float:
    n, p = np.count_nonzero(problem.sample_weight), problem.n_features
    loss = losses.find("sqrt").parse(problem.y)
    root = problem.replace(loss=loss, family="sqrt", penalty=None, l1_ratio=1.0)
    path = sqrt_path(root, [float(np.sqrt(2.0 * np.log(max(p, 2)) / n))])
    left = problem.y - problem.offset - path.intercept[0]
    left = left - problem.design.columns(path.active) @ path.coef_active[:, 0]
    return _positive(float(problem.sample_weight @ left**2 / problem.sample_weight.sum()))
