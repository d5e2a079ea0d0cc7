"""The elastic net with alpha, and l1_ratio if asked, chosen by cross-validation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.estimators.base_cv import RULES, CrossValidated
from riata.estimators.grid import read_l1_ratios
from riata.estimators.options import ARRAY, real


class ElasticNetCV(CrossValidated):
    """The elastic net with alpha chosen by cross-validation; a drop-in for scikit-learn's class of that name.

    For each l1_ratio r and fold f, with T_f its test rows and w_f(r, alpha) the elastic net of the other rows,

        mse_path_[r, l, f] = Σ_{i in T_f} sᵢ (yᵢ − b_f − xᵢᵀw_f(r, alphas_[r, l]))² / Σ_{i in T_f} sᵢ

    and (l1_ratio_, alpha_) has the smallest mean over the folds; of ties, the first l1_ratio and the largest alpha.

    Parameters
    ----------
    l1_ratio : float in [0, 1] or list of them, default=0.5
        1 is the lasso, 0 is ridge regression (which needs given `alphas`). The best of a list is chosen.
    eps, alphas, fit_intercept, precompute, max_iter, tol, cv, copy_X, verbose, n_jobs, positive, random_state,
    selection
        As in :class:`riata.LassoCV`.
    standardize, penalty_factor, lower, upper, rule
        As in :class:`riata.LassoCV`; not in scikit-learn.

    Attributes
    ----------
    alpha_, l1_ratio_ : float
    alphas_ : ndarray of shape (n_alphas,) or, for several l1_ratio and no given alphas, (n_l1_ratio, n_alphas)
    mse_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratio, n_alphas, n_folds)
    coef_, intercept_, dual_gap_, gap_rel_, n_iter_, cv_result_, n_features_in_, feature_names_in_
        As in :class:`riata.LassoCV`.

    Raises
    ------
    InvalidParameter (ValueError, TypeError) for a parameter, InvalidData (ValueError) for the data.

    Warns
    -----
    FitNotConverged, once, if any alpha or fold misses `tol`.

    Examples
    --------
    >>> from riata import ElasticNetCV
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ElasticNetCV(l1_ratio=[0.5, 0.9, 1.0], cv=5).fit(X, y)
    >>> float(model.l1_ratio_), model.mse_path_.shape
    (1.0, (3, 100, 5))

    References
    ----------
    Zou, H. and Hastie, T. (2005). Regularization and variable selection via the elastic net.
    J. R. Statist. Soc. B 67, 301-320.
    """

    _rules = {**RULES, "l1_ratio": real(0, 1) | ARRAY}  # noqa: RUF012

    def __init__(
        self,
        *,
        l1_ratio: Any = 0.5,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        precompute: Any = "auto",
        max_iter: int = 1000,
        tol: float = 1e-8,
        cv: Any = None,
        copy_X: bool = True,
        verbose: bool | int = 0,
        n_jobs: int | None = None,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        standardize: bool = False,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        rule: str = "min",
    ) -> None:
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.rule = rule

    def _l1_ratios(self) -> NDArray[np.float64]:
        return read_l1_ratios(self.l1_ratio, type(self).__name__)
