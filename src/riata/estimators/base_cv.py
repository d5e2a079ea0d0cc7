"""Choosing alpha by cross-validation: what LassoCV and ElasticNetCV share."""

from __future__ import annotations

from numbers import Integral
from typing import Any, NamedTuple, Self

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from riata.core.errors import InvalidData
from riata.core.problem import Problem
from riata.core.results import CVResult
from riata.estimators.base import LinearTwin, absolute_gap, iterations
from riata.estimators.convergence import warn_if_missed
from riata.estimators.gram import check_gram
from riata.estimators.grid import RESOLUTION, alpha_grid, is_empty_grid, needs_own_grid, read_alphas
from riata.estimators.inputs import read_target, read_training, read_weights
from riata.estimators.options import (
    ARRAY,
    BOOL,
    NONE,
    RANDOM_STATE,
    SELECTION,
    SPLITTER,
    VERBOSE,
    Rule,
    integer,
    one_of,
    real,
)
from riata.estimators.single import RULES as SINGLE_RULES
from riata.estimators.splits import as_folds, read_splits
from riata.select.cv import cross_validate

RULES: dict[str, Rule] = {
    "eps": real(0, open_low=True),
    "alphas": integer(1) | ARRAY,
    "fit_intercept": BOOL,
    "precompute": one_of("auto") | ARRAY | BOOL,
    "max_iter": integer(1),
    "tol": real(0),
    "copy_X": BOOL,
    "cv": SPLITTER,
    "verbose": VERBOSE,
    "n_jobs": integer(None) | NONE,
    "positive": BOOL,
    "random_state": RANDOM_STATE,
    "selection": SELECTION,
    "standardize": BOOL,
    "penalty_factor": SINGLE_RULES["penalty_factor"],
    "lower": SINGLE_RULES["lower"],
    "upper": SINGLE_RULES["upper"],
    "rule": one_of("min", "1se"),
}


class _Walk(NamedTuple):
    """One l1_ratio: the alphas that a caller sees (in scikit-learn's order, repeats included), and what was solved."""

    alphas: NDArray[np.float64]
    result: CVResult

    @property
    def rows(self) -> NDArray[np.intp]:
        """The row of `result` for each of `alphas`."""
        return np.minimum(np.searchsorted(-self.result.lams, -self.alphas), len(self.result.lams) - 1)


class CrossValidated(LinearTwin):
    """alpha, and l1_ratio if several are given, with the smallest mean of the folds' mean squared errors."""

    eps: float
    alphas: Any
    precompute: Any
    max_iter: int
    tol: float
    cv: Any
    n_jobs: int | None
    rule: str

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose alpha by cross-validation and fit the model with it to all rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Never changed, and not copied if it is float64 or float32, dense in any order or sparse CSC or CSR.
        y : array-like of shape (n_samples,)
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weigh the rows in fitting and in the mean squared error of each fold. The folds count the same when their
            errors are averaged, as in scikit-learn.
        **params
            Handed to the splitter (`groups`); needs enable_metadata_routing=True, as in scikit-learn.

        Returns
        -------
        self : object
        """
        self._check_options()
        self._refuse_unrouted(params)
        X, y = read_training(self, X, y)
        y = self._read_target(y)
        weights = read_weights(sample_weight, X.shape[0])
        check_gram(getattr(self, "precompute", "auto"), X, weights, self.fit_intercept)
        asked = read_alphas(self.alphas)
        folds = self._folds(X, y, sample_weight, params)
        ratios = self._l1_ratios()
        problem = self._problem(X, y, weights, ratios[0])
        problems = [problem if r == problem.l1_ratio else problem.replace(l1_ratio=float(r)) for r in ratios]
        walks = [self._cross_validate(p, asked, folds) for p in problems]
        result, at = self._store_choice(ratios, walks)
        self._store_model(result, at, X.dtype)
        gaps = np.concatenate([np.column_stack([w.result.path.gap_rel, w.result.gap_rel]) for w in walks])
        warn_if_missed(np.concatenate([w.result.lams for w in walks]), gaps, self.tol, self.max_iter)
        return self

    def _read_target(self, y: NDArray[Any]) -> NDArray[Any]:
        return read_target(y, type(self).__name__)

    def _l1_ratios(self) -> NDArray[np.float64]:
        return np.ones(1)

    def _errors(self, result: CVResult) -> NDArray[np.float64]:
        """The mean squared error of each alpha and fold."""
        return result.loss

    def _refuse_unrouted(self, params: dict[str, Any]) -> None:
        if params and not sklearn.get_config().get("enable_metadata_routing", False):
            raise InvalidData(
                f"Passing extra keyword arguments to {type(self).__name__}.fit is only supported if "
                "enable_metadata_routing=True, which you can set using `sklearn.set_config`.",
                got=", ".join(sorted(params)),
            )

    def _folds(self, X: Any, y: NDArray[Any], sample_weight: Any, params: dict[str, Any]) -> Any:
        cv = check_cv(self.cv)  # before routing, which would use up a generator of splits
        routed = {}
        if sklearn.get_config().get("enable_metadata_routing", False):
            routed = process_routing(self, "fit", sample_weight=sample_weight, **params).splitter.split
        return as_folds(read_splits(list(cv.split(X, y, **routed)), X.shape[0]), X.shape[0])

    def _cross_validate(self, problem: Problem, asked: int | NDArray[np.float64], folds: Any) -> _Walk:
        options: dict[str, Any] = {"foldid": folds, "tol": float(self.tol), "max_iter": int(self.max_iter)}
        options["threads"] = self.n_jobs if self.n_jobs is not None and self.n_jobs > 0 else None
        if isinstance(asked, int) and not needs_own_grid(problem.l1_ratio, self.eps):
            result = cross_validate(problem, n_lams=asked, lam_min_ratio=self.eps, warn=False, **options)
            empty = is_empty_grid(problem, result.lams)
            return _Walk(np.full(asked, RESOLUTION) if empty else result.lams, result)
        alphas = alpha_grid(problem, asked, self.eps) if isinstance(asked, int) else asked
        return _Walk(alphas, cross_validate(problem, alphas, warn=False, **options))

    def _store_choice(self, ratios: NDArray[np.float64], walks: list[_Walk]) -> tuple[CVResult, int]:
        """Set alpha_, alphas_, mse_path_ and (for the elastic net) l1_ratio_; returns where to find the model."""
        # scikit-learn takes the mean over folds without weights, and the first l1_ratio and largest alpha of those that
        # tie. A fold whose rows all have weight 0 holds no row, and so counts for nothing.
        means = [np.nanmean(self._errors(walk.result), axis=1) for walk in walks]
        best = int(np.argmin([mean.min() for mean in means]))
        result = walks[best].result
        at = int(np.argmin(means[best])) if self.rule == "min" else result.index(self.rule)
        self.alpha_ = walks[best].alphas[np.flatnonzero(walks[best].rows == at)[0]]
        alphas = np.array([walk.alphas for walk in walks])
        self.alphas_ = alphas if len(walks) > 1 and isinstance(self.alphas, Integral) else alphas[0]
        self.mse_path_ = np.squeeze([self._errors(walk.result)[walk.rows] for walk in walks])
        if hasattr(self, "l1_ratio"):
            self.l1_ratio_ = ratios[best]
        return result, at

    def _store_model(self, result: CVResult, at: int, dtype: Any) -> None:
        path = result.path
        self._store_coef(*path.at(path.lams[at]), dtype)  # one column: the whole matrix may be larger than X
        self.dual_gap_ = dtype.type(absolute_gap(path)[at])
        self.gap_rel_ = path.gap_rel[at]
        self.n_iter_ = iterations(path)[at]
        self.cv_result_ = result
        self._check_finite()

    def _store_coef(self, coef: NDArray[Any], intercept: Any, dtype: Any) -> None:
        self.coef_ = coef.astype(dtype, copy=False)
        self.intercept_ = dtype.type(intercept) if self.fit_intercept else 0.0

    def get_metadata_routing(self) -> MetadataRouter:
        """What `fit` hands on: the splitter's own parameters, such as groups."""
        mapping = MethodMapping().add(caller="fit", callee="split")
        return MetadataRouter(owner=self).add_self_request(self).add(splitter=check_cv(self.cv), method_mapping=mapping)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = True
        tags.target_tags.multi_output = False
        return tags
