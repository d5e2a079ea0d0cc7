"""The group lasso of a number, at one alpha and with alpha chosen by cross-validation."""

from __future__ import annotations

from typing import Any

from riata.estimators import many_alphas, one_alpha
from riata.estimators.grouped import GROUPS, GroupedModel
from riata.estimators.linear import LinearModel
from riata.estimators.many_alphas import ManyAlphas
from riata.estimators.one_alpha import OneAlpha


class GroupLasso(OneAlpha, GroupedModel, LinearModel):
    """Linear regression in which groups of features are selected as one: the group lasso and group elastic net.

        minimise over (b, w)   1/(2S) Σᵢ sᵢ (yᵢ − b − xᵢᵀw)²
                               + alpha Σ_g v_g ( l1_ratio ‖u_g‖ + ½(1 − l1_ratio) ‖u_g‖² ),    u = t∘w,   S = Σ sᵢ

    with ‖·‖ the Euclidean length, u_g the part of u that belongs to group g, sᵢ = `sample_weight`, v_g =
    `group_weights` and tⱼ the standard deviation of column j (1, if not `standardize`). Use it where columns belong
    together: the levels of a factor, the powers or splines of one variable, the genes of one pathway.

    Parameters
    ----------
    alpha : float >= 0, default=1.0
        Strength of the penalty, in units of y (of y times X, if not `standardize`).
    l1_ratio : float in [0, 1], default=1.0
        1 is the group lasso, 0 is ridge.
    groups : array-like of shape (n_features,), list of lists or dict, default=None
        A label for each feature, equal ones together; or for each group a list of its features, by position or by
        name; or {group: names or patterns such as "gene_*"}. Names need an X that has them. A feature in no list is a
        group of its own, and so is every feature where `groups` is None: the lasso.
    group_weights : float >= 0, array-like of shape (n_groups,) or dict {group: float}, default=None
        v_g, in the sorted order of labels or in the order of lists. None is √(number of features in g), for which a
        group of pure noise is as likely to enter as any other. 0 is never penalised, inf is left out.
    fit_intercept : bool, default=True
        Whether b is fitted; it is never penalised.
    standardize : bool, default=True
        Penalise the coefficient of each column as if it had unit variance; `coef_` stays in the units of X.
        Columns that do not vary get coefficient 0.
    tol : float > 0, default=1e-8
        Bound on `gap_rel_`, the duality gap over the objective of the model without features.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        In units of y per unit of X[:, j].
    intercept_ : float
    gap_rel_ : float
        A proven upper bound on the objective above minus its minimum, over the objective of the model without features.
    n_iter_ : int
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Raises
    ------
    InvalidParameter (ValueError, TypeError) for a parameter, InvalidOption (ValueError) for groups that do not fit X,
    InvalidData (ValueError) for the data.

    Warns
    -----
    FitNotConverged, once, if `tol` is missed; it is riata's NotConverged and scikit-learn's ConvergenceWarning.

    Examples
    --------
    >>> from riata import GroupLasso
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = GroupLasso(alpha=6.0, groups={"person": ["age", "sex"], "serum": "s?"}).fit(X, y)
    >>> model.feature_names_in_[model.coef_ != 0].tolist()
    ['bmi', 'bp', 's1', 's2', 's3', 's4', 's5', 's6']

    References
    ----------
    Yuan, M. and Lin, Y. (2006). Model selection and estimation in regression with grouped variables.
    J. R. Statist. Soc. B 68, 49-67.
    """

    _rules = one_alpha.RULES | GROUPS

    def __init__(
        self,
        alpha: float = 1.0,
        l1_ratio: float = 1.0,
        *,
        groups: Any = None,
        group_weights: Any = None,
        fit_intercept: bool = True,
        standardize: bool = True,
        tol: float = 1e-8,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.groups = groups
        self.group_weights = group_weights
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.tol = tol


class GroupLassoCV(ManyAlphas, GroupedModel, LinearModel):
    """The group lasso with alpha chosen by cross-validation.

    The problem is that of :class:`riata.GroupLasso`, solved for every alpha on all rows and on each training fold
    (`standardize` uses the moments of that fold); alpha_ has the best mean score on the rows held out.

    Parameters
    ----------
    alphas : int >= 1 or array-like of numbers >= 0, default=100
        How many alphas, from the smallest with all coefficients 0 down to 1e-4 of it (1e-2 if n_samples <= n_features),
        or which ones, in any order.
    l1_ratio, groups, group_weights, fit_intercept, standardize, tol
        As in :class:`riata.GroupLasso`. `groups` are of features; the `groups` of `fit` are of rows, for the splitter.
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
    coef_, intercept_, gap_rel_, n_iter_, n_features_in_, feature_names_in_
        As in :class:`riata.GroupLasso`, of the fit to all rows at alpha_.

    Examples
    --------
    >>> from riata import GroupLassoCV
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = GroupLassoCV(alphas=20, groups={"person": ["age", "sex"], "serum": "s?"}, rule="1se").fit(X, y)
    >>> set((model.coef_[:2] != 0).tolist()), bool(model.score(X, y) > 0.4)  # age and sex are one group
    ({True}, True)

    References
    ----------
    Yuan, M. and Lin, Y. (2006). Model selection and estimation in regression with grouped variables.
    J. R. Statist. Soc. B 68, 49-67.
    """

    _rules = many_alphas.RULES | GROUPS

    def __init__(
        self,
        alphas: Any = 100,
        l1_ratio: float = 1.0,
        *,
        groups: Any = None,
        group_weights: Any = None,
        cv: Any = None,
        scoring: str | None = None,
        rule: str = "min",
        fit_intercept: bool = True,
        standardize: bool = True,
        tol: float = 1e-8,
    ) -> None:
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.groups = groups
        self.group_weights = group_weights
        self.cv = cv
        self.scoring = scoring
        self.rule = rule
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.tol = tol
