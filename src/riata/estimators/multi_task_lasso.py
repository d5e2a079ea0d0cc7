"""The lasso of several targets at once, at one alpha and with alpha chosen by cross-validation."""

from __future__ import annotations

from typing import Any

from riata.estimators.multi_task import CV_RULES, RULES, MultiTaskAtOne, MultiTaskOverMany


class MultiTaskLasso(MultiTaskAtOne):
    """Linear regression of several targets on the same features; a drop-in for scikit-learn's class of that name.

        minimise over (b, W)   1/(2 Σ sᵢ) Σᵢ sᵢ ‖yᵢ − b − W xᵢ‖²  +  alpha Σⱼ vⱼ tⱼ ‖Wⱼ‖

    with ‖·‖ the Euclidean length, Wⱼ the coefficients of feature j for all tasks, sᵢ = `sample_weight` (1 if none),
    vⱼ = `penalty_factor` (1 if none), tⱼ = 1, or the standard deviation of column j if `standardize`. A feature is in
    the model of every task or of none.

    Parameters
    ----------
    alpha : float >= 0, default=1.0
        Strength of the penalty, in units of y times units of X (units of y, if `standardize`). 0 is least squares.
    fit_intercept : bool, default=True
        Whether b is fitted; it is never penalised.
    copy_X : bool, default=True
        No effect: X is neither changed nor copied.
    max_iter : int >= 1, default=1000
        Bound on the rounds of the solver. Few problems need tens.
    tol : float >= 0, default=1e-8
        Bound on `gap_rel_`, the duality gap over the objective of the null model; the one default that is tighter than
        scikit-learn's.
    warm_start, random_state, selection
        No effect: the solver starts from 0 and draws no random numbers. `selection` is "cyclic" or "random".
    standardize : bool, default=False
        Penalise the coefficients of each column as if it had unit variance; `coef_` stays in the units of X.
        Columns that do not vary get coefficient 0.
    penalty_factor : array-like of shape (n_features,), default=None
        Multiplies alpha for each feature, as given: 0 is never penalised, inf is left out.

    Attributes
    ----------
    coef_ : ndarray of shape (n_tasks, n_features)
        In units of y per unit of X[:, j], float32 if X is.
    intercept_ : ndarray of shape (n_tasks,)
    sparse_coef_ : sparse matrix of shape (n_tasks, n_features)
    dual_gap_ : float
        A proven upper bound on the objective above minus its minimum.
    gap_rel_ : float
        The same without units: over the objective of the null model.
    eps_ : float
        What `tol` asks of dual_gap_: tol times the objective of the null model.
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
    >>> from riata import MultiTaskLasso
    >>> from sklearn.datasets import load_linnerud
    >>> X, y = load_linnerud(return_X_y=True)
    >>> model = MultiTaskLasso(alpha=50.0).fit(X, y)
    >>> model.coef_.shape, (model.coef_ != 0).any(axis=0).tolist()
    ((3, 3), [False, True, True])

    References
    ----------
    Obozinski, G., Taskar, B. and Jordan, M. (2010). Joint covariate selection and joint subspace selection for multiple
    classification problems. Stat. Comput. 20, 231-252.
    """

    _rules = RULES
    _single = "Lasso"
    l1_ratio = 1.0

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-8,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        standardize: bool = False,
        penalty_factor: Any = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection
        self.standardize = standardize
        self.penalty_factor = penalty_factor


class MultiTaskLassoCV(MultiTaskOverMany):
    """The multi-task lasso with alpha chosen by cross-validation; a drop-in for scikit-learn's class of that name.

    For each fold f, with T_f its test rows, K tasks and (b_f, W_f)(alpha) the multi-task lasso of the other rows,

        mse_path_[l, f] = Σ_{i in T_f} sᵢ ‖yᵢ − b_f − W_f xᵢ‖² / (K Σ_{i in T_f} sᵢ)

    and alpha_ is the alpha with the smallest mean over the folds, the largest of them if several tie.

    Parameters
    ----------
    eps, alphas, fit_intercept, max_iter, tol, copy_X, cv, verbose, n_jobs, random_state, selection
        As in :class:`riata.LassoCV`; n_jobs has no effect.
    standardize, penalty_factor
        As in :class:`riata.MultiTaskLasso`; not in scikit-learn.
    rule : {"min", "1se"}, default="min"
        "1se" takes the largest alpha whose mean error is within one standard error of the smallest.

    Attributes
    ----------
    alpha_ : float
    alphas_ : ndarray of shape (n_alphas,), decreasing
    mse_path_ : ndarray of shape (n_alphas, n_folds)
    coef_ : ndarray of shape (n_tasks, n_features)
        Of the fit to all rows at alpha_.
    intercept_ : ndarray of shape (n_tasks,)
    dual_gap_, gap_rel_, n_iter_, n_features_in_, feature_names_in_
        As in :class:`riata.MultiTaskLasso`.
    cv_result_ : riata.core.results.CVResult
        The full path, and the loss (summed over tasks) and `gap_rel` of every alpha and fold.

    Raises
    ------
    InvalidParameter (ValueError, TypeError) for a parameter, InvalidData (ValueError) for the data.

    Warns
    -----
    FitNotConverged, once, if any alpha or fold misses `tol`.

    Examples
    --------
    >>> from riata import MultiTaskLassoCV
    >>> from sklearn.datasets import load_linnerud
    >>> X, y = load_linnerud(return_X_y=True)
    >>> model = MultiTaskLassoCV(alphas=50, cv=5).fit(X, y)
    >>> model.mse_path_.shape, model.coef_.shape
    ((50, 5), (3, 3))

    References
    ----------
    Obozinski, G., Taskar, B. and Jordan, M. (2010). Joint covariate selection and joint subspace selection for multiple
    classification problems. Stat. Comput. 20, 231-252.
    """

    _rules = CV_RULES
    _single = "LassoCV"

    def __init__(
        self,
        *,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-8,
        copy_X: bool = True,
        cv: Any = None,
        verbose: bool | int = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        selection: str = "cyclic",
        standardize: bool = False,
        penalty_factor: Any = None,
        rule: str = "min",
    ) -> None:
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.rule = rule
