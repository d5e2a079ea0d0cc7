"""The first q features to enter a lasso path, on many subsets of the rows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
from numpy.typing import NDArray

from riata.core.blas import one_blas_thread
from riata.core.problem import Floats, Problem
from riata.path.grid import spread, top_of
from riata.solve.engine import cpu_count, engine
from riata.solve.passes import OneCopy
from riata.solve.scaling import Scaling, scalings

Ints = NDArray[np.intp]

# The grid that features enter on; those that have not by its end do not.
N_LAMS, LAST = 100, 1e-2
# λ solved between two looks at how many have entered: a look costs less than a λ, a λ too many is wasted.
AT_ONCE = 10
TOL = 1e-7
# Subsets whose moments are taken in one pass: their tables are this many times the features.
TOGETHER = 25


def first_features(problem: Problem, weights: list[Floats], q: int, threads: int | None = None) -> list[Ints]:
    """For each vector of row weights the first q penalised features to enter the path of the weighted problem.

    They come in order. Those that enter between the same two λ are taken by the size of their effect per standard
    deviation at the lower one, for an effect grows from where it enters. Fewer than q where the path has fewer by its
    end.

    Rows of weight 0 are as if gone; nothing is copied, and each path ends where q are in.
    """

    copy = OneCopy()

    def solve(subset: tuple[Problem, list[Scaling]]) -> Ints:
        return _first(*subset, q, copy)

    with one_blas_thread():
        workers = min(threads or cpu_count(), len(weights))
        with ThreadPoolExecutor(workers) if workers > 1 else nullcontext() as pool:
            found: list[Ints] = []
            for start in range(0, len(weights), TOGETHER):
                subsets = _subsets(problem, weights[start : start + TOGETHER])
                found += list((pool.map if pool else map)(solve, subsets))
            return found


def _subsets(problem: Problem, weights: list[Floats]) -> list[tuple[Problem, list[Scaling]]]:
    """Each weighted problem with its scaling, from one pass over X for all of them."""
    everyone = np.zeros(problem.n_samples, np.intp)
    member = problem.sample_weight * np.array(weights)
    mean, m2 = problem.design.subset_moments(member)
    out = []
    for k, weight in enumerate(member):
        one = problem.replace(sample_weight=weight)
        moments = weight.sum(keepdims=True), mean[k : k + 1], m2[k : k + 1]
        out.append((one, scalings(one, everyone, 1, moments)))
    return out


def _first(problem: Problem, scales: list[Scaling], q: int, copy: OneCopy) -> Ints:
    penalised = problem.penalty_factor > 0
    found: Ints = np.zeros(0, np.intp)
    with engine(problem, threads=1, scales=scales, copy=copy) as run:
        scaling = run.scaling()
        top = top_of(problem, scaling, run.null_correlations())
        if top <= 0:
            return found
        grid = spread(problem, top, N_LAMS, LAST)
        unit = scaling.sd if problem.standardize else np.ones_like(scaling.sd)
        for start in range(0, N_LAMS, AT_ONCE):
            (part,) = run.run(grid[start : start + AT_ONCE], 0.5 * TOL, 10_000, None)
            use = penalised[part.active]
            effect = np.abs(part.coef_active[use]) * unit[part.active[use], None]
            found = _append(found, part.active[use], effect)
            if len(found) >= q:
                break
    return found[:q]


def _append(found: Ints, active: Ints, effect: Floats) -> Ints:
    """The features found so far and those that enter in these λ, in order."""
    entered = np.flatnonzero(effect.any(axis=1) & ~np.isin(active, found))
    when = (effect[entered] > 0).argmax(axis=1)
    order = np.lexsort((active[entered], -effect[entered, when], when))
    return np.concatenate([found, active[entered[order]]])
