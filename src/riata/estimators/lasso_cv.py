"""The lasso with alpha chosen by cross-validation."""

from __future__ import annotations

from typing import Any

from riata.estimators.base_cv import RULES, CrossValidated


class LassoCV(CrossValidated):
    """The lasso with alpha chosen by cross-validation; a drop-in for scikit-learn's class of that name.

    For each fold f, with T_f its test rows and w_f(alpha) the lasso of the other rows,

        mse_path_[l, f] = Σ_{i in T_f} sᵢ (yᵢ − b_f − xᵢᵀw_f(alphas_[l]))² / Σ_{i in T_f} sᵢ

    and alpha_ is the alpha with the smallest mean over the folds, the largest of them if several tie. All folds are
    solved in lock-step from one X, which is not copied; `standardize` uses the moments of each training set.

    Parameters
    ----------
    eps : float > 0, default=1e-3
        Smallest alpha of the grid over the largest.
    alphas : int >= 1 or array-like of numbers >= 0, default=100
        How many alphas, or which ones, in any order.
    fit_intercept : bool, default=True
    precompute : 'auto', bool or array-like, default='auto'
        No effect.
    max_iter : int >= 1, default=1000
    tol : float >= 0, default=1e-8
        Bound on the relative duality gap of every alpha and fold; see :class:`riata.Lasso`.
    copy_X : bool, default=True
        No effect: X is neither changed nor copied.
    cv : int, splitter or iterable of (train, test), default=None
        None is 5 contiguous folds, as in scikit-learn. Any scikit-learn splitter will do.
    verbose : bool or int, default=False
        No effect.
    n_jobs : int, default=None
        Threads; None and -1 leave the choice to riata. The answer is the same, bit for bit.
    positive : bool, default=False
        The same as lower=0.
    random_state, selection
        No effect.
    standardize, penalty_factor, lower, upper
        As in :class:`riata.Lasso`; not in scikit-learn.
    rule : {"min", "1se"}, default="min"
        "1se" takes the largest alpha whose mean error is within one standard error of the smallest, as glmnet
        defines it: folds weighted by the sum of their sample weights.

    Attributes
    ----------
    alpha_ : float
    alphas_ : ndarray of shape (n_alphas,), decreasing
    mse_path_ : ndarray of shape (n_alphas, n_folds)
    coef_ : ndarray of shape (n_features,)
        Of the fit to all rows at alpha_, in units of y per unit of X[:, j].
    intercept_, dual_gap_, gap_rel_ : float
    n_iter_ : int
        As in :class:`riata.Lasso`.
    cv_result_ : riata.core.results.CVResult
        The full path, and the loss and `gap_rel` of every alpha and fold.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Raises
    ------
    InvalidParameter (ValueError, TypeError) for a parameter, InvalidData (ValueError) for the data.

    Warns
    -----
    FitNotConverged, once, if any alpha or fold misses `tol`.

    Examples
    --------
    >>> from riata import LassoCV
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = LassoCV(cv=5).fit(X, y)
    >>> round(float(model.alpha_), 4), int((model.coef_ != 0).sum())
    (0.0038, 9)

    References
    ----------
    Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
    coordinate descent. J. Stat. Softw. 33(1).
    """

    _rules = RULES

    def __init__(
        self,
        *,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        precompute: Any = "auto",
        max_iter: int = 1000,
        tol: float = 1e-8,
        copy_X: bool = True,
        cv: Any = None,
        verbose: bool | int = False,
        n_jobs: int | None = None,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        standardize: bool = False,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        rule: str = "min",
    ) -> None:
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.rule = rule
