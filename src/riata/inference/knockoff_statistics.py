"""How much more a feature is needed than its knockoff: W_j, whose sign is a fair coin for a feature without effect.

W depends on the 2p columns in such a way that swapping a feature with its knockoff turns the sign of W_j and changes
nothing else: folds too are made from what a swap leaves as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.problem import Floats, Problem
from riata.inference.own_order import row_order
from riata.path import fit_path
from riata.select.cv import cross_validate
from riata.select.folds import make_folds

FOLDS = 10


def coefficient_difference(problem: Problem, lam: float | None, folds: Any, threads: int | None) -> Floats:
    """W_j = |b_j| − |b_{j+p}|, standardised coefficients at λ, by default that of the smallest cross-validated loss.

    ``folds`` are as for :func:`riata.select.cv.cross_validate`, or a seed to draw them with.
    """
    if lam is None:
        foldid = _folds(problem, int(folds)) if isinstance(folds, int | np.integer) else folds
        fitted = cross_validate(problem, foldid=foldid, threads=threads)
        path, at = fitted.path, fitted.index("min")
    else:
        path, at = fit_path(problem, [lam], threads=threads), 0
    return _difference(np.abs(path.coef_per_sd[:, at]))


def entry(problem: Problem, threads: int | None) -> Floats:
    """W_j = ± the λ at which the first of feature and knockoff enters, + where that is the feature (signed maximum).

    Where a coefficient is first non-zero on the grid it is followed back in a straight line to where it was zero.
    """
    path = fit_path(problem, threads=threads)
    b, lams = np.abs(path.coef_per_sd), path.lams
    out = np.zeros(len(b))
    for j in path.active:
        k = int((b[j] > 0).argmax())
        before = lams[max(k - 1, 0)]
        out[j] = lams[k]
        if k + 1 < len(lams) and b[j, k + 1] > b[j, k]:
            out[j] = min(before, lams[k] + b[j, k] * (lams[k] - lams[k + 1]) / (b[j, k + 1] - b[j, k]))
    p = len(out) // 2
    return np.maximum(out[:p], out[p:]) * np.sign(out[:p] - out[p:])


def _difference(size: Floats) -> Floats:
    p = len(size) // 2
    return size[:p] - size[p:]


def _folds(problem: Problem, seed: int) -> np.ndarray:
    """Shuffled folds over rows in an order of their own; classes and events in proportion."""
    n = problem.n_samples
    y = problem.loss.event.astype(float) if problem.family == "cox" else problem.y
    order = row_order(problem.design.columns(np.arange(problem.n_features)), y)
    strata = y[order] if problem.family in ("cox", "binomial") and len(np.unique(y)) == 2 else None
    out = np.empty((1, n), np.intp)
    out[0, order] = make_folds(n, min(FOLDS, n), seed=seed, strata=strata)[0]
    return out
