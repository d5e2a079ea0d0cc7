"""lasso_path and enet_path with scikit-learn's signatures and returns."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import sklearn.linear_model
from numpy.typing import NDArray
from sklearn.utils import check_array

from riata.core.errors import InvalidData
from riata.core.problem import Problem
from riata.core.results import Path
from riata.estimators.base import absolute_gap, iterations
from riata.estimators.convergence import warn_if_missed
from riata.estimators.gram import check_gram
from riata.estimators.grid import RESOLUTION, alpha_grid, is_empty_grid, needs_own_grid
from riata.estimators.inputs import is_plain
from riata.estimators.options import (
    ARRAY,
    BOOL,
    NONE,
    RANDOM_STATE,
    SELECTION,
    SPARSE,
    VERBOSE,
    Rule,
    check_options,
    integer,
    one_of,
    real,
)
from riata.path import make_problem, solve_path

RULES: dict[str, Rule] = {
    "X": ARRAY | SPARSE,
    "y": ARRAY | SPARSE,
    "l1_ratio": real(0, 1),
    "eps": real(0, open_low=True),
    "n_alphas": integer(1) | one_of("deprecated"),
    "alphas": integer(1) | ARRAY | NONE | one_of("warn"),
    "precompute": one_of("auto") | BOOL | ARRAY,
    "Xy": ARRAY | NONE,
    "copy_X": BOOL,
    "coef_init": ARRAY | NONE,
    "verbose": VERBOSE,
    "return_n_iter": BOOL,
    "positive": BOOL,
    "check_input": BOOL,
}

# What scikit-learn takes as **params. `do_screening` has no effect; the offsets are its own plumbing.
PARAMS: dict[str, tuple[Any, Rule]] = {
    "tol": (1e-8, real(0)),
    "max_iter": (1000, integer(1) | NONE),
    "sample_weight": (None, ARRAY | NONE),
    "random_state": (None, RANDOM_STATE),
    "selection": ("cyclic", SELECTION),
    "do_screening": (True, BOOL),
    "X_offset": (None, NONE),
    "X_scale": (None, NONE),
}


def lasso_path(
    X: Any,
    y: Any,
    *,
    eps: float = 1e-3,
    n_alphas: Any = "deprecated",
    alphas: Any = "warn",
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: bool | int = False,
    return_n_iter: bool = False,
    positive: bool = False,
    **params: Any,
) -> tuple[Any, ...]:
    """The lasso for a grid of alphas, without an intercept; a drop-in for scikit-learn's function.

        minimise over w   1/(2n) ||y − Xw||²  +  alpha ||w||₁        for each alpha

    Nothing is centred or scaled: use :func:`riata.path` for that. The parameters and returns are those of
    :func:`riata.enet_path`, with l1_ratio=1.

    Examples
    --------
    >>> import numpy as np
    >>> from riata import lasso_path
    >>> X = np.array([[1, 2, 3.1], [2.3, 5.4, 4.3]]).T
    >>> alphas, coefs, gaps = lasso_path(X, np.array([1, 2, 3.1]), alphas=[5.0, 1.0, 0.5])
    >>> print(coefs.round(4) + 0.0)
    [[0.     0.     0.4692]
     [0.2159 0.4426 0.2367]]

    References
    ----------
    Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
    coordinate descent. J. Stat. Softw. 33(1).
    """
    return enet_path(
        X,
        y,
        l1_ratio=1.0,
        eps=eps,
        n_alphas=n_alphas,
        alphas=alphas,
        precompute=precompute,
        Xy=Xy,
        copy_X=copy_X,
        coef_init=coef_init,
        verbose=verbose,
        return_n_iter=return_n_iter,
        positive=positive,
        **params,
    )


def enet_path(
    X: Any,
    y: Any,
    *,
    l1_ratio: float = 0.5,
    eps: float = 1e-3,
    n_alphas: Any = "deprecated",
    alphas: Any = "warn",
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: bool | int = False,
    return_n_iter: bool = False,
    positive: bool = False,
    check_input: bool = True,
    **params: Any,
) -> tuple[Any, ...]:
    """The elastic net for a grid of alphas, without an intercept; a drop-in for scikit-learn's function.

        minimise over w   1/(2n) ||y − Xw||²  +  alpha ( l1_ratio ||w||₁ + ½ (1 − l1_ratio) ||w||² )    for each alpha

    Nothing is centred or scaled: use :func:`riata.path` for that. A two-dimensional y is scikit-learn's multi-task
    problem, with the penalty ||W||₂₁; it is handed to scikit-learn as it is.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
    l1_ratio : float in [0, 1], default=0.5
    eps : float > 0, default=1e-3
        Smallest alpha of the grid over the largest.
    alphas : int or array-like, default=100
        The number of alphas, or the alphas in any order; the result is in decreasing order. `n_alphas` and
        alphas=None are deprecated, as in scikit-learn.
    precompute, Xy, copy_X, verbose, check_input
        No effect. A Gram matrix handed in is compared with X in one entry.
    coef_init : array-like of shape (n_features,), default=None
        A place to start from. It changes the work and not the answer.
    return_n_iter : bool, default=False
    positive : bool, default=False
        Whether all coefficients must be >= 0.
    **params
        tol=1e-8 (bound on the duality gap over the objective at w = 0), max_iter=1000, sample_weight=None; selection,
        random_state and do_screening have no effect.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
    coefs : ndarray of shape (n_features, n_alphas) or (n_targets, n_features, n_alphas)
    dual_gaps : ndarray of shape (n_alphas,)
        Proven upper bounds on the objective above minus its minimum.
    n_iters : list of int, if `return_n_iter`

    Examples
    --------
    >>> import numpy as np
    >>> from riata import enet_path
    >>> alphas, coefs, gaps = enet_path(np.array([[-1.0], [0.0], [1.0]]), np.array([-1.0, 0.0, 1.0]), alphas=[0.5])
    >>> print(coefs.round(6))
    [[0.454545]]

    References
    ----------
    Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
    coordinate descent. J. Stat. Softw. 33(1).
    """
    check_options("enet_path", RULES, locals())
    grid = _grid_asked(n_alphas, alphas)
    if np.ndim(y) == 2 or hasattr(y, "tocsc"):
        return sklearn.linear_model.enet_path(
            X, y, l1_ratio=l1_ratio, eps=eps, alphas=grid, precompute=precompute, Xy=Xy, copy_X=copy_X,
            coef_init=coef_init, verbose=verbose, return_n_iter=return_n_iter, positive=positive,
            check_input=check_input, **params,
        )  # fmt: skip
    known = _read_params(params)
    X, y = _read(X, y)
    weights = None if known["sample_weight"] is None else np.asarray(known["sample_weight"], dtype=np.float64)
    if not isinstance(precompute, str | bool):
        check_gram(precompute, X, weights, fit_intercept=False)
    problem = make_problem(
        X, y, l1_ratio=float(l1_ratio), sample_weight=weights, fit_intercept=False, standardize=False,
        lower=0.0 if positive else None,
    )  # fmt: skip
    options: dict[str, Any] = {"tol": float(known["tol"]), "warn": False, "start": _start(coef_init, X.shape[1])}
    if known["max_iter"] is not None:
        options["max_iter"] = int(known["max_iter"])
    path, repeats = _solve(problem, grid, eps, options)
    warn_if_missed(path.lams, path.gap_rel, known["tol"], known["max_iter"])
    place, lams = (slice(None), path.lams) if repeats is None else repeats
    result = lams, path.coef[:, place].astype(X.dtype, copy=False), absolute_gap(path)[place]
    return (*result, np.array(iterations(path))[place].tolist()) if return_n_iter else result


def _solve(
    problem: Problem, grid: int | NDArray[np.float64], eps: float, options: dict[str, Any]
) -> tuple[Path, tuple[NDArray[np.intp], NDArray[np.float64]] | None]:
    """The path, and, where it has not the alphas that the result must show, the place of each of those in it."""
    if isinstance(grid, int) and not needs_own_grid(problem.l1_ratio, eps):
        path = solve_path(problem, n_lams=grid, lam_min_ratio=eps, **options)
        if not is_empty_grid(problem, path.lams):
            return path, None
        return path, (np.zeros(grid, dtype=np.intp), np.full(grid, RESOLUTION))
    shown = alpha_grid(problem, grid, eps) if isinstance(grid, int) else np.sort(grid)[::-1]
    path = solve_path(problem, shown, **options)
    if np.array_equal(path.lams, shown):
        return path, None
    return path, (np.searchsorted(-path.lams, -shown), shown)


def _grid_asked(n_alphas: Any, alphas: Any) -> int | NDArray[np.float64]:
    """The number of alphas or the alphas themselves, with scikit-learn's deprecations."""
    count = 100
    if not isinstance(n_alphas, str):
        warnings.warn(
            "'n_alphas' was deprecated in 1.9 and will be removed in 1.11. 'alphas' now accepts an integer value; "
            "pass the number of alphas there.",
            FutureWarning,
            stacklevel=3,
        )
        count = int(n_alphas)
    if isinstance(alphas, str):
        return count
    if alphas is None:
        warnings.warn(
            "'alphas=None' is deprecated and will be removed in 1.11, at which point the default value will be set to "
            "100. Set 'alphas=100' to silence this warning.",
            FutureWarning,
            stacklevel=3,
        )
        return count
    return int(alphas) if np.ndim(alphas) == 0 else np.asarray(alphas, dtype=np.float64)


def _read_params(params: dict[str, Any]) -> dict[str, Any]:
    unknown = params.keys() - PARAMS.keys()
    if unknown:
        raise ValueError("Unexpected parameters in params", sorted(unknown))
    known = {name: params.get(name, default) for name, (default, _) in PARAMS.items()}
    if params:
        check_options("enet_path", {name: PARAMS[name][1] for name in params}, params)
    return known


def _read(X: Any, y: Any) -> tuple[Any, NDArray[Any]]:
    if is_plain(X, y):
        return X, y
    X = check_array(X, accept_sparse=["csc", "csr"], dtype=[np.float64, np.float32], ensure_all_finite=False)
    y = check_array(y, dtype=np.float64, ensure_2d=False)
    if X.shape[0] != y.shape[0]:
        raise InvalidData(
            "X and y have inconsistent numbers of samples.", expected=f"{X.shape[0]} values in y", got=f"{y.shape[0]}"
        )
    return X, y


def _start(coef_init: Any, n_features: int) -> NDArray[np.float64] | None:
    if coef_init is None:
        return None
    coef = np.asarray(coef_init, dtype=np.float64)
    if coef.shape != (n_features,):
        raise InvalidData("coef_init has a wrong shape.", expected=f"({n_features},)", got=f"{coef.shape}")
    return coef
