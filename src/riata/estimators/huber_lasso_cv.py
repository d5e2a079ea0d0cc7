"""Numbers with outliers, alpha chosen by cross-validation."""

from __future__ import annotations

from typing import Any

from riata.estimators.many_alphas import RULES, ManyAlphas
from riata.estimators.robust import DELTA, RobustModel


class HuberLassoCV(ManyAlphas, RobustModel):
    """Linear regression with Huber's loss and an L1 penalty, alpha chosen by cross-validation.

        minimise over (b, w)   (1/S) Σᵢ sᵢ h(yᵢ − b − xᵢᵀw)
                               + alpha Σⱼ vⱼ ( l1_ratio |tⱼwⱼ| + ½(1 − l1_ratio)(tⱼwⱼ)² ),    S = Σ sᵢ
        h(r) = ½r² for |r| ≤ delta, else delta (|r| − ½delta)

    with sᵢ = `sample_weight`, vⱼ = `penalty_factor` and tⱼ the standard deviation of column j (1, if not
    `standardize`).

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
        "deviance" (None: twice the mean of h), "mse" or "mae"; see riata.scores.
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
    delta : float > 0, default=None
        Residual, in units of y, beyond which the loss is linear; from the largest residual on it is least squares.
        About 1.35 times the standard deviation of the noise costs 5 % of the precision if the noise is normal. None
        is 1.35 times that of y, by the median of its absolute deviations (times 1.4826), which no outlier moves.

    Attributes
    ----------
    alpha_ : float
    alphas_ : ndarray of shape (n_alphas,), decreasing
    score_path_ : ndarray of shape (n_alphas, n_folds)
        The score of every alpha on the rows that each fold holds out.
    cv_result_ : riata.core.results.CVResult
        The full path, and `gap_rel` of every alpha and fold.
    coef_ : ndarray of shape (n_features,)
        In units of y per unit of X[:, j].
    intercept_ : float
    delta_ : float
        The delta used.
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
    >>> from riata import HuberLassoCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 5))
    >>> model = HuberLassoCV(rule="1se").fit(X, 3 * X[:, 1] + rng.standard_t(2, 200))
    >>> model.coef_.nonzero()[0].tolist()
    [1]

    References
    ----------
    Huber, P. J. (1964). Robust estimation of a location parameter. Ann. Math. Statist. 35, 73-101.
    """

    _rules = RULES | DELTA

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
        delta: float | None = None,
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
        self.delta = delta
