"""The lasso at one alpha."""

from __future__ import annotations

from typing import Any

from riata.estimators.single import RULES, SingleAlpha


class Lasso(SingleAlpha):
    """Linear regression with an L1 penalty; a drop-in for scikit-learn's class of that name.

        minimise over (b, w)   1/(2 Σ sᵢ) Σᵢ sᵢ (yᵢ − b − xᵢᵀw)²  +  alpha Σⱼ vⱼ tⱼ |wⱼ|,     lowerⱼ ≤ wⱼ ≤ upperⱼ

    with sᵢ = `sample_weight` (1 if none), vⱼ = `penalty_factor` (1 if none), tⱼ = 1, or the standard deviation of
    column j if `standardize`. Each column of a two-dimensional y is a problem of its own.

    Parameters
    ----------
    alpha : float >= 0, default=1.0
        Strength of the penalty, in units of y times units of X (units of y, if `standardize`). 0 is least squares.
    fit_intercept : bool, default=True
        Whether b is fitted; it is never penalised.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        No effect. A matrix is compared with X in one entry, as in scikit-learn, and not used.
    copy_X : bool, default=True
        No effect: X is neither changed nor copied.
    max_iter : int >= 1 or None, default=1000
        Bound on the rounds of the solver (a sweep of descent, or a sign step) for each alpha. Few problems need tens.
    tol : float >= 0, default=1e-8
        Bound on `gap_rel_`, the duality gap over the objective of the null model ½ mean (y − mean)². It is the one
        default that is tighter than scikit-learn's, which stops at a gap of 1e-4 mean (y − mean)²: the same number
        here is twice as strict. Raising it saves next to nothing.
    warm_start : bool, default=False
        Start from `coef_` of the fit before. It changes the work and not the answer.
    positive : bool, default=False
        The same as lower=0.
    random_state, selection
        No effect: the solver draws no random numbers. `selection` is "cyclic" or "random".
    standardize : bool, default=False
        Penalise the coefficient of each column as if it had unit variance; `coef_` stays in the units of X.
        Columns that do not vary get coefficient 0.
    penalty_factor : array-like of shape (n_features,), default=None
        Multiplies alpha for each feature, as given: 0 is never penalised, inf is left out.
    lower, upper : float or array-like of shape (n_features,), default=None
        Bounds on `coef_`, lower <= 0 <= upper.
    threads : int, default=None
        Threads for products with X; None leaves the choice to riata. The answer is the same, bit for bit.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        In units of y per unit of X[:, j], float32 if X is.
    intercept_ : float or ndarray of shape (n_targets,)
    sparse_coef_ : sparse matrix of shape (1, n_features) or (n_targets, n_features)
    dual_gap_ : float or ndarray of shape (n_targets,)
        A proven upper bound on the objective above minus its minimum.
    gap_rel_ : float or ndarray of shape (n_targets,)
        The same without units: over the objective of the null model.
    n_iter_ : int or list of int
        Rounds taken; 0 if a warm start was good enough as it was.
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
    >>> from riata import Lasso
    >>> model = Lasso(alpha=0.1).fit([[0, 0], [1, 1], [2, 2]], [0, 1, 2])
    >>> print(model.predict([[3, 3]]).round(6))
    [2.7]

    References
    ----------
    Tibshirani, R. (1996). Regression shrinkage and selection via the lasso. J. R. Statist. Soc. B 58, 267-288.
    """

    _rules = RULES
    l1_ratio = 1.0

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        precompute: Any = False,
        copy_X: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-8,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        standardize: bool = False,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.threads = threads
