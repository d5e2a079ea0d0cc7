"""Fitting at one alpha: what Lasso and ElasticNet share."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.metadata_routing import UNUSED

from riata.core.problem import Problem
from riata.estimators.base import LinearTwin
from riata.estimators.convergence import warn_if_missed
from riata.estimators.gram import check_gram
from riata.estimators.inputs import read_training, read_weights
from riata.estimators.options import ARRAY, BOOL, NONE, RANDOM_STATE, SELECTION, Rule, integer, real
from riata.path.drive import solve_at
from riata.solve.outcome import Outcome

RULES: dict[str, Rule] = {
    "alpha": real(0),
    "fit_intercept": BOOL,
    "precompute": BOOL | ARRAY,
    "max_iter": integer(1) | NONE,
    "copy_X": BOOL,
    "tol": real(0),
    "warm_start": BOOL,
    "positive": BOOL,
    "random_state": RANDOM_STATE,
    "selection": SELECTION,
    "standardize": BOOL,
    "penalty_factor": ARRAY | NONE,
    "lower": real(-np.inf, 0) | ARRAY | NONE,
    "upper": Rule(lambda value: isinstance(value, int | float) and value >= 0, "a number >= 0") | ARRAY | NONE,
    "threads": integer(1) | NONE,
}


class SingleAlpha(LinearTwin):
    """A fit at one alpha, of each column of y on its own."""

    alpha: float
    l1_ratio: float
    precompute: Any
    max_iter: int | None
    tol: float
    warm_start: bool
    threads: int | None
    n_iter_: int | list[int]
    dual_gap_: Any
    gap_rel_: Any

    # Not something that a pipeline routes.
    __metadata_request__fit = {"check_input": UNUSED}  # noqa: RUF012

    def fit(self, X: Any, y: Any, sample_weight: Any = None, check_input: bool = True) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Never changed, and not copied if it is float64 or float32, dense in any order or sparse CSC or CSR.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Each column is a problem of its own.
        sample_weight : float or array-like of shape (n_samples,), default=None
            On any scale: weight 2 is as the row twice, weight 0 as no row.
        check_input : bool, default=True
            No effect: the checks are cheap and always made.

        Returns
        -------
        self : object
        """
        self._check_options()
        if self.alpha == 0:
            warnings.warn(
                "With alpha=0, this algorithm does not converge well. You are advised to use the LinearRegression "
                "estimator",
                stacklevel=2,
            )
        X, y = read_training(self, X, y)
        weights = read_weights(sample_weight, X.shape[0])
        if not isinstance(self.precompute, bool):
            check_gram(self.precompute, X, weights, self.fit_intercept)
        targets = y.reshape(len(y), -1)
        problem = self._problem(X, targets[:, 0], weights, self.l1_ratio)
        found = []
        for k in range(targets.shape[1]):
            if k > 0:
                problem = problem.replace(y=np.ascontiguousarray(targets[:, k], dtype=np.float64))
            found.append(self._solve(problem, k))
        self._store(found, X.dtype, y.ndim)
        if any(not one.gap_rel[0] <= self.tol for one in found):
            warn_if_missed(np.array([self.alpha]), np.atleast_2d(self.gap_rel_), self.tol, self.max_iter)
        return self

    def _solve(self, problem: Problem, target: int) -> Outcome:
        options: dict[str, Any] = {} if self.max_iter is None else {"max_iter": int(self.max_iter)}
        if self.warm_start:
            options["start"] = self._last_coef(target, problem.n_features)
        return solve_at(problem, [float(self.alpha)], tol=float(self.tol), threads=self.threads, **options)

    def _last_coef(self, target: int, n_features: int) -> NDArray[np.float64] | None:
        """One target's coefficients of the fit before, or None if there are none of that shape."""
        coef = np.atleast_2d(np.asarray(getattr(self, "coef_", np.empty(0)), dtype=np.float64))
        return coef[target] if target < len(coef) and coef.shape[1] == n_features else None

    def _store(self, found: list[Outcome], dtype: Any, y_ndim: int) -> None:
        coef = [_dense(one, self.n_features_in_, dtype) for one in found]
        gap_rel = [one.gap_rel[0] for one in found]
        gap = [dtype.type(one.gap_rel[0] * (0.5 * one.scaling.y_norm**2)) for one in found]
        intercept = [dtype.type(one.intercept[0]) for one in found]
        n_iter = [int(one.rounds[0]) for one in found]
        if len(found) == 1:
            self.coef_, self.dual_gap_, self.n_iter_, self.gap_rel_ = coef[0], gap[0], n_iter[0], gap_rel[0]
        else:
            self.coef_, self.dual_gap_ = np.array(coef), np.array(gap)
            self.n_iter_, self.gap_rel_ = n_iter, np.array(gap_rel)
        if not self.fit_intercept:
            self.intercept_ = 0.0
        else:
            self.intercept_ = intercept[0] if y_ndim == 1 else np.array(intercept)
        self._check_finite()


def _dense(found: Outcome, n_features: int, dtype: Any) -> NDArray[Any]:
    """(n_features,) coefficients at the one λ."""
    coef = np.zeros(n_features, dtype)
    coef[found.active] = found.coef_active[:, 0]
    return coef
