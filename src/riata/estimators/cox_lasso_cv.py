"""Survival times, alpha chosen by cross-validation."""

from __future__ import annotations

from typing import Any, Self

from riata.estimators.many_alphas import RULES, ManyAlphas
from riata.estimators.survival import TIES, SurvivalModel


class CoxLassoCV(ManyAlphas, SurvivalModel):
    """Cox's proportional hazards with an L1 penalty, and survival functions, alpha chosen by cross-validation.

        minimise over w   (1/S) Σ_e m_e log Σ_{k at risk at e} s_k exp ηₖ  −  (1/S) Σ_{events i} sᵢ ηᵢ
                          + alpha Σⱼ vⱼ ( l1_ratio |tⱼwⱼ| + ½(1 − l1_ratio)(tⱼwⱼ)² ),    ηᵢ = xᵢᵀw,   S = Σ sᵢ

    minus the logarithm of the partial likelihood of the hazard h(t | x) = h₀(t) exp(xᵀw), with e the event times of
    each stratum, m_e the weight of the events there, sᵢ = `sample_weight`, vⱼ = `penalty_factor` and tⱼ the standard
    deviation of column j (1, if not `standardize`).

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
        None is 5 folds, stratified by event. Any scikit-learn splitter will do.
    scoring : str, default=None
        "deviance" (None: of the partial likelihood) or "c_index"; see riata.scores.
    rule : {"min", "1se"}, default="min"
        "1se" takes the largest alpha whose mean score is within one standard error of the best.
    standardize : bool, default=True
        Penalise the coefficient of each column as if it had unit variance; `coef_` stays in the units of X.
        Columns that do not vary get coefficient 0.
    penalty_factor : array-like of shape (n_features,), default=None
        Multiplies alpha for each feature, as given: 0 is never penalised, inf is left out.
    tol : float > 0, default=1e-8
        Bound on `gap_rel_`, the duality gap over the objective of the model without features.
    ties : {"breslow", "efron"}, default="breslow"
        How equal event times count; the same where there are none.

    Attributes
    ----------
    alpha_ : float
    alphas_ : ndarray of shape (n_alphas,), decreasing
    score_path_ : ndarray of shape (n_alphas, n_folds)
        The score of every alpha on the rows that each fold holds out.
    cv_result_ : riata.core.results.CVResult
        The full path, and `gap_rel` of every alpha and fold.
    coef_ : ndarray of shape (n_features,)
        Change of the log hazard per unit of X[:, j]; exp(coef_) are hazard ratios. There is no intercept.
    baseline_ : riata.losses.baseline.Baseline
        The cumulative hazard of a row of average risk, one step function for each stratum.
    event_times_ : ndarray of shape (n_times,)
        Distinct times of events, increasing.
    strata_ : ndarray or None
        Labels of the strata.
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
    >>> from riata import CoxLassoCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 5))
    >>> time = rng.exponential(np.exp(-X[:, 1]))
    >>> y = np.column_stack([np.minimum(time, 2.0), time < 2.0])
    >>> model = CoxLassoCV(rule="1se").fit(X, y)
    >>> model.coef_.nonzero()[0].tolist()
    [1]

    References
    ----------
    Simon, N., Friedman, J., Hastie, T. and Tibshirani, R. (2011). Regularization paths for Cox's proportional hazards
    model via coordinate descent. J. Stat. Softw. 39(5). Breslow, N. (1972), in the
    discussion of Cox, J. R. Statist. Soc. B 34.
    """

    _rules = RULES | TIES

    def __init__(
        self,
        alphas: Any = 100,
        l1_ratio: float = 1.0,
        *,
        cv: Any = None,
        scoring: str | None = None,
        rule: str = "min",
        standardize: bool = True,
        penalty_factor: Any = None,
        tol: float = 1e-8,
        ties: str = "breslow",
    ) -> None:
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.cv = cv
        self.scoring = scoring
        self.rule = rule
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.tol = tol
        self.ties = ties

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, strata: Any = None) -> Self:
        """Choose alpha by cross-validation and fit the model with it to all rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples, 2) or (n_samples, 3), or structured array
            Columns (time, event) or (start, stop, event), event being 1, or 0 for the end of observation. Of a
            structured array the boolean field is the event.
        sample_weight : float or array-like of shape (n_samples,), default=None
            On any scale: weight 0 is as no row.
        groups : array-like of shape (n_samples,), default=None
            Handed to the splitter, such as GroupKFold.
        strata : array-like of shape (n_samples,), default=None
            Labels; rows are compared within their stratum only, and each has a baseline hazard of its own.

        Returns
        -------
        self : object
        """
        return self._fit(X, y, sample_weight, groups, strata=self._note_strata(strata))
