"""Counts, alpha chosen by cross-validation."""

from __future__ import annotations

from typing import Any, Self

from riata.estimators.counts import CountModel
from riata.estimators.many_alphas import RULES, ManyAlphas


class PoissonLassoCV(ManyAlphas, CountModel):
    """Poisson regression of counts and rates with an L1 penalty and a log link, alpha chosen by cross-validation.

        minimise over (b, w)   (1/S) Σᵢ sᵢ [ exp ηᵢ − yᵢ ηᵢ ]
                               + alpha Σⱼ vⱼ ( l1_ratio |tⱼwⱼ| + ½(1 − l1_ratio)(tⱼwⱼ)² ),    S = Σ sᵢ

    with ηᵢ = log eᵢ + b + xᵢᵀw, eᵢ = `exposure` (1 if none), sᵢ = `sample_weight`, vⱼ = `penalty_factor` and tⱼ the
    standard deviation of column j (1, if not `standardize`). yᵢ ≥ 0 need not be whole.

    All folds are solved in lock-step from one X, which is not copied; `standardize` uses the moments of each
    training set.

    Parameters
    ----------
    alphas : int >= 1 or array-like of numbers >= 0, default=100
        How many alphas, from the smallest with all coefficients 0 down to 1e-4 of it (1e-2 if n_samples <= n_features),
        or which ones, in any order.
    l1_ratio : float in [0, 1], default=1.0
        1 is the lasso, 0 is ridge.
    cv : int, splitter or iterable of (train, test), default=None
        None is 5 folds of neighbouring rows. Any scikit-learn splitter will do.
    scoring : str, default=None
        "deviance" (None), "mse" or "mae"; see riata.scores.
    rule : {"min", "1se"}, default="min"
        "1se" takes the largest alpha whose mean score is within one standard error of the best.
    fit_intercept : bool, default=True
        Whether b is fitted; it is never penalised.
    standardize : bool, default=True
        Penalise the coefficient of each column as if it had unit variance; `coef_` stays in the units of X.
        Columns that do not vary get coefficient 0.
    penalty_factor : array-like of shape (n_features,), default=None
        Multiplies alpha for each feature, as given: 0 is never penalised, inf is left out.
    tol : float > 0, default=1e-8
        Bound on `gap_rel_`, the duality gap over the objective of the model without features.

    Attributes
    ----------
    alpha_ : float
    alphas_ : ndarray of shape (n_alphas,), decreasing
    score_path_ : ndarray of shape (n_alphas, n_folds)
        The score of every alpha on the rows that each fold holds out.
    cv_result_ : riata.core.results.CVResult
        The full path, and `gap_rel` of every alpha and fold.
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
    >>> import numpy as np
    >>> from riata import PoissonLassoCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 5))
    >>> model = PoissonLassoCV(rule="1se").fit(X, rng.poisson(np.exp(X[:, 1])))
    >>> model.coef_.nonzero()[0].tolist()
    [1]

    References
    ----------
    Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
    coordinate descent. J. Stat. Softw. 33(1).
    """

    _rules = RULES

    def __init__(
        self,
        alphas: Any = 100,
        l1_ratio: float = 1.0,
        *,
        cv: Any = None,
        scoring: str | None = None,
        rule: str = "min",
        fit_intercept: bool = True,
        standardize: bool = True,
        penalty_factor: Any = None,
        tol: float = 1e-8,
    ) -> None:
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.cv = cv
        self.scoring = scoring
        self.rule = rule
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.tol = tol

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, exposure: Any = None) -> Self:
        """Choose alpha by cross-validation and fit the model with it to all rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Counts, or any numbers >= 0.
        sample_weight : float or array-like of shape (n_samples,), default=None
            On any scale: weight 2 is as the row twice, weight 0 as no row.
        groups : array-like of shape (n_samples,), default=None
            Handed to the splitter, such as GroupKFold.
        exposure : float or array-like of shape (n_samples,), default=None
            What each count is a count of (person years, area, …), > 0: log(exposure) is the offset.

        Returns
        -------
        self : object
        """
        return self._fit(X, y, sample_weight, groups, exposure=exposure)
