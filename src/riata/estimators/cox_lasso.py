"""Survival times, at one alpha."""

from __future__ import annotations

from typing import Any, Self

from riata.estimators.one_alpha import RULES, OneAlpha
from riata.estimators.survival import TIES, SurvivalModel


class CoxLasso(OneAlpha, SurvivalModel):
    """Cox's proportional hazards with an L1 penalty, and survival functions.

        minimise over w   (1/S) Σ_e m_e log Σ_{k at risk at e} s_k exp ηₖ  −  (1/S) Σ_{events i} sᵢ ηᵢ
                          + alpha Σⱼ vⱼ ( l1_ratio |tⱼwⱼ| + ½(1 − l1_ratio)(tⱼwⱼ)² ),    ηᵢ = xᵢᵀw,   S = Σ sᵢ

    minus the logarithm of the partial likelihood of the hazard h(t | x) = h₀(t) exp(xᵀw), with e the event times of
    each stratum, m_e the weight of the events there, sᵢ = `sample_weight`, vⱼ = `penalty_factor` and tⱼ the standard
    deviation of column j (1, if not `standardize`).

    Parameters
    ----------
    alpha : float >= 0, default=0.01
        Strength of the penalty. Without units: from about 1 on every coefficient is 0.
    l1_ratio : float in [0, 1], default=1.0
        1 is the lasso, 0 is ridge.
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
    ties : {"breslow", "efron"}, default="breslow"
        How equal event times count; the same where there are none.

    Attributes
    ----------
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
    >>> from riata import CoxLasso
    >>> X = [[3.0], [1.0], [2.0], [0.0], [1.5]]
    >>> y = [[1.0, 1], [4.0, 1], [2.0, 0], [5.0, 0], [3.0, 1]]
    >>> model = CoxLasso(alpha=0.01).fit(X, y)
    >>> bool(model.coef_[0] > 0), model.score(X, y)
    (True, 1.0)
    >>> model.predict_survival_function([[2.0]], times=[0.5, 3.5]).shape
    (1, 2)

    References
    ----------
    Simon, N., Friedman, J., Hastie, T. and Tibshirani, R. (2011). Regularization paths for Cox's proportional hazards
    model via coordinate descent. J. Stat. Softw. 39(5). Breslow, N. (1972), in the
    discussion of Cox, J. R. Statist. Soc. B 34.
    """

    _rules = RULES | TIES

    def __init__(
        self,
        alpha: float = 0.01,
        l1_ratio: float = 1.0,
        *,
        standardize: bool = True,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        tol: float = 1e-8,
        threads: int | None = None,
        ties: str = "breslow",
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.tol = tol
        self.threads = threads
        self.ties = ties

    def fit(self, X: Any, y: Any, sample_weight: Any = None, strata: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples, 2) or (n_samples, 3), or structured array
            Columns (time, event) or (start, stop, event), event being 1, or 0 for the end of observation. Of a
            structured array the boolean field is the event.
        sample_weight : float or array-like of shape (n_samples,), default=None
            On any scale: weight 0 is as no row.
        strata : array-like of shape (n_samples,), default=None
            Labels; rows are compared within their stratum only, and each has a baseline hazard of its own.

        Returns
        -------
        self : object
        """
        return self._fit(X, y, sample_weight, strata=self._note_strata(strata))
