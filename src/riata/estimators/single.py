"""Fitting at one alpha: what Lasso and ElasticNet share."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.metadata_routing import UNUSED

from riata.certify import certify
from riata.core.problem import Problem
from riata.estimators.base import LinearTwin, absolute_gap, iterations
from riata.estimators.convergence import warn_if_missed
from riata.estimators.gram import check_gram
from riata.estimators.inputs import read_training, read_weights
from riata.estimators.options import ARRAY, BOOL, NONE, RANDOM_STATE, SELECTION, Rule, integer, real
from riata.path import solve_path

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


class _Solution(NamedTuple):
    """One target's solution, with what is told about it."""

    coef: NDArray[np.float64]
    intercept: float
    gap_rel: float
    gap: float
    n_iter: int


class SingleAlpha(LinearTwin):
    """A fit at one alpha, of each column of y on its own."""

    alpha: float
    l1_ratio: float
    precompute: Any
    max_iter: int | None
    tol: float
    warm_start: bool
    threads: int | None

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
        warn_if_missed(np.array([self.alpha]), np.array([[one.gap_rel for one in found]]), self.tol, self.max_iter)
        return self

    def _solve(self, problem: Problem, target: int) -> _Solution:
        kept = self._still_good(problem, target) if self.warm_start else None
        if kept is not None:
            return kept
        limit = {} if self.max_iter is None else {"max_iter": int(self.max_iter)}
        path = solve_path(problem, [float(self.alpha)], tol=float(self.tol), threads=self.threads, warn=False, **limit)
        gap = float(absolute_gap(path)[0])
        return _Solution(path.coef[:, 0], float(path.intercept[0]), float(path.gap_rel[0]), gap, iterations(path)[0])

    def _still_good(self, problem: Problem, target: int) -> _Solution | None:
        """The solution of the fit before, if it has this shape and its certificate in this problem is good enough."""
        coef = np.atleast_2d(np.asarray(getattr(self, "coef_", np.empty(0)), dtype=np.float64))
        intercept = np.atleast_1d(getattr(self, "intercept_", 0.0))
        if target >= min(len(coef), len(intercept)) or coef.shape[1] != problem.n_features:
            return None
        check = certify(problem, coef[target], float(intercept[target]), float(self.alpha))
        if not check.gap_rel <= self.tol:
            return None
        return _Solution(coef[target], float(intercept[target]), check.gap_rel, check.gap, 0)

    def _store(self, found: list[_Solution], dtype: Any, y_ndim: int) -> None:
        coef = np.array([one.coef for one in found]).astype(dtype, copy=False)
        intercept = np.array([one.intercept for one in found]).astype(dtype, copy=False)
        gaps = np.array([one.gap for one in found]).astype(dtype, copy=False)
        gap_rel = np.array([one.gap_rel for one in found])
        n_iter = [one.n_iter for one in found]
        if len(found) == 1:
            self.coef_, self.dual_gap_, self.n_iter_, self.gap_rel_ = coef[0], gaps[0], n_iter[0], gap_rel[0]
        else:
            self.coef_, self.dual_gap_, self.n_iter_, self.gap_rel_ = coef, gaps, n_iter, gap_rel
        if not self.fit_intercept:
            self.intercept_ = 0.0
        else:
            self.intercept_ = intercept[0] if y_ndim == 1 else intercept
        self._check_finite()
