"""What every twin of a scikit-learn linear model shares."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from riata.core.errors import InvalidData
from riata.core.problem import Problem
from riata.core.results import Path
from riata.estimators.options import Rule, check_options, defaults_of
from riata.kernels.scan import finite
from riata.path import make_problem


class LinearTwin(RegressorMixin, MultiOutputMixin, BaseEstimator, abc.ABC):
    """A linear model y = intercept_ + X @ coef_ with scikit-learn's attributes.

    Subclasses give the parameters, the rules they obey, and `fit`. No mathematics lives in this folder: estimators
    translate their parameters to `make_problem`, `solve_path` and `cross_validate`, and the results back.
    """

    _rules: Mapping[str, Rule]

    # Declared for readers and type checkers; set by the constructors of the subclasses.
    fit_intercept: bool
    standardize: bool
    positive: bool
    penalty_factor: Any
    lower: Any
    upper: Any
    coef_: NDArray[Any]
    intercept_: Any

    def _check_options(self) -> None:
        check_options(type(self).__name__, self._rules, vars(self), defaults_of(type(self)))

    def _problem(self, X: Any, y: NDArray[Any], weights: NDArray[np.float64] | None, l1_ratio: float) -> Problem:
        lower = self.lower
        if self.positive:
            lower = 0.0 if lower is None else np.maximum(lower, 0.0)
        return make_problem(
            X,
            y,
            sample_weight=weights,
            penalty_factor=self.penalty_factor,
            lower=lower,
            upper=self.upper,
            l1_ratio=float(l1_ratio),
            fit_intercept=bool(self.fit_intercept),
            standardize=bool(self.standardize),
        )

    def _check_finite(self) -> None:
        intercept = self.intercept_ if isinstance(self.intercept_, np.ndarray) else np.float64(self.intercept_)
        if not (finite(self.coef_) and finite(intercept)):
            raise InvalidData(
                "Coordinate descent iterations resulted in non-finite parameter values. The input data may contain "
                "large values and need to be preprocessed.",
                hint="divide X and y by a constant so that their squares stay below 1e308.",
            )

    @property
    def sparse_coef_(self) -> Any:
        """`coef_` as a sparse row for each target, in the interface that scikit-learn is configured for."""
        array = sklearn.get_config().get("sparse_interface") == "sparray"
        return (sparse.csr_array if array else sparse.csr_matrix)(np.atleast_2d(self.coef_))

    def predict(self, X: Any) -> NDArray[Any]:
        """X @ coef_ + intercept_, of shape (n_samples,) or (n_samples, n_targets)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=["csr", "csc", "coo"], reset=False)
        return X @ self.coef_.T + self.intercept_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def absolute_gap(path: Path) -> NDArray[np.float64]:
    """The duality gaps of a path in units of the objective, as scikit-learn gives them: gap_rel × objective at 0."""
    return path.gap_rel * (0.5 * path.null_deviance)


def iterations(path: Path) -> list[int]:
    """Rounds of the inner solver for each alpha; 0 where the starting point was good enough as it was."""
    return [int(count) for count in path.stats["n_iter"]]
