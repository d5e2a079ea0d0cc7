"""Several targets with the same features: what the four multi-task twins share."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData
from riata.core.problem import Problem
from riata.core.results import CVResult, Path
from riata.estimators.base import LinearTwin, absolute_gap, iterations
from riata.estimators.base_cv import RULES as MANY
from riata.estimators.base_cv import CrossValidated
from riata.estimators.convergence import warn_if_missed
from riata.estimators.inputs import read_training, read_weights
from riata.estimators.options import Rule
from riata.estimators.single import RULES as ONE
from riata.path import fit_path, make_problem
from riata.penalties.group import Group

_NOT_OURS = ("precompute", "positive", "lower", "upper", "threads")
RULES: dict[str, Rule] = {name: rule for name, rule in ONE.items() if name not in _NOT_OURS} | {
    "max_iter": MANY["max_iter"]
}
CV_RULES: dict[str, Rule] = {name: rule for name, rule in MANY.items() if name not in _NOT_OURS}


class MultiTaskTwin(LinearTwin):
    """The linear models Y = intercept_ + X @ coef_.T of all targets, which use the same features."""

    _single: ClassVar[str]  # the class for one target

    def _tasks(self, y: NDArray[Any]) -> NDArray[Any]:
        if y.ndim == 1:
            raise InvalidData(
                f"For mono-task outputs, use {self._single}.",
                expected="y of shape (n_samples, n_tasks)",
                got=f"shape {y.shape}",
            )
        return y

    def _problem(self, X: Any, y: NDArray[Any], weights: NDArray[np.float64] | None, l1_ratio: float) -> Problem:
        one = y.shape[1] == 1  # the plain lasso, which has faster solvers
        return make_problem(
            X,
            y,
            family="gaussian" if one else "multigaussian",
            penalty="l1" if one else Group(),
            sample_weight=weights,
            penalty_factor=self.penalty_factor,
            l1_ratio=float(l1_ratio),
            fit_intercept=bool(self.fit_intercept),
            standardize=bool(self.standardize),
        )

    def _store_coef(self, coef: NDArray[Any], intercept: Any, dtype: Any) -> None:
        """The solver's (n_features, n_tasks), or (n_features,) of one task, as scikit-learn has it."""
        self.coef_ = np.ascontiguousarray(np.atleast_2d(coef.T), dtype=dtype)
        self.intercept_ = np.atleast_1d(intercept).astype(dtype, copy=False) if self.fit_intercept else 0.0

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = False
        tags.target_tags.multi_output = True
        return tags


class MultiTaskAtOne(MultiTaskTwin):
    """At one alpha."""

    alpha: float
    l1_ratio: float
    max_iter: int
    tol: float

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Never changed, and not copied if it is float64 or float32, dense in any order or sparse CSC or CSR.
        y : array-like of shape (n_samples, n_tasks)
        sample_weight : float or array-like of shape (n_samples,), default=None
            On any scale: weight 2 is as the row twice, weight 0 as no row.

        Returns
        -------
        self : object
        """
        self._check_options()
        X, y = read_training(self, X, y)
        y = self._tasks(y)
        problem = self._problem(X, y, read_weights(sample_weight, X.shape[0]), self.l1_ratio)
        path = fit_path(problem, [float(self.alpha)], tol=float(self.tol), max_iter=int(self.max_iter), warn=False)
        self._store(path, X.dtype)
        warn_if_missed(path.lams, path.gap_rel, self.tol, self.max_iter)
        return self

    def _store(self, path: Path, dtype: Any) -> None:
        self._store_coef(*path.at(float(self.alpha)), dtype)
        self.dual_gap_ = dtype.type(absolute_gap(path)[0])
        self.gap_rel_ = path.gap_rel[0]
        self.eps_ = float(self.tol) * 0.5 * path.null_deviance
        self.n_iter_ = iterations(path)[0]
        self._check_finite()


class MultiTaskOverMany(MultiTaskTwin, CrossValidated):
    """Alpha, and l1_ratio if several are given, with the smallest mean of the folds' mean squared errors."""

    def _read_target(self, y: NDArray[Any]) -> NDArray[Any]:
        return self._tasks(y)

    def _errors(self, result: CVResult) -> NDArray[np.float64]:
        return result.loss / len(result.path.outputs or [""])  # the solver adds tasks up, scikit-learn takes the mean
