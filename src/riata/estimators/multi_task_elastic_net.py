"""The elastic net of several targets at once, at one alpha and with alpha chosen by cross-validation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.estimators.grid import read_l1_ratios
from riata.estimators.multi_task import CV_RULES, RULES, MultiTaskAtOne, MultiTaskOverMany
from riata.estimators.options import ARRAY, real


class MultiTaskElasticNet(MultiTaskAtOne):
    """The multi-task lasso with an L2 penalty beside it; a drop-in for scikit-learn's class of that name.

        minimise over (b, W)   1/(2 Σ sᵢ) Σᵢ sᵢ ‖yᵢ − b − W xᵢ‖²
                               + alpha Σⱼ vⱼ ( l1_ratio tⱼ ‖Wⱼ‖ + ½ (1 − l1_ratio) tⱼ² ‖Wⱼ‖² )

    with Wⱼ the coefficients of feature j for all tasks; s, v and t as in :class:`riata.MultiTaskLasso`.

    Parameters
    ----------
    alpha : float >= 0, default=1.0
        Strength of the penalty. 0 is least squares.
    l1_ratio : float in [0, 1], default=0.5
        1 is the multi-task lasso, 0 is ridge regression.
    fit_intercept, copy_X, max_iter, tol, warm_start, random_state, selection, standardize, penalty_factor
        As in :class:`riata.MultiTaskLasso`.

    Attributes
    ----------
    coef_, intercept_, sparse_coef_, dual_gap_, gap_rel_, eps_, n_iter_, n_features_in_, feature_names_in_
        As in :class:`riata.MultiTaskLasso`.

    Raises
    ------
    InvalidParameter (ValueError, TypeError) for a parameter, InvalidData (ValueError) for the data.

    Warns
    -----
    FitNotConverged, once, if `tol` is missed; it is riata's NotConverged and scikit-learn's ConvergenceWarning.

    Examples
    --------
    >>> from riata import MultiTaskElasticNet
    >>> model = MultiTaskElasticNet(alpha=0.5).fit([[-1.0], [0.0], [1.0]], [[-3.0, -4.0], [0.0, 0.0], [3.0, 4.0]])
    >>> print(model.coef_.ravel().round(6))
    [2.018182 2.690909]

    References
    ----------
    Zou, H. and Hastie, T. (2005). Regularization and variable selection via the elastic net.
    J. R. Statist. Soc. B 67, 301-320.
    """

    _rules = {**RULES, "l1_ratio": real(0, 1)}  # noqa: RUF012
    _single = "ElasticNet"

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-8,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        standardize: bool = False,
        penalty_factor: Any = None,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection
        self.standardize = standardize
        self.penalty_factor = penalty_factor


class MultiTaskElasticNetCV(MultiTaskOverMany):
    """The multi-task elastic net with alpha chosen by cross-validation; a drop-in for scikit-learn's class.

    The errors are those of :class:`riata.MultiTaskLassoCV`, with an axis for l1_ratio in front if several are given;
    (l1_ratio_, alpha_) has the smallest mean over the folds; of ties, the first l1_ratio and the largest alpha.

    Parameters
    ----------
    l1_ratio : float in [0, 1] or list of them, default=0.5
        1 is the multi-task lasso, 0 is ridge regression (which needs given `alphas`). The best of a list is chosen.
    eps, alphas, fit_intercept, max_iter, tol, cv, copy_X, verbose, n_jobs, random_state, selection, standardize,
    penalty_factor, rule
        As in :class:`riata.MultiTaskLassoCV`.

    Attributes
    ----------
    alpha_, l1_ratio_ : float
    alphas_ : ndarray of shape (n_alphas,) or, for several l1_ratio and no given alphas, (n_l1_ratio, n_alphas)
    mse_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratio, n_alphas, n_folds)
    coef_, intercept_, dual_gap_, gap_rel_, n_iter_, cv_result_, n_features_in_, feature_names_in_
        As in :class:`riata.MultiTaskLassoCV`.

    Raises
    ------
    InvalidParameter (ValueError, TypeError) for a parameter, InvalidData (ValueError) for the data.

    Warns
    -----
    FitNotConverged, once, if any alpha or fold misses `tol`.

    Examples
    --------
    >>> from riata import MultiTaskElasticNetCV
    >>> from sklearn.datasets import load_linnerud
    >>> X, y = load_linnerud(return_X_y=True)
    >>> MultiTaskElasticNetCV(l1_ratio=[0.5, 0.9], alphas=20, cv=5).fit(X, y).mse_path_.shape
    (2, 20, 5)

    References
    ----------
    Zou, H. and Hastie, T. (2005). Regularization and variable selection via the elastic net.
    J. R. Statist. Soc. B 67, 301-320.
    """

    _rules = {**CV_RULES, "l1_ratio": real(0, 1) | ARRAY}  # noqa: RUF012
    _single = "ElasticNetCV"

    def __init__(
        self,
        *,
        l1_ratio: Any = 0.5,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-8,
        cv: Any = None,
        copy_X: bool = True,
        verbose: bool | int = 0,
        n_jobs: int | None = None,
        random_state: Any = None,
        selection: str = "cyclic",
        standardize: bool = False,
        penalty_factor: Any = None,
        rule: str = "min",
    ) -> None:
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.rule = rule

    def _l1_ratios(self) -> NDArray[np.float64]:
        return read_l1_ratios(self.l1_ratio, type(self).__name__)
