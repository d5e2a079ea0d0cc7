"""The smoothly clipped absolute deviation for a number, at one alpha and with alpha chosen by cross-validation."""

from __future__ import annotations

from riata.estimators import many_alphas, one_alpha
from riata.estimators.concave import ConcaveAtOne, ConcaveOverMany
from riata.estimators.options import NONE, Rule, real
from riata.penalties.scad import SCAD

GAMMA: dict[str, Rule] = {"gamma": real(2, open_low=True) | NONE}


class SCADRegressor(ConcaveAtOne):
    """Linear regression with the smoothly clipped absolute deviation: the lasso near 0, large coefficients unshrunk.

        minimise over (b, w)   1/(2S) Σᵢ sᵢ (yᵢ − b − xᵢᵀw)²  +  Σⱼ p(|tⱼwⱼ|; vⱼ alpha),     S = Σ sᵢ
        p(u; a) = a u for u ≤ a,  (2 gamma a u − u² − a²) / (2 (gamma − 1)) up to gamma a,  else ½ (gamma + 1) a²

    with sᵢ = `sample_weight`, vⱼ = `penalty_factor` and tⱼ the standard deviation of column j (1, if not
    `standardize`). The objective is not convex: `coef_` is the stationary point at the end of a path that starts where
    all coefficients are 0, and no duality gap exists to prove more.

    Parameters
    ----------
    alpha : float >= 0, default=1.0
        Strength of the penalty, in units of y (of y times X, if not `standardize`).
    gamma : float > 2, default=None
        Where the penalty turns flat, in units of alpha; inf would be the lasso. None is 3.7.
    fit_intercept, standardize, penalty_factor, lower, upper, tol, threads
        As in :class:`riata.MCPRegressor`.

    Attributes
    ----------
    coef_, intercept_, stationarity_, n_iter_, n_features_in_, feature_names_in_
        As in :class:`riata.MCPRegressor`.

    Raises
    ------
    InvalidParameter (ValueError, TypeError) for a parameter, InvalidData (ValueError) for the data.

    Warns
    -----
    FitNotConverged, once, if `tol` is missed; it is riata's NotConverged and scikit-learn's ConvergenceWarning.

    Examples
    --------
    >>> from riata import SCADRegressor
    >>> model = SCADRegressor(alpha=0.5).fit([[-3.0], [-1.0], [1.0], [3.0]], [-6.0, -2.0, 2.0, 6.0])
    >>> print(model.coef_.round(6))
    [2.]

    References
    ----------
    Fan, J. and Li, R. (2001). Variable selection via nonconcave penalized likelihood and its oracle properties.
    J. Amer. Statist. Assoc. 96, 1348-1360.
    """

    _shape = SCAD
    _rules = one_alpha.RULES | GAMMA


class SCADRegressorCV(ConcaveOverMany):
    """The smoothly clipped absolute deviation with alpha chosen by cross-validation.

    The problem is that of :class:`riata.SCADRegressor`, followed from the alpha with all coefficients 0 downwards on
    all rows and on each training fold; alpha_ has the best mean score on the rows held out.

    Parameters
    ----------
    alphas, cv, scoring, rule
        As in :class:`riata.MCPRegressorCV`.
    gamma, fit_intercept, standardize, penalty_factor, tol
        As in :class:`riata.SCADRegressor`.

    Attributes
    ----------
    alpha_, alphas_, score_path_, cv_result_
        As in :class:`riata.MCPRegressorCV`.
    coef_, intercept_, stationarity_, n_iter_, n_features_in_, feature_names_in_
        As in :class:`riata.SCADRegressor`, of the fit to all rows at alpha_.

    Examples
    --------
    >>> from riata import SCADRegressorCV
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = SCADRegressorCV(alphas=20, rule="1se").fit(X, y)
    >>> model.feature_names_in_[model.coef_ != 0].tolist()
    ['sex', 'bmi', 'bp', 's1', 's3', 's5']

    References
    ----------
    Zou, H. and Li, R. (2008). One-step sparse estimates in nonconcave penalized likelihood models.
    Ann. Statist. 36, 1509-1533.
    """

    _shape = SCAD
    _rules = many_alphas.RULES | GAMMA
