"""Counts and rates: a Poisson model with a log link."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import column_or_1d

from riata.estimators.family import FamilyModel
from riata.estimators.inputs import log_exposure, read_weights
from riata.losses import find


class CountModel(RegressorMixin, FamilyModel):
    """The Poisson model E[y] = exposure · exp(intercept_ + X @ coef_)."""

    _family = "poisson"
    fit_intercept: bool

    def predict(self, X: Any, exposure: Any = None) -> NDArray[Any]:
        """Expected counts exposure · exp(intercept_ + X @ coef_), shape (n_samples,); for exposure 1 unless given."""
        eta = self._linear(X)
        shift = log_exposure(exposure, len(eta))
        with np.errstate(over="ignore"):
            return np.exp(eta if shift is None else eta + shift)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """D², the share of the deviance that the model explains: 1 − D(y, predict(X)) / D(y, mean of y).

        At best 1; 0 is no better than the mean of the y given here. NaN where all of them are 0.
        """
        eta = self._linear(X)
        loss = find("poisson").parse(column_or_1d(y))
        weights = read_weights(sample_weight, len(eta))
        s = np.ones(len(eta)) if weights is None else weights
        s, zeros = s / s.sum(), np.zeros(len(eta))
        if not (s @ loss.y > 0):  # type: ignore[attr-defined]
            return float("nan")
        _, null = loss.null(zeros, s)
        floor = loss.saturated(s)
        return float(1.0 - (loss.value(eta, s) - floor) / (null - floor)) if null > floor else float("nan")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags
