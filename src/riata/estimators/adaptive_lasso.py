"""The adaptive lasso of a number, at one alpha and with alpha chosen by cross-validation."""

from __future__ import annotations

from typing import Any

from riata.estimators import many_alphas, one_alpha
from riata.estimators.linear import LinearModel
from riata.estimators.many_alphas import ManyAlphas
from riata.estimators.one_alpha import OneAlpha
from riata.estimators.options import Rule, one_of, real
from riata.penalties import Penalty
from riata.penalties.adaptive import PILOTS, Adaptive

PILOT: dict[str, Rule] = {"pilot": one_of(*PILOTS), "gamma": real(0, open_low=True)}


class AdaptiveModel(LinearModel):
    """A model that penalises less what a first fit found large."""

    l1_ratio: float
    pilot: str
    gamma: float

    def _penalty(self) -> Penalty:
        return Adaptive(gamma=float(self.gamma), pilot=self.pilot)


class AdaptiveLasso(OneAlpha, AdaptiveModel):
    """Linear regression with an L1 penalty that is lighter on features that a first fit found large.

        minimise over (b, w)   1/(2S) Σᵢ sᵢ (yᵢ − b − xᵢᵀw)²
                               + alpha Σⱼ vⱼ ( l1_ratio |tⱼwⱼ| + ½(1 − l1_ratio)(tⱼwⱼ)² ),    S = Σ sᵢ
        vⱼ = (maxₖ |ûₖ| / |ûⱼ|)^gamma

    with û = t∘ŵ of a pilot fit to the same rows, sᵢ = `sample_weight` and tⱼ the standard deviation of column j (1, if
    not `standardize`). Large coefficients are shrunk less than the lasso's and false ones are left out more often. The
    feature with the largest pilot coefficient has v = 1; one that the pilot sets to 0 is left out.

    Parameters
    ----------
    alpha : float >= 0, default=1.0
        Strength of the penalty on the feature with the largest pilot coefficient, in units of y (of y times X, if not
        `standardize`).
    l1_ratio : float in [0, 1], default=1.0
        1 is the adaptive lasso, 0 is ridge.
    pilot : {"lasso", "ridge", "ols"}, default="lasso"
        "lasso": at the alpha of its path with the smallest BIC, among models with at most half as many features as
        rows of positive weight. "ridge": at a tenth of the smallest alpha for which the lasso has no feature. "ols":
        without a penalty, for fewer features than rows.
    gamma : float > 0, default=1.0
        How strongly the penalty depends on the pilot.
    fit_intercept : bool, default=True
        Whether b is fitted; it is never penalised.
    standardize : bool, default=True
        Penalise the coefficient of each column as if it had unit variance; `coef_` stays in the units of X.
        Columns that do not vary get coefficient 0.
    lower, upper : float or array-like of shape (n_features,), default=None
        Bounds on `coef_`, of the pilot too; lower <= 0 <= upper.
    tol : float > 0, default=1e-8
        Bound on `gap_rel_`, the duality gap over the objective of the model without features.
    threads : int, default=None
        Threads for products with X; None leaves the choice to riata. The answer is the same, bit for bit.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        In units of y per unit of X[:, j].
    intercept_ : float
    penalty_factor_ : ndarray of shape (n_features,)
        The vⱼ learnt, inf for features left out.
    gap_rel_ : float
        A proven upper bound on the objective above, for these vⱼ, minus its minimum, over the objective of the model
        without features.
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
    >>> from riata import AdaptiveLasso
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = AdaptiveLasso(alpha=1.0).fit(X, y)
    >>> model.feature_names_in_[model.coef_ != 0].tolist()
    ['sex', 'bmi', 'bp', 's3', 's5']

    References
    ----------
    Zou, H. (2006). The adaptive lasso and its oracle properties. J. Amer. Statist. Assoc. 101, 1418-1429.
    """

    _rules = one_alpha.RULES | PILOT

    def __init__(
        self,
        alpha: float = 1.0,
        l1_ratio: float = 1.0,
        *,
        pilot: str = "lasso",
        gamma: float = 1.0,
        fit_intercept: bool = True,
        standardize: bool = True,
        lower: Any = None,
        upper: Any = None,
        tol: float = 1e-8,
        threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.pilot = pilot
        self.gamma = gamma
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.lower = lower
        self.upper = upper
        self.tol = tol
        self.threads = threads


class AdaptiveLassoCV(ManyAlphas, AdaptiveModel):
    """The adaptive lasso with alpha chosen by cross-validation.

    The problem is that of :class:`riata.AdaptiveLasso`. The pilot is part of the model, so every training fold fits its
    own: a pilot that had seen the rows held out would make the scores too good.

    Parameters
    ----------
    alphas : int >= 1 or array-like of numbers >= 0, default=100
        How many alphas, from the smallest with all coefficients 0 down to 1e-4 of it (1e-2 if n_samples <= n_features),
        or which ones, in any order.
    l1_ratio, pilot, gamma, fit_intercept, standardize, tol
        As in :class:`riata.AdaptiveLasso`.
    cv : int, splitter or iterable of (train, test), default=None
        None is 5 contiguous folds. Any scikit-learn splitter will do.
    scoring : str, default=None
        "mse" (None) or "mae"; see riata.scores.
    rule : {"min", "1se"}, default="min"
        "1se" takes the largest alpha whose mean score is within one standard error of the best.

    Attributes
    ----------
    alpha_ : float
    alphas_ : ndarray of shape (n_alphas,), decreasing
    score_path_ : ndarray of shape (n_alphas, n_folds)
        The score of every alpha on the rows that each fold holds out.
    cv_result_ : riata.core.results.CVResult
        The full path, and `gap_rel` of every alpha and fold.
    coef_, intercept_, penalty_factor_, gap_rel_, n_iter_, n_features_in_, feature_names_in_
        As in :class:`riata.AdaptiveLasso`, of the fit to all rows at alpha_.

    Examples
    --------
    >>> from riata import AdaptiveLassoCV
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = AdaptiveLassoCV(rule="1se").fit(X, y)
    >>> model.feature_names_in_[model.coef_ != 0].tolist()
    ['sex', 'bmi', 'bp', 's3', 's5']

    References
    ----------
    Zou, H. (2006). The adaptive lasso and its oracle properties. J. Amer. Statist. Assoc. 101, 1418-1429.
    """

    _rules = many_alphas.RULES | PILOT

    def __init__(
        self,
        alphas: Any = 100,
        l1_ratio: float = 1.0,
        *,
        pilot: str = "lasso",
        gamma: float = 1.0,
        cv: Any = None,
        scoring: str | None = None,
        rule: str = "min",
        fit_intercept: bool = True,
        standardize: bool = True,
        tol: float = 1e-8,
    ) -> None:
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.pilot = pilot
        self.gamma = gamma
        self.cv = cv
        self.scoring = scoring
        self.rule = rule
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.tol = tol
