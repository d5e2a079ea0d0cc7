"""The square-root lasso, whose alpha needs neither the noise nor cross-validation."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from riata.core.problem import Problem
from riata.estimators.linear import LinearModel
from riata.estimators.one_alpha import RULES, OneAlpha
from riata.estimators.options import NONE

SLACK, RISK = 1.1, 0.05  # Belloni, Chernozhukov & Wang's c and α


class SqrtLasso(OneAlpha, LinearModel):
    """Linear regression with an L1 penalty whose strength does not depend on the noise: the square-root lasso.

        minimise over (b, w)   √( (1/S) Σᵢ sᵢ (yᵢ − b − xᵢᵀw)² )  +  alpha Σⱼ vⱼ |tⱼwⱼ|,     S = Σ sᵢ

    with sᵢ = `sample_weight`, vⱼ = `penalty_factor` and tⱼ the standard deviation of column j (1, if not
    `standardize`). The loss is the root of the mean squared error, so that y and y in other units have the same alpha,
    and one alpha suits noise of any size. It has no twin that cross-validates: its default takes that place.

    Parameters
    ----------
    alpha : float >= 0, default=None
        Strength of the penalty, without units (if `standardize`). None is 1.1 Φ⁻¹(1 − 0.05/(2p)) / √n with Φ the normal
        distribution function, p features and n rows of positive weight: with probability 0.95 more than the largest
        correlation of p columns of standard deviation 1 with noise, so that hardly any false feature enters.
    fit_intercept : bool, default=True
        Whether b is fitted; it is never penalised.
    standardize : bool, default=True
        Penalise the coefficient of each column as if it had unit variance; `coef_` stays in the units of X.
        Columns that do not vary get coefficient 0.
    penalty_factor : array-like of shape (n_features,), default=None
        Multiplies alpha for each feature, as given: 0 is never penalised, inf is left out.
    lower, upper : float or array-like of shape (n_features,), default=None
        Bounds on `coef_`, lower <= 0 <= upper.
    tol : float > 0, default=1e-8
        Bound on `gap_rel_`, the duality gap over the objective of the model without features.
    threads : int, default=None
        Threads for products with X; None leaves the choice to riata. The answer is the same, bit for bit.

    Attributes
    ----------
    alpha_ : float
        The alpha used.
    coef_ : ndarray of shape (n_features,)
        In units of y per unit of X[:, j].
    intercept_ : float
    gap_rel_ : float
        A proven upper bound on the objective above minus its minimum, over the objective of the model without features.
    n_iter_ : int
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Raises
    ------
    InvalidParameter (ValueError, TypeError) for a parameter, InvalidData (ValueError) for the data.

    Warns
    -----
    FitNotConverged, once, if `tol` is missed; it is riata's NotConverged and scikit-learn's ConvergenceWarning.

    Examples
    --------
    >>> from riata import SqrtLasso
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = SqrtLasso().fit(X, y)
    >>> model.feature_names_in_[model.coef_ != 0].tolist()
    ['bmi', 'bp', 's3', 's5']
    >>> bool(model.alpha_ == SqrtLasso().fit(X, 1000 * y).alpha_)
    True

    References
    ----------
    Belloni, A., Chernozhukov, V. and Wang, L. (2011). Square-root lasso: pivotal recovery of sparse signals via conic
    programming. Biometrika 98, 791-806.
    """

    _family = "sqrt"
    _rules = RULES | {"alpha": RULES["alpha"] | NONE}

    def __init__(
        self,
        alpha: float | None = None,
        *,
        fit_intercept: bool = True,
        standardize: bool = True,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        tol: float = 1e-8,
        threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.tol = tol
        self.threads = threads

    def _strength(self, problem: Problem) -> float:
        rows = np.count_nonzero(problem.sample_weight)
        noise = ndtri(1.0 - RISK / (2.0 * problem.n_features)) / np.sqrt(rows)
        self.alpha_ = float(SLACK * noise if self.alpha is None else self.alpha)
        return self.alpha_
