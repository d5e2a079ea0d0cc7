"""Counts, at one alpha."""

from __future__ import annotations

from typing import Any, Self

from riata.estimators.counts import CountModel
from riata.estimators.one_alpha import RULES, OneAlpha


class PoissonLasso(OneAlpha, CountModel):
    """Poisson regression of counts and rates with an L1 penalty and a log link.

        minimise over (b, w)   (1/S) Σᵢ sᵢ [ exp ηᵢ − yᵢ ηᵢ ]
                               + alpha Σⱼ vⱼ ( l1_ratio |tⱼwⱼ| + ½(1 − l1_ratio)(tⱼwⱼ)² ),    S = Σ sᵢ

    with ηᵢ = log eᵢ + b + xᵢᵀw, eᵢ = `exposure` (1 if none), sᵢ = `sample_weight`, vⱼ = `penalty_factor` and tⱼ the
    standard deviation of column j (1, if not `standardize`). yᵢ ≥ 0 need not be whole.

    Parameters
    ----------
    alpha : float >= 0, default=0.01
        Strength of the penalty. In units of y: from about the standard deviation of y on every coefficient is 0.
    l1_ratio : float in [0, 1], default=1.0
        1 is the lasso, 0 is ridge.
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
    coef_ : ndarray of shape (n_features,)
        Change of log E[y] per unit of X[:, j]; exp(coef_) are rate ratios.
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
    >>> from riata import PoissonLasso
    >>> model = PoissonLasso(alpha=0.01).fit([[0.0], [1.0], [2.0], [3.0]], [1, 2, 4, 8])
    >>> model.predict([[4.0]]).round(1).tolist()
    [15.9]

    References
    ----------
    Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
    coordinate descent. J. Stat. Softw. 33(1).
    """

    _rules = RULES

    def __init__(
        self,
        alpha: float = 0.01,
        l1_ratio: float = 1.0,
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
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.tol = tol
        self.threads = threads

    def fit(self, X: Any, y: Any, sample_weight: Any = None, exposure: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Counts, or any numbers >= 0.
        sample_weight : float or array-like of shape (n_samples,), default=None
            On any scale: weight 2 is as the row twice, weight 0 as no row.
        exposure : float or array-like of shape (n_samples,), default=None
            What each count is a count of (person years, area, …), > 0: log(exposure) is the offset.

        Returns
        -------
        self : object
        """
        return self._fit(X, y, sample_weight, exposure=exposure)
