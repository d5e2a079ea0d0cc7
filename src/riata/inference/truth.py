"""A selected model taken for the truth: what new targets on the same rows would look like if it were."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
from scipy.special import expit

from riata import losses
from riata.core.errors import InvalidOption, RiataError
from riata.core.problem import Floats, Problem
from riata.core.results import Path
from riata.design import as_design
from riata.path.fit import fit_path

FAMILIES = ("gaussian", "binomial", "poisson")
BLOCK_BYTES = 1 << 23
# Beyond this linear predictor a probability is 0 or 1 to nine digits, and a count above 10⁹: the refit has run away.
FARTHEST = 21.0
TOL = 1e-10
DRAWS = 100


@dataclasses.dataclass(frozen=True, eq=False)
class Truth:
    """A model that targets are drawn from.

    Attributes
    ----------
    problem : the problem of the selection, its rows in an order of their own (so that shuffled ones are the same)
    order : where each of these rows was
    coef : (n_features,) true coefficients;  eta : (n_samples,) true linear predictors, with the offset
    sigma : standard deviation of the noise of a Gaussian model, else 1
    refitted : whether coefficients are those of an unpenalised refit; else those of the lasso
    """

    problem: Problem
    order: np.ndarray
    coef: Floats
    eta: Floats
    sigma: float
    refitted: bool

    def draw(self, rng: np.random.Generator) -> Any:
        """A target as a user would pass it: numbers, labels 0 and 1, counts, or (n, 2) successes and failures."""
        if self.problem.family == "gaussian":
            return self.eta + self.sigma * rng.standard_normal(len(self.eta))
        if self.problem.family == "poisson":
            return rng.poisson(np.exp(np.minimum(self.eta, FARTHEST))).astype(np.float64)
        trials, chance = self.problem.loss.multiplicity, expit(self.eta)
        for _ in range(DRAWS):
            y = rng.binomial(1 if trials is None else trials.astype(np.int64), chance).astype(np.float64)
            failures = (1.0 if trials is None else trials) - y
            if y.any() and failures.any():
                return y if trials is None else np.column_stack([y, failures])
        raise InvalidOption("The model predicts one class for every row: nothing can be learnt from its targets.")

    def with_target(self, y: Any) -> Problem:
        """The problem with a drawn target in place of its own."""
        if self.problem.family == "gaussian":
            return self.problem.replace(y=y)
        loss: Any = losses.find(self.problem.family).parse(y)
        return self.problem.replace(loss=loss, y=loss.y)


def truth_of(path: Path, problem: Problem, index: int) -> Truth:
    """The model at the index-th λ, refitted without a penalty on the features that it selected.

    Where the refit has no finite solution (classes that are separated, or hardly more rows than features) the lasso's
    own coefficients are taken.
    """
    if problem.family not in FAMILIES:
        raise InvalidOption(
            f'Targets of family "{problem.family}" cannot be drawn from a linear predictor alone.', got=problem.family,
            expected=" or ".join(FAMILIES), hint="a Cox model says nothing of the baseline hazard and of censoring.",
        )  # fmt: skip
    coef, intercept = path.coef[:, index].copy(), float(path.intercept[index])
    at = np.flatnonzero(coef)
    found = _refit(problem, at)
    if found is not None:
        coef[at], intercept = found
    eta = problem.offset + intercept + problem.design.columns(at) @ coef[at]
    sigma = 1.0
    if problem.family == "gaussian":
        s = problem.sample_weight / problem.sample_weight.sum()
        n = np.count_nonzero(s)
        sigma = float(np.sqrt(n * (s @ (problem.y - eta) ** 2) / max(n - len(at) - problem.fit_intercept, 1)))
    order = _order(problem, path, eta)
    return Truth(_rows(problem, order), order, coef, eta[order], sigma, found is not None)


def _refit(problem: Problem, at: np.ndarray) -> tuple[Floats, float] | None:
    """(coefficients, intercept) of the features ``at`` without a penalty; None where there is no finite solution."""
    n, k = np.count_nonzero(problem.sample_weight), len(at)
    if not 0 < k < 0.5 * n:
        return None
    free = np.full(k, np.inf)
    small = problem.replace(
        design=as_design(problem.design.columns(at)), penalty_factor=np.zeros(k), lower=-free, upper=free, l1_ratio=1.0
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a tolerance that is missed: the solution has run away
            path = fit_path(small, [1.0], tol=TOL, warn=True)
    except (RiataError, Warning):
        return None
    coef, intercept = path.coef[:, 0], float(path.intercept[0])
    eta = problem.offset + intercept + small.design.dot(coef)
    if problem.family != "gaussian" and np.abs(eta - problem.offset).max() > FARTHEST:
        return None
    return coef, intercept


def _order(problem: Problem, path: Path, eta: Floats) -> np.ndarray:
    """Rows by Σ_j z_ij², then by η: an order that neither units nor the places of rows and columns change."""
    n, p = problem.design.shape
    size, width = np.zeros(n), max(1, BLOCK_BYTES // (8 * n))
    for start in range(0, p, width):
        at = np.arange(start, min(p, start + width))
        at = at[path.scale[at] > 0]
        size += (((problem.design.columns(at) - path.mean[at]) / path.scale[at]) ** 2).sum(axis=1)
    return np.lexsort((np.round((eta - eta.mean()) / (eta.std() or 1.0), 9), np.round(size, 9)))


def _rows(problem: Problem, order: np.ndarray) -> Problem:
    """The same problem with its rows in this order."""
    raw, loss = problem.design.raw, problem.loss
    if loss is not None:
        trials = loss.multiplicity
        y = loss.y[order]
        loss = losses.find(problem.family).parse(y, **({} if trials is None else {"trials": trials[order]}))
    return problem.replace(
        design=as_design(raw.tocsr()[order] if problem.design.is_sparse else raw[order], problem.design.names),
        y=problem.y[order], sample_weight=problem.sample_weight[order], offset=problem.offset[order], loss=loss,
    )  # fmt: skip
