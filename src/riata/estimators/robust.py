"""Numbers with outliers: squared error near, absolute error far."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from riata.estimators.family import FamilyModel
from riata.estimators.options import Rule, real

DELTA: dict[str, Rule] = {"delta": real(0, open_low=True)}


class RobustModel(RegressorMixin, FamilyModel):
    """The linear model y = intercept_ + X @ coef_ under Huber's loss."""

    _family = "huber"
    fit_intercept: bool
    delta: float

    def _target(self, y: Any, weights: Any) -> tuple[Any, Any, dict[str, Any], Any]:
        return y, weights, {"delta": float(self.delta)}, None

    def predict(self, X: Any) -> NDArray[Any]:
        """intercept_ + X @ coef_, shape (n_samples,)."""
        return self._linear(X)
