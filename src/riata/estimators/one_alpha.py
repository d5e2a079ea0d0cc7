"""A model of any family at one alpha."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.estimators.base import iterations
from riata.estimators.convergence import warn_of_misses
from riata.estimators.family import BOUNDS, FamilyModel
from riata.estimators.family import RULES as SHARED
from riata.estimators.options import Rule, real
from riata.path import solve_path

RULES: dict[str, Rule] = {"alpha": real(0)} | SHARED | BOUNDS


class OneAlpha(FamilyModel):
    """The solution at the alpha that is given."""

    alpha: float
    threads: int | None

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Never changed, and not copied if it is float64 or float32, dense in any order or sparse CSC or CSR.
        y : array-like of shape (n_samples,)
        sample_weight : float or array-like of shape (n_samples,), default=None
            On any scale: weight 2 is as the row twice, weight 0 as no row.

        Returns
        -------
        self : object
        """
        return self._fit(X, y, sample_weight)

    def _solve(self, problem: Problem, labels: Any, groups: Any) -> tuple[NDArray[np.float64], float]:
        path = solve_path(problem, [float(self.alpha)], tol=float(self.tol), threads=self.threads, warn=False)
        self.gap_rel_ = float(path.gap_rel[0])
        self.n_iter_ = iterations(path)[0]
        warn_of_misses(path.lams, path.gap_rel, self.tol)
        coef = np.zeros(path.n_features)
        coef[path.active] = path.coef_active[:, 0]
        return coef, float(path.intercept[0])
