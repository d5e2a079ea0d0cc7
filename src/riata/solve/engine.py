"""Choose the engine by counted work, and run lanes on one BLAS thread each."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.blas import one_blas_thread
from riata.core.problem import Problem
from riata.solve.moments import MomentsEngine, side_by_side
from riata.solve.passes import OneCopy
from riata.solve.ridge import RidgeEngine, is_ridge
from riata.solve.scaling import Scaling, scalings
from riata.solve.sets import SetsEngine

Ints = NDArray[np.intp]

# All features on one Gram matrix: at most this many, and no more than there are rows.
GRAM_FEATURES = 2000


def cpu_count() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def workers(threads: int | None, lanes: int) -> Any:
    """A context with a pool of threads, or with None where there is nothing to share."""
    if lanes == 1 or threads == 1:
        return nullcontext()
    count = min(threads or cpu_count(), lanes)
    return ThreadPoolExecutor(count) if count > 1 else nullcontext()


def _is_small(problem: Problem, tricks: dict[str, Any]) -> bool:
    n, p = problem.design.shape
    if problem.loss is not None or not tricks.get("moments", True):
        return False
    if problem.design.is_sparse:
        # dense rows are made block by block: worth it while p stays near the number of stored entries per row
        return p <= min(n, 500)
    return p <= n and p <= GRAM_FEATURES


@contextmanager
def engine(
    problem: Problem,
    groups: Ints | None = None,
    n_folds: int = 0,
    *,
    threads: int | None = None,
    measure: Any = "mse",
    tricks: dict[str, Any] | None = None,
    scales: list[Scaling] | None = None,
    copy: OneCopy | None = None,
) -> Any:
    """The engine for this problem and its folds, inside the contexts that it needs.

    ``groups`` (n_samples,) holds the fold of each row, ``n_folds`` for rows that are never held out. ``scales`` are
    those of all lanes where the caller knows them; ``copy`` is shared with other engines on the same X. ``tricks`` is
    private: each fast path has an off switch ("moments", "one_pass", "at_once", "foretell", "span", "own_reads",
    "own_entries", "coarse", "matrix_free", "factor", "compiled", "jumps", "apart", "eager", "dual_ridge",
    "compiled_score"; "span", "kronecker", "compiled_loss", "whole", "rows" for blocks; "lockstep" in cross_validate;
    "budget", the bytes for Gram matrices), and tests show that the answer does not move.
    """
    tricks = tricks or {}
    if groups is None:
        groups = np.zeros(problem.n_samples, np.intp)
    small = _is_small(problem, tricks) and (measure == "mse" or n_folds == 0)
    parts = side_by_side(problem.n_samples, problem.n_features, n_folds) if small else n_folds + 1
    with one_blas_thread(), workers(threads, parts) as pool:
        if small:
            yield MomentsEngine(problem, groups, n_folds, pool, tricks)
            return
        scales = scales or _lane_scalings(problem, groups, n_folds)
        if is_ridge(problem) and not problem.design.is_sparse and tricks.get("dual_ridge", True):
            yield RidgeEngine(problem, scales, groups, n_folds, pool)
        else:
            yield SetsEngine(problem, scales, groups, n_folds, pool, tricks, copy)


def _lane_scalings(problem: Problem, groups: Ints, n_folds: int) -> list[Scaling]:
    n_groups = int(groups.max()) + 1 if n_folds else 1
    return scalings(problem, groups, n_groups)[: n_folds + 1]
