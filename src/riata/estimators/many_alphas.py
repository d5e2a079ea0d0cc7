"""A model of any family, alpha chosen by cross-validation."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv

from riata.core.problem import Problem
from riata.core.results import CVResult
from riata.estimators.base import iterations
from riata.estimators.convergence import warn_of_misses
from riata.estimators.family import RULES as SHARED
from riata.estimators.family import FamilyModel
from riata.estimators.grid import read_alphas
from riata.estimators.options import ARRAY, NONE, SPLITTER, Rule, integer, one_of
from riata.estimators.splits import as_folds, read_splits
from riata.select.cv import cross_validate

RULES: dict[str, Rule] = {
    "alphas": integer(1) | ARRAY,
    "cv": SPLITTER,
    "scoring": Rule(lambda value: isinstance(value, str), "the name of a score of riata.scores") | NONE,
    "rule": one_of("min", "1se"),
} | SHARED


class ManyAlphas(FamilyModel):
    """The solution at the alpha with the best held-out score."""

    alphas: Any
    cv: Any
    scoring: str | None
    rule: str
    alpha_: float
    alphas_: NDArray[np.float64]
    score_path_: NDArray[np.float64]
    cv_result_: CVResult

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Choose alpha by cross-validation and fit the model with it to all rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Never changed, and not copied if it is float64 or float32, dense in any order or sparse CSC or CSR.
        y : array-like of shape (n_samples,)
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weigh the rows in fitting and in the score of each fold.
        groups : array-like of shape (n_samples,), default=None
            Handed to the splitter, such as GroupKFold.

        Returns
        -------
        self : object
        """
        return self._fit(X, y, sample_weight, groups)

    def _solve(self, problem: Problem, labels: Any, groups: Any) -> tuple[NDArray[np.float64], Any]:
        asked = read_alphas(self.alphas)
        grid: dict[str, Any] = {"n_lams": asked} if isinstance(asked, int) else {"lams": asked}
        result = cross_validate(
            problem,
            foldid=self._folds(problem.n_samples, labels, groups),
            tol=float(self.tol),
            measure=self.scoring,
            warn=False,
            **grid,
        )
        at = result.index(self.rule)
        path = result.path
        self.alpha_, self.alphas_ = float(result.lams[at]), result.lams
        self.score_path_, self.cv_result_ = result.loss, result
        self._note(path, at)
        self.n_iter_ = iterations(path)[at] if path.stationarity is None else int(path.stats["rounds"])
        every = np.column_stack([path.certificate, result.certificate])
        warn_of_misses(result.lams, every, self.tol, path.measure_of_error)
        return path.at(path.lams[at])

    def _folds(self, n: int, labels: Any, groups: Any) -> Any:
        """Folds for `cross_validate`; a number of folds is stratified by `labels` if there are any."""
        rows = np.zeros((n, 1))
        by = np.zeros(n) if labels is None else labels
        splitter = check_cv(self.cv, by, classifier=labels is not None)
        return as_folds(read_splits(list(splitter.split(rows, by, groups)), n), n)
