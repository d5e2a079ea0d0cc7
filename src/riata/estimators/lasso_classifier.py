"""Classes, at one alpha."""

from __future__ import annotations

from typing import Any

from riata.estimators.classifier import CLASS_WEIGHT, ClassifierModel
from riata.estimators.one_alpha import RULES, OneAlpha


class LassoClassifier(OneAlpha, ClassifierModel):
    """Logistic regression with an L1 penalty, for two classes or more.

        minimise over (b, w)   (1/S) Σᵢ sᵢ [ log(1 + exp ηᵢ) − yᵢ ηᵢ ]
                               + alpha Σⱼ vⱼ ( l1_ratio |tⱼwⱼ| + ½(1 − l1_ratio)(tⱼwⱼ)² ),    ηᵢ = b + xᵢᵀw,   S = Σ sᵢ

    with yᵢ = 1 for the second of the sorted labels and 0 for the first, sᵢ = `sample_weight` times `class_weight`,
    vⱼ = `penalty_factor`, tⱼ the standard deviation of column j (1, if not `standardize`). More than two classes have
    an ηᵢₖ = bₖ + xᵢᵀwₖ each, the loss is log Σₖ exp ηᵢₖ − ηᵢₖ at the row's own class k, and every coefficient of every
    class is penalised. alpha is 1/(nC) of scikit-learn's LogisticRegression.

    Parameters
    ----------
    alpha : float >= 0, default=0.01
        Strength of the penalty. In units of the mean logistic loss: 0 is no penalty,
        and from about 1/2 on every coefficient is 0 (if `standardize`).
    l1_ratio : float in [0, 1], default=1.0
        1 is the lasso, 0 is ridge.
    fit_intercept : bool, default=True
        Whether b is fitted; it is never penalised.
    standardize : bool, default=True
        Penalise the coefficient of each column as if it had unit variance; `coef_` stays in the units of X.
        Columns that do not vary get coefficient 0.
    penalty_factor : array-like of shape (n_features,), default=None
        Multiplies alpha for each feature, as given: 0 is never penalised, inf is left out.
    lower, upper : float or array-like of shape (n_features,), default=None
        Bounds on `coef_`, lower <= 0 <= upper; for two classes only.
    tol : float > 0, default=1e-8
        Bound on `gap_rel_`, the duality gap over the objective of the model without features.
    threads : int, default=None
        Threads for products with X, where there are two classes; None leaves the choice to riata. The answer is the
        same, bit for bit.
    class_weight : "balanced" or dict {label: weight}, default=None
        Multiplies the sample weights. "balanced" gives all classes the same total.

    Attributes
    ----------
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
    >>> from riata import LassoClassifier
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]], ["no", "no", "yes", "yes"]
    >>> model = LassoClassifier(alpha=0.1).fit(X, y)
    >>> model.predict([[3.0, 1.0]]).tolist()
    ['yes']
    >>> model.predict_proba([[1.5, 0.5]]).round(6).tolist()
    [[0.5, 0.5]]

    References
    ----------
    Friedman, J., Hastie, T. and Tibshirani, R. (2010). Regularization paths for generalized linear models via
    coordinate descent. J. Stat. Softw. 33(1).
    """

    _rules = RULES | CLASS_WEIGHT

    def __init__(
        self,
        alpha: float = 0.01,
        l1_ratio: float = 1.0,
        *,
        fit_intercept: bool = True,
        standardize: bool = True,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        tol: float = 1e-8,
        threads: int | None = None,
        class_weight: Any = None,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.tol = tol
        self.threads = threads
        self.class_weight = class_weight
