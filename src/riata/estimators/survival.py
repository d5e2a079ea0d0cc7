"""Survival times: Cox's proportional hazards, with survival functions from the baseline hazard."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from riata.core.errors import InvalidData, InvalidOption
from riata.core.problem import Problem
from riata.estimators.family import FamilyModel
from riata.estimators.inputs import read_weights
from riata.estimators.options import Rule, one_of
from riata.losses import find
from riata.losses.baseline import Baseline, breslow
from riata.scores import find as find_score

TIES: dict[str, Rule] = {"ties": one_of("breslow", "efron")}


class SurvivalModel(FamilyModel):
    """The hazard h(t | x) = h₀(t) exp(X @ coef_), with a baseline h₀ for each stratum."""

    _family = "cox"
    _intercepts = False
    ties: str
    strata_: NDArray[Any] | None
    baseline_: Baseline
    event_times_: NDArray[np.float64]

    def _read(self, X: Any, y: Any) -> tuple[Any, Any]:
        if y is None:
            raise InvalidData(
                f"{type(self).__name__} requires y to be passed, but the target y is None.",
                expected="columns (time, event) or (start, stop, event)",
            )
        X = validate_data(
            self, X, accept_sparse=["csc", "csr"], dtype=[np.float64, np.float32], ensure_all_finite=False,
            ensure_min_samples=2,
        )  # fmt: skip
        return X, np.asarray(y)

    def _target(self, y: Any, weights: Any) -> tuple[Any, Any, dict[str, Any], Any]:
        event = find("cox").parse(y).event  # type: ignore[attr-defined]
        return y, weights, {"ties": self.ties}, event.astype(np.intp)

    def _store(self, coef: NDArray[Any], intercept: Any, problem: Problem) -> None:
        self.coef_ = coef
        on = np.flatnonzero(coef)
        eta = problem.offset + problem.design.columns(on) @ coef[on].astype(np.float64)
        self.baseline_ = breslow(problem.loss, eta, problem.sample_weight / problem.sample_weight.sum())
        self.event_times_ = np.unique(np.concatenate(self.baseline_.times))

    def _note_strata(self, strata: Any) -> Any:
        """The labels of the strata, for predictions; returns `strata` for the loss."""
        self.strata_ = None if strata is None else np.unique(np.asarray(strata))
        return strata

    def predict(self, X: Any) -> NDArray[Any]:
        """X @ coef_, the logarithm of the hazard ratio to a row of zeros; shape (n_samples,), larger is riskier."""
        return self._linear(X)

    def predict_cumulative_hazard(self, X: Any, times: Any = None, strata: Any = None) -> NDArray[np.float64]:
        """Cumulative hazard H₀(t) exp(X @ coef_) at `times`, by default `event_times_`; shape (n_samples, n_times).

        `strata` are the labels of the rows of X, where the model was fitted with strata. H is constant beyond the last
        event that was seen.
        """
        eta = self._linear(X)
        at = self.event_times_ if times is None else np.atleast_1d(np.asarray(times, dtype=np.float64))
        if at.ndim != 1 or not np.isfinite(at).all():
            raise InvalidOption("times must be finite numbers.", expected="shape (n_times,)", got=repr(times))
        return self.baseline_.cumulative(eta.astype(np.float64), at, self._codes(strata, len(eta)))

    def predict_survival_function(self, X: Any, times: Any = None, strata: Any = None) -> NDArray[np.float64]:
        """Probability exp(−H(t)) to be free of the event at each of `times`; as `predict_cumulative_hazard`."""
        return np.exp(-self.predict_cumulative_hazard(X, times, strata))

    def _codes(self, strata: Any, n: int) -> NDArray[np.intp]:
        if self.strata_ is None:
            if strata is not None:
                raise InvalidOption("The model was fitted without strata.", got="strata", expected="strata=None")
            return np.zeros(n, np.intp)
        if strata is None:
            raise InvalidOption(
                "The model has a baseline hazard for each stratum.", expected="strata, one label for each row of X"
            )
        labels = np.asarray(strata)
        code = np.minimum(np.searchsorted(self.strata_, labels), len(self.strata_) - 1)
        if labels.shape != (n,) or (self.strata_[code] != labels).any():
            raise InvalidData(
                "strata has no label of a fitted stratum in every row.", expected=f"shape ({n},), of {self.strata_}"
            )
        return code

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Harrell's concordance index: of two rows of which one failed first, how often it had the larger risk.

        1 is a perfect order, 1/2 is chance; equal risks count half. NaN where no two rows can be compared.
        """
        eta = self._linear(X)
        loss = find("cox").parse(np.asarray(y))
        weights = read_weights(sample_weight, len(eta))
        s = np.ones(len(eta)) if weights is None else weights
        return float(find_score("c_index", "cox").of(loss, eta, s, np.zeros_like(s)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = False
        tags.target_tags.two_d_labels = True
        return tags
