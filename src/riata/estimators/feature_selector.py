"""FeatureSelector: the features of riata.select as a step of a scikit-learn pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from riata.select.api import select


class FeatureSelector(SelectorMixin, BaseEstimator):
    """Keep the columns that a lasso selects, at the λ that a rule chooses.

        minimise over (b, w)  (1/n) Σ loss(yᵢ, b + xᵢᵀw) + λ Σⱼ |tⱼwⱼ|,    kept are the columns with wⱼ ≠ 0

    Standardising happens inside every training fold. What is kept was chosen by y: p-values of a model refitted on
    these columns and rows are not valid (see riata.post_selection and riata.debiased_lasso for ones that are).

    Parameters
    ----------
    rule : "min", "1se", "aic", "aicc", "bic", "ebic", "hbic", "cp" or "gcv"
    family : "gaussian", "binomial", "poisson" or "huber"
    noise : for the rules of information, the noise variance or "ols", "reid", "scaled"
    folds, seed : of the cross-validation
    penalty : "l1", "adaptive", "mcp", "scad" or "log"
    standardize : penalise effects per standard deviation

    Attributes
    ----------
    selection_ : riata.Selection, with the path, the cross-validation and ``explain``
    n_features_in_, feature_names_in_ : of the training data

    Examples
    --------
    >>> import numpy as np
    >>> from riata import FeatureSelector
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((80, 4))
    >>> FeatureSelector().fit(X, 3 * X[:, 1] + rng.standard_normal(80)).get_support()
    array([False,  True, False, False])
    """

    def __init__(
        self, *, rule: str = "1se", family: str = "gaussian", noise: Any = None, folds: int = 10, seed: int = 0,
        penalty: Any = "l1", standardize: bool = True,
    ) -> None:  # fmt: skip
        self.rule = rule
        self.family = family
        self.noise = noise
        self.folds = folds
        self.seed = seed
        self.penalty = penalty
        self.standardize = standardize

    def fit(self, X: Any, y: Any) -> FeatureSelector:
        """Select features of X (n_samples, n_features) for the target y (n_samples,)."""
        X, y = validate_data(self, X, y, accept_sparse=["csr", "csc"], ensure_min_samples=2, dtype=np.float64)
        names = getattr(self, "feature_names_in_", None)
        found = select(
            X, y, rule=self.rule, family=self.family, folds=min(self.folds, X.shape[0]), seed=self.seed,
            penalty=self.penalty, standardize=self.standardize, feature_names=None if names is None else list(names),
        )  # fmt: skip
        self.selection_ = found if self.noise is None else found.choose(self.rule, self.noise)
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return np.asarray(self.selection_.path.coef[:, self.selection_.index] != 0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        return tags
