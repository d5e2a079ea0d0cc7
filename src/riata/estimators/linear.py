"""A number: the linear model."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from riata.estimators.family import FamilyModel


class LinearModel(RegressorMixin, FamilyModel):
    """The linear model y = intercept_ + X @ coef_, by squared error unless a subclass names another loss."""

    _family = "gaussian"
    fit_intercept: bool

    def predict(self, X: Any) -> NDArray[Any]:
        """intercept_ + X @ coef_, shape (n_samples,)."""
        return self._linear(X)
