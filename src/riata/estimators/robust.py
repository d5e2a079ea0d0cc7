"""Numbers with outliers: squared error near, absolute error far."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.estimators.linear import LinearModel
from riata.estimators.options import NONE, Rule, real
from riata.losses.spread import huber_delta

DELTA: dict[str, Rule] = {"delta": real(0, open_low=True) | NONE}


class RobustModel(LinearModel):
    """The linear model y = intercept_ + X @ coef_ under Huber's loss."""

    _family = "huber"
    delta: float | None
    delta_: float

    def _target(self, y: Any, weights: Any) -> tuple[Any, Any, dict[str, Any], Any]:
        s = np.ones(len(y)) if weights is None else weights
        self.delta_ = huber_delta(y, s) if self.delta is None else float(self.delta)
        return y, weights, {"delta": self.delta_}, None
