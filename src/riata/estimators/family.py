"""What the estimators of every family share: options, the problem, the linear predictor."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from riata.core.errors import InvalidData
from riata.core.problem import Problem
from riata.core.results import Path
from riata.estimators.inputs import log_exposure, read_weights
from riata.estimators.options import ARRAY, BOOL, NONE, Rule, check_options, integer, real
from riata.path import make_problem
from riata.penalties import Penalty

# The options that every family has; those of one family are added in its own file.
RULES: dict[str, Rule] = {
    "l1_ratio": real(0, 1),
    "fit_intercept": BOOL,
    "standardize": BOOL,
    "penalty_factor": ARRAY | NONE,
    "tol": real(0, open_low=True),
}
BOUNDS: dict[str, Rule] = {
    "lower": real(-np.inf, 0) | ARRAY | NONE,
    "upper": Rule(lambda value: isinstance(value, int | float) and value >= 0, "a number >= 0") | ARRAY | NONE,
    "threads": integer(1) | NONE,
}


class FamilyModel(BaseEstimator, abc.ABC):
    """A sparse linear model with the linear predictor intercept_ + X @ coef_.

    A family gives the target (`_read`, `_target`) and what is predicted; `OneAlpha` and `ManyAlphas` give `_solve`.
    """

    _rules: Mapping[str, Rule]
    _intercepts: ClassVar[bool] = True

    standardize: bool
    tol: float
    coef_: NDArray[Any]
    intercept_: Any
    gap_rel_: float
    stationarity_: float
    penalty_factor_: NDArray[np.float64]

    @property
    @abc.abstractmethod
    def _family(self) -> str:
        """The name of the loss."""

    @abc.abstractmethod
    def _solve(self, problem: Problem, labels: Any, groups: Any) -> tuple[NDArray[np.float64], Any]:
        """Coefficients (n_features,) and intercept, of K outputs (n_features, K) and (K,); sets what else is known."""

    def _penalty(self) -> str | Penalty:
        """The penalty, with its options."""
        return "l1"

    def _target(self, y: Any, weights: Any) -> tuple[Any, Any, dict[str, Any], Any]:
        """(y for the loss, weights, options of the loss, labels that folds keep in proportion or None)."""
        return y, weights, {}, None

    def _read(self, X: Any, y: Any) -> tuple[Any, Any]:
        return validate_data(
            self,
            X,
            y,
            accept_sparse=["csc", "csr"],
            dtype=[np.float64, np.float32],
            ensure_all_finite=False,
            ensure_min_samples=2,
            y_numeric=True,
        )

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any = None, exposure: Any = None, **more: Any) -> Self:
        check_options(type(self).__name__, {k: rule for k, rule in self._rules.items() if k in vars(self)}, vars(self))
        X, y = self._read(X, y)
        y, weights, options, labels = self._target(y, read_weights(sample_weight, X.shape[0]))
        problem = make_problem(
            X,
            y,
            sample_weight=weights,
            offset=log_exposure(exposure, X.shape[0]),
            penalty_factor=getattr(self, "penalty_factor", None),
            lower=getattr(self, "lower", None),
            upper=getattr(self, "upper", None),
            l1_ratio=float(getattr(self, "l1_ratio", 1.0)),
            fit_intercept=bool(getattr(self, "fit_intercept", True)),
            standardize=bool(self.standardize),
            family=self._family,
            penalty=self._penalty(),
            feature_names=getattr(self, "feature_names_in_", None),
            **options,
            **more,
        )
        coef, intercept = self._solve(problem, labels, groups)
        if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
            raise InvalidData(
                "The solution is not finite.",
                got="coefficients that overflow",
                hint="divide X and y by a constant so that their squares stay below 1e308.",
            )
        self._store(coef.astype(X.dtype, copy=False), np.asarray(intercept, X.dtype)[()], problem)
        return self

    def _note(self, path: Path, at: int) -> None:
        """Set what is known of the solution at one place of a path."""
        if path.stationarity is None:
            self.gap_rel_ = float(path.gap_rel[at])
        else:  # a concave penalty
            self.stationarity_ = float(path.stationarity[at])
        if path.penalty_factor is not None:
            self.penalty_factor_ = path.penalty_factor

    def _store(self, coef: NDArray[Any], intercept: Any, problem: Problem) -> None:
        self.coef_ = coef
        if self._intercepts:
            self.intercept_ = intercept

    def _linear(self, X: Any) -> NDArray[Any]:
        """intercept_ + X @ coef_.T, shape (n_samples,), or (n_samples, K) where coef_ has K rows."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=["csr", "csc", "coo"], reset=False)
        out = X @ self.coef_.T
        return out + self.intercept_ if self._intercepts else out

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        return tags
