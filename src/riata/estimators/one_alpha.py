"""A model of any family at one alpha."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.estimators.convergence import warn_of_misses
from riata.estimators.family import BOUNDS, FamilyModel
from riata.estimators.family import RULES as SHARED
from riata.estimators.options import Rule, real
from riata.path import default_grid, fit_path

RULES: dict[str, Rule] = {"alpha": real(0)} | SHARED | BOUNDS


STEPS = 30  # of a walk from the alpha with all coefficients 0


class OneAlpha(FamilyModel):
    """The solution at the alpha that is given."""

    alpha: Any

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

    def _strength(self, problem: Problem) -> float:
        """The alpha of the fit."""
        return float(self.alpha)

    def _solve(self, problem: Problem, labels: Any, groups: Any) -> tuple[NDArray[np.float64], Any]:
        alpha = self._strength(problem)
        options: dict[str, Any] = {"tol": float(self.tol), "threads": getattr(self, "threads", None), "warn": False}
        if problem.penalty is not None and not problem.penalty.convex:
            grid = default_grid(problem)  # where a concave path leads depends on the way: the CV twin's
            path = fit_path(problem, [*grid[grid > alpha], alpha], **options)
        else:
            path = fit_path(problem, [alpha], **options)
            if not path.gap_rel[0] <= self.tol:  # far from a curved loss's minimum: walk there instead of leaping
                top = float(default_grid(problem, 1)[0])
                steps = np.geomspace(top, max(alpha, 1e-6 * top), STEPS) if top > alpha else np.empty(0)
                path = fit_path(problem, np.unique([*steps, alpha])[::-1], **options)
        self._note(path, -1)
        self.n_iter_ = int(path.stats["rounds"])
        warn_of_misses(path.lams[-1:], path.certificate[-1:], self.tol, path.measure_of_error)
        return path.at(alpha)
