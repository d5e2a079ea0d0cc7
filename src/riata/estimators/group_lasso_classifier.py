"""The group lasso of classes, at one alpha and with alpha chosen by cross-validation."""

from __future__ import annotations

from typing import Any

from riata.estimators import many_alphas, one_alpha
from riata.estimators.classifier import CLASS_WEIGHT, ClassifierModel
from riata.estimators.grouped import GROUPS, GroupedModel
from riata.estimators.many_alphas import ManyAlphas
from riata.estimators.one_alpha import OneAlpha


class GroupLassoClassifier(OneAlpha, GroupedModel, ClassifierModel):
    """Logistic regression in which groups of features are selected as one, for two classes or more.

        minimise over (b, w)   (1/S) Σᵢ sᵢ [ log(1 + exp ηᵢ) − yᵢ ηᵢ ]
                               + alpha Σ_g v_g ( l1_ratio ‖u_g‖ + ½(1 − l1_ratio) ‖u_g‖² ),    u = t∘w,   S = Σ sᵢ

    with ηᵢ = b + xᵢᵀw, yᵢ = 1 for the second of the sorted labels and 0 for the first, ‖·‖ the Euclidean length, u_g
    the part of u that belongs to group g, sᵢ = `sample_weight` times `class_weight`, v_g = `group_weights` and tⱼ the
    standard deviation of column j (1, if not `standardize`). More than two classes have an ηᵢₖ = bₖ + xᵢᵀwₖ each, the
    loss is log Σₖ exp ηᵢₖ − ηᵢₖ at the row's own class k, and u_g holds the coefficients of all classes: a group is in
    the model for every class or for none.

    Parameters
    ----------
    alpha : float >= 0, default=0.01
        Strength of the penalty, in units of the mean logistic loss; 0 is no penalty.
    l1_ratio, groups, group_weights, fit_intercept, standardize, tol
        As in :class:`riata.GroupLasso`.
    class_weight : "balanced" or dict {label: weight}, default=None
        Multiplies the sample weights. "balanced" gives all classes the same total.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The sorted labels, of any type.
    coef_ : ndarray of shape (1, n_features), or (n_classes, n_features) of more than two classes
        Change of the log odds of classes_[1], or of the logarithm of a class's probability up to a constant, per unit
        of X[:, j].
    intercept_ : ndarray of shape (1,) or (n_classes,)
    gap_rel_, n_iter_, n_features_in_, feature_names_in_
        As in :class:`riata.GroupLasso`.

    Raises
    ------
    InvalidParameter (ValueError, TypeError) for a parameter, InvalidOption (ValueError) for groups that do not fit X,
    InvalidData (ValueError) for the data.

    Warns
    -----
    FitNotConverged, once, if `tol` is missed; it is riata's NotConverged and scikit-learn's ConvergenceWarning.

    Examples
    --------
    >>> from riata import GroupLassoClassifier
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = GroupLassoClassifier(alpha=0.3, groups={"sepal": "sepal*", "petal": "petal*"}).fit(X, y)
    >>> model.feature_names_in_[model.coef_.any(axis=0)].tolist()
    ['petal length (cm)', 'petal width (cm)']

    References
    ----------
    Meier, L., van de Geer, S. and Bühlmann, P. (2008). The group lasso for logistic regression.
    J. R. Statist. Soc. B 70, 53-71.
    """

    _rules = one_alpha.RULES | GROUPS | CLASS_WEIGHT

    def __init__(
        self,
        alpha: float = 0.01,
        l1_ratio: float = 1.0,
        *,
        groups: Any = None,
        group_weights: Any = None,
        fit_intercept: bool = True,
        standardize: bool = True,
        tol: float = 1e-8,
        class_weight: Any = None,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.groups = groups
        self.group_weights = group_weights
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.tol = tol
        self.class_weight = class_weight


class GroupLassoClassifierCV(ManyAlphas, GroupedModel, ClassifierModel):
    """Logistic regression with groups of features, alpha chosen by cross-validation.

    The problem is that of :class:`riata.GroupLassoClassifier`, with an intercept, solved for every alpha on all rows
    and on each training fold (`standardize` uses the moments of that fold); alpha_ has the best mean score on the rows
    held out.

    Parameters
    ----------
    alphas, l1_ratio, groups, group_weights, rule, standardize, tol
        As in :class:`riata.GroupLassoCV`. `groups` are of features; the `groups` of `fit` are of rows, for the
        splitter.
    cv : int, splitter or iterable of (train, test), default=None
        None is 5 folds, stratified by class. Any scikit-learn splitter will do.
    scoring : str, default=None
        "deviance" (None), "accuracy" or, of two classes, "auc", "mse" or "mae"; see riata.scores.
    class_weight : "balanced" or dict {label: weight}, default=None
        Multiplies the sample weights. "balanced" gives all classes the same total.

    Attributes
    ----------
    alpha_, alphas_, score_path_, cv_result_
        As in :class:`riata.GroupLassoCV`.
    classes_, coef_, intercept_, gap_rel_, n_iter_, n_features_in_, feature_names_in_
        As in :class:`riata.GroupLassoClassifier`, of the fit to all rows at alpha_.

    Examples
    --------
    >>> from riata import GroupLassoClassifierCV
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> groups = {"sepal": "sepal*", "petal": "petal*"}
    >>> model = GroupLassoClassifierCV(alphas=[0.2, 0.1, 0.05], groups=groups).fit(X, y)
    >>> model.alpha_, bool(model.score(X, y) > 0.9)
    (0.05, True)

    References
    ----------
    Meier, L., van de Geer, S. and Bühlmann, P. (2008). The group lasso for logistic regression.
    J. R. Statist. Soc. B 70, 53-71.
    """

    _rules = many_alphas.RULES | GROUPS | CLASS_WEIGHT

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
        standardize: bool = True,
        tol: float = 1e-8,
        class_weight: Any = None,
    ) -> None:
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.groups = groups
        self.group_weights = group_weights
        self.cv = cv
        self.scoring = scoring
        self.rule = rule
        self.standardize = standardize
        self.tol = tol
        self.class_weight = class_weight
