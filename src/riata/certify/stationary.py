"""Concave penalties: no duality gap exists; the residual of stationarity does, from scratch like every certificate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from riata import losses
from riata.certify.gaussian import Certificate
from riata.certify.penalty import Penalty
from riata.certify.smooth import AT_BOUND, Prepared
from riata.core.blas import one_blas_thread

Array = np.ndarray


def certify_many(problem: Any, coef: Array, intercept: Array, lams: Array) -> list[Certificate]:
    """``certify`` for several solutions under a concave penalty: ``primal`` and ``kkt``; dual, gap, gap_rel are NaN.

    Parameters
    ----------
    problem : riata.core.problem.Problem with a concave ``penalty``
    coef : (n_features, L); intercept : (L,); lams : (L,)
    """
    if problem.loss is None:
        problem = problem.replace(loss=losses.find("gaussian").parse(problem.y))
    coef, intercept = np.asarray(coef, np.float64)[:, None], np.asarray(intercept, np.float64)[None]
    with one_blas_thread(), np.errstate(over="ignore"):
        prepared = Prepared(problem)
        etas = prepared.predictors(np.where(np.isfinite(coef), coef, 0.0), intercept)
        return [
            _certificate(prepared, coef[:, :, k], intercept[:, k], float(lams[k]), eta) for k, eta in enumerate(etas)
        ]


def _certificate(prepared: Prepared, coef: Array, intercept: Array, lam: float, eta: Array) -> Certificate:
    problem, columns, loss = prepared.problem, prepared.columns, prepared.loss
    value = loss.value(eta, prepared.weight)
    if not prepared.admissible(coef, intercept) or not math.isfinite(value):
        return Certificate(np.inf, np.nan, np.nan, np.nan, np.inf)
    t = columns.sd * columns.unit if problem.standardize else np.ones(problem.n_features)
    w, v = coef[:, 0], lam * prepared.factor
    size, paid = np.abs(t * w), (v > 0) & ~prepared.excluded
    slope = np.zeros_like(size)
    slope[paid] = problem.penalty.slope(size[paid], v[paid])
    primal = value + float(np.sum(problem.penalty.value(size[paid], v[paid])))
    # what a coefficient asks for is what a lasso with these slopes would
    lasso = Penalty(slope * t / columns.unit, np.zeros_like(size), problem.lower, problem.upper)
    gradient = loss.gradient(eta, prepared.weight)
    at_lower, at_upper = w <= problem.lower * (1.0 - AT_BOUND), w >= problem.upper * (1.0 - AT_BOUND)
    away = lasso.stationarity(w, prepared.correlations(gradient)[:, 0], at_lower, at_upper)
    counted = (columns.norm > 0) & ~prepared.excluded
    kkt = 0.0
    if prepared.reference > 0:
        level = abs(float(gradient.sum())) if prepared.intercept else 0.0
        kkt = max(level, float(np.max(away[counted] / columns.norm[counted], initial=0.0))) / prepared.reference
    return Certificate(primal, np.nan, np.nan, np.nan, kkt)
