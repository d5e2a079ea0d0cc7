"""Degrees of freedom of penalised fits: how much of the data a fit has used up.

    df = Σᵢ cov(ŷᵢ, yᵢ) / σ²  =  E tr[ (G + λH)⁺ G ],   G = Z_A' W Z_A,   H = Hessian of the penalty at the solution

over the active set A, in the coordinates that the penalty sees. Of the lasso H = 0, so that df is the rank of X_A
(Zou, Hastie & Tibshirani 2007; Tibshirani & Taylor 2012), which is smaller than the number of features where columns
depend on each other. A ridge part adds (1 − l1_ratio)·v to the diagonal, and a group v_g/‖u_g‖ (I − ûû'), which shrinks
directions along the sphere (Vaiter et al. 2017). W are the weights of the squared error, or the curvature of another
loss at the fit. Intercept and noise variance are not counted here.

A refit by least squares on the selected features uses about twice as much: see :func:`by_simulation`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from riata.core.errors import InvalidOption
from riata.core.problem import Floats, Problem
from riata.core.results import Path

# A column whose share of variance beyond the other columns is below this depends on them.
DEPENDS = 1e-10


def degrees_of_freedom(problem: Problem, path: Path) -> Floats:
    """(n_lams,) degrees of freedom along the path of a problem; a feature that rests on a bound counts as fixed."""
    if path.outputs is not None:
        raise InvalidOption("Degrees of freedom are known for one linear predictor.", got=f"{len(path.outputs)}")
    coef, cols = path.coef_active, path.active
    if not len(cols):
        return np.zeros(len(path.lams))
    X = problem.design.columns(cols)
    low, high = problem.lower[cols, None], problem.upper[cols, None]
    on = (coef != 0) & (coef != low) & (coef != high)
    if problem.groups is None and path.l1_ratio == 1.0:
        return _ranks(problem, X, on)
    return np.array([_smooth(problem, path, X, on[:, k], k) for k in range(len(path.lams))])


def _ranks(problem: Problem, X: Floats, on: NDArray[np.bool_]) -> Floats:
    """The rank of the columns that are on, at every λ."""
    s = problem.sample_weight / problem.sample_weight.sum()
    Z = X - s @ X if problem.fit_intercept else X
    Z = Z * np.sqrt(s)[:, None]
    norm = np.sqrt(np.einsum("ij,ij->j", Z, Z))
    Z = Z / np.where(norm > 0, norm, 1.0)
    gram = Z.T @ Z
    size = np.count_nonzero(on, axis=0).astype(np.float64)
    if _independent(gram):
        return size
    for k in range(on.shape[1]):
        if k and (on[:, k] == on[:, k - 1]).all():
            size[k] = size[k - 1]
        elif not _independent(gram[np.ix_(on[:, k], on[:, k])]):
            size[k] = np.linalg.matrix_rank(Z[:, on[:, k]])
    return size


def _independent(gram: Floats) -> bool:
    """Whether no unit column depends on those before it; a pivot of Cholesky is what is left of its variance."""
    factor, failed = scipy.linalg.lapack.dpotrf(gram, lower=1)
    return failed == 0 and bool((np.diagonal(factor) ** 2 > DEPENDS).all())


def _smooth(problem: Problem, path: Path, X: Floats, on: NDArray[np.bool_], k: int) -> float:
    """tr[(G + λH)⁺ G] at the k-th λ."""
    if not on.any():
        return 0.0
    s = problem.sample_weight / problem.sample_weight.sum()
    t = path.scale[path.active][on] if problem.standardize else np.ones(int(on.sum()))
    if problem.loss is not None:
        eta = problem.offset + path.intercept[k] + X @ path.coef_active[:, k]
        s = problem.loss.hessian(eta, s)
    Z = X[:, on] / t
    if problem.fit_intercept:
        Z = Z - (s / s.sum()) @ Z
    gram = (Z.T * s) @ Z
    u = path.coef_active[on, k] * t
    value, vector = np.linalg.eigh(gram + path.lams[k] * _curvature(problem, path, on, u))
    seen = value > DEPENDS * value[-1]
    part = vector[:, seen]
    return float(np.einsum("ij,ij,j->", part, gram @ part, 1.0 / value[seen]))


def _curvature(problem: Problem, path: Path, on: NDArray[np.bool_], u: Floats) -> Floats:
    """The Hessian of the penalty at λ = 1 in the coordinates u = t∘w of the active set."""
    cols, ratio, groups = path.active[on], path.l1_ratio, problem.groups
    if groups is None:
        return np.diag((1.0 - ratio) * problem.penalty_factor[cols])
    member, factor = groups.index[cols], groups.factor[groups.index[cols]]
    out = np.diag((1.0 - ratio) * factor)
    for g in np.unique(member):
        at = np.flatnonzero(member == g)
        length = float(np.linalg.norm(u[at]))
        direction = u[at] / length
        sphere = (np.eye(len(at)) - np.outer(direction, direction)) / length
        out[np.ix_(at, at)] += ratio * (1.0 - groups.share) * groups.factor[g] * sphere
    return out


def by_simulation(
    fit: Callable[[Floats], Floats], mean: Floats, sigma: float, *, draws: int = 200, seed: int = 0
) -> tuple[float, float]:
    """(df, its standard error) of any fitting rule y → ŷ, by Efron's (2004) parametric bootstrap.

        y* = mean + σε,   df = Σᵢ cov(ŷᵢ(y*), y*ᵢ) / σ²

    For rules without a formula: the least-squares refit after the lasso, a λ chosen by cross-validation, best subsets.
    """
    noise = np.random.default_rng(seed).standard_normal((draws, len(mean))) * sigma
    fitted = np.array([fit(mean + e) for e in noise])
    # about the mean over draws: the same expectation, and far less noise than with the raw values
    each = np.einsum("di,di->d", fitted - fitted.mean(axis=0), noise) / sigma**2 * draws / (draws - 1)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(draws))
