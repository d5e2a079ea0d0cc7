"""Classes, alpha chosen by cross-validation."""

from __future__ import annotations

from typing import Any

from riata.estimators.classifier import CLASS_WEIGHT, ClassifierModel
from riata.estimators.many_alphas import RULES, ManyAlphas


class LassoClassifierCV(ManyAlphas, ClassifierModel):
    """Logistic regression with an L1 penalty, for two classes or more, alpha chosen by cross-validation.

        minimise over (b, w)   (1/S) Σᵢ sᵢ [ log(1 + exp ηᵢ) − yᵢ ηᵢ ]
                               + alpha Σⱼ vⱼ ( l1_ratio |tⱼwⱼ| + ½(1 − l1_ratio)(tⱼwⱼ)² ),    ηᵢ = b + xᵢᵀw,   S = Σ sᵢ

    with yᵢ = 1 for the second of the sorted labels and 0 for the first, sᵢ = `sample_weight` times `class_weight`,
    vⱼ = `penalty_factor`, tⱼ the standard deviation of column j (1, if not `standardize`). More than two classes have
    an ηᵢₖ = bₖ + xᵢᵀwₖ each, the loss is log Σₖ exp ηᵢₖ − ηᵢₖ at the row's own class k, and every coefficient of every
    class is penalised. alpha is 1/(nC) of scikit-learn's LogisticRegression.

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
        None is 5 folds, stratified by class. Any scikit-learn splitter will do.
    scoring : str, default=None
        "deviance" (None), "accuracy" or, of two classes, "auc", "mse" or "mae"; see riata.scores.
    rule : {"min", "1se"}, default="min"
        "1se" takes the largest alpha whose mean score is within one standard error of the best.
    fit_intercept : bool, default=True
        Whether b is fitted; it is never penalised.
    standardize : bool, default=True
        Penalise the coefficient of each column as if it had unit variance; `coef_` stays in the units of X.
        Columns that do not vary get coefficient 0.
    penalty_factor : array-like of shape (n_features,), default=None
        Multiplies alpha for each feature, as given: 0 is never penalised, inf is left out.
    tol : float > 0, default=1e-8
        Bound on `gap_rel_`, the duality gap over the objective of the model without features.
    class_weight : "balanced" or dict {label: weight}, default=None
        Multiplies the sample weights. "balanced" gives all classes the same total.

    Attributes
    ----------
    alpha_ : float
    alphas_ : ndarray of shape (n_alphas,), decreasing
    score_path_ : ndarray of shape (n_alphas, n_folds)
        The score of every alpha on the rows that each fold holds out.
    cv_result_ : riata.core.results.CVResult
        The full path, and `gap_rel` of every alpha and fold.
    classes_ : ndarray of shape (n_classes,)
        The sorted labels, of any type.
    coef_ : ndarray of shape (1, n_features), or (n_classes, n_features) of more than two classes
        Change of the log odds of classes_[1], or of the logarithm of a class's probability up to a constant, per unit
        of X[:, j]; exp(coef_) are odds ratios. Of an even number of classes, a feature's coefficients are unique only
        up to a common shift between the two in the middle; probabilities are unique.
    intercept_ : ndarray of shape (1,) or (n_classes,)
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
    >>> from riata import LassoClassifierCV
    >>> from sklearn.datasets import load_breast_cancer
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LassoClassifierCV(rule="1se").fit(X, y)
    >>> bool(model.score(X, y) > 0.97), bool((model.coef_ != 0).sum() < 20)
    (True, True)

    References
    ----------
    Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
    coordinate descent. J. Stat. Softw. 33(1).
    """

    _rules = RULES | CLASS_WEIGHT

    def __init__(
        self,
        alphas: Any = 100,
        l1_ratio: float = 1.0,
        *,
        cv: Any = None,
        scoring: str | None = None,
        rule: str = "min",
        fit_intercept: bool = True,
        standardize: bool = True,
        penalty_factor: Any = None,
        tol: float = 1e-8,
        class_weight: Any = None,
    ) -> None:
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.cv = cv
        self.scoring = scoring
        self.rule = rule
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.tol = tol
        self.class_weight = class_weight
