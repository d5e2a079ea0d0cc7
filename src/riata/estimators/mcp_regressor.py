"""The minimax concave penalty for a number, at one alpha and with alpha chosen by cross-validation."""

from __future__ import annotations

from riata.estimators import many_alphas, one_alpha
from riata.estimators.concave import ConcaveAtOne, ConcaveOverMany
from riata.estimators.options import NONE, Rule, real
from riata.penalties.mcp import MCP

GAMMA: dict[str, Rule] = {"gamma": real(1, open_low=True) | NONE}


class MCPRegressor(ConcaveAtOne):
    """Linear regression with the minimax concave penalty: sparse as the lasso, large coefficients unshrunk.

        minimise over (b, w)   1/(2S) Σᵢ sᵢ (yᵢ − b − xᵢᵀw)²  +  Σⱼ p(|tⱼwⱼ|; vⱼ alpha),     S = Σ sᵢ
        p(u; a) = a u − u²/(2 gamma) for u ≤ gamma a, else ½ gamma a²

    with sᵢ = `sample_weight`, vⱼ = `penalty_factor` and tⱼ the standard deviation of column j (1, if not
    `standardize`). The objective is not convex: `coef_` is the stationary point at the end of a path that starts where
    all coefficients are 0, and no duality gap exists to prove more.

    Parameters
    ----------
    alpha : float >= 0, default=1.0
        Strength of the penalty, in units of y (of y times X, if not `standardize`).
    gamma : float > 1, default=None
        Where the penalty turns flat, in units of alpha; inf would be the lasso. None is 3.
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
        Bound on `stationarity_`.
    threads : int, default=None
        Threads for products with X; None leaves the choice to riata. The answer is the same, bit for bit.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        In units of y per unit of X[:, j].
    intercept_ : float
    stationarity_ : float
        How far the correlation of a feature with the residual is at most from what its coefficient asks for, over the
        product of their standard deviations.
    n_iter_ : int
        Weighted lassos solved along the path.
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
    >>> from riata import Lasso, MCPRegressor
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> mcp, lasso = MCPRegressor(alpha=5.0).fit(X, y), Lasso(alpha=5.0, standardize=True).fit(X, y)
    >>> int((mcp.coef_ != 0).sum()), bool(abs(mcp.coef_[2]) > abs(lasso.coef_[2]))
    (5, True)

    References
    ----------
    Zhang, C.-H. (2010). Nearly unbiased variable selection under minimax concave penalty. Ann. Statist. 38, 894-942.
    """

    _shape = MCP
    _rules = one_alpha.RULES | GAMMA


class MCPRegressorCV(ConcaveOverMany):
    """The minimax concave penalty with alpha chosen by cross-validation.

    The problem is that of :class:`riata.MCPRegressor`, followed from the alpha with all coefficients 0 downwards on all
    rows and on each training fold; alpha_ has the best mean score on the rows held out.

    Parameters
    ----------
    alphas : int >= 1 or array-like of numbers >= 0, default=100
        How many alphas, from the smallest with all coefficients 0 down to 1e-4 of it (1e-2 if n_samples <= n_features),
        or which ones, in any order.
    gamma, fit_intercept, standardize, penalty_factor, tol
        As in :class:`riata.MCPRegressor`.
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
        The full path, and `stationarity` of every alpha and fold.
    coef_, intercept_, stationarity_, n_iter_, n_features_in_, feature_names_in_
        As in :class:`riata.MCPRegressor`, of the fit to all rows at alpha_.

    Examples
    --------
    >>> from riata import MCPRegressorCV
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = MCPRegressorCV(alphas=20, rule="1se").fit(X, y)
    >>> model.feature_names_in_[model.coef_ != 0].tolist()
    ['sex', 'bmi', 'bp', 's2', 's3', 's5']

    References
    ----------
    Breheny, P. and Huang, J. (2011). Coordinate descent algorithms for nonconvex penalized regression, with
    applications to biological feature selection. Ann. Appl. Stat. 5, 232-253.
    """

    _shape = MCP
    _rules = many_alphas.RULES | GAMMA
