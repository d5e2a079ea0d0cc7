"""Paths under penalties on groups of coefficients, and of losses with several linear predictors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.blas import one_blas_thread
from riata.core.errors import InvalidOption
from riata.core.problem import Floats, Problem
from riata.core.results import Path
from riata.core.status import Status
from riata.path.drive import MAX_ITER, warn_missed
from riata.path.grid import RIDGE_RATIO, checked, spread
from riata.solve.blocks import BlockOutcome, BlocksEngine
from riata.solve.engine import workers

Ints = NDArray[np.intp]


def is_blocks(problem: Problem) -> bool:
    """Whether coefficients come in blocks."""
    return problem.groups is not None or (problem.loss is not None and problem.loss.n_outputs > 1)


def blocks_grid(problem: Problem, n_lams: int = 100, lam_min_ratio: float | None = None) -> Floats:
    """n_lams values from λ_max down."""
    with one_blas_thread():
        return spread(problem, _top(problem, BlocksEngine(problem)), n_lams, lam_min_ratio)


def _top(problem: Problem, run: BlocksEngine) -> float:
    """λ_max; a ridge has no finite one, and starts where RIDGE_RATIO would, as it does without blocks."""
    if problem.l1_ratio >= RIDGE_RATIO:
        return run.lam_max()
    return BlocksEngine(problem.replace(l1_ratio=RIDGE_RATIO)).lam_max()


def blocks_path(
    problem: Problem, lams: Any = None, *, n_lams: int = 100, lam_min_ratio: float | None = None, tol: float = 1e-8,
    max_iter: int = MAX_ITER, threads: int | None = None, early_stop: bool = False, warn: bool = False,
    start: Floats | None = None, tricks: dict[str, bool] | None = None,
) -> Path:  # fmt: skip
    """:func:`riata.path.drive.solve_path` for blocks; arguments as there."""
    del start, threads  # one lane, which begins at the null model
    if early_stop:
        raise InvalidOption("A path over groups or several outputs has no early stop.", got="early_stop=True")
    grid = None if lams is None else checked(lams)
    with one_blas_thread():
        run = BlocksEngine(problem, tricks=tricks)
        if grid is None:
            grid = spread(problem, _top(problem, run), n_lams, lam_min_ratio)
        (found,) = run.run(grid, 0.5 * tol, max_iter)
    path = _assemble(problem, run, grid, found, tol)
    if warn and path.status is Status.max_iter:
        warn_missed(grid, found.gap_rel, tol)
    return path


def blocks_folds(
    problem: Problem, lams: Floats | None, folds: Ints, n_folds: int, score: Any, *, n_lams: int = 100,
    lam_min_ratio: float | None = None, tol: float = 1e-8, max_iter: int = MAX_ITER, threads: int | None = None,
    tricks: dict[str, bool] | None = None,
) -> tuple[Path, list[BlockOutcome]]:  # fmt: skip
    """The path on all rows, and each fold's; ``folds`` (n_samples,), ``n_folds`` where never held out."""
    with one_blas_thread(), workers(threads, n_folds + 1) as pool:
        run = BlocksEngine(problem, folds, n_folds, tricks, pool)
        grid = spread(problem, _top(problem, run), n_lams, lam_min_ratio) if lams is None else lams
        found, *parts = run.run(grid, 0.5 * tol, max_iter, score, keep=False)
    return _assemble(problem, run, grid, found, tol), parts


def _assemble(problem: Problem, run: BlocksEngine, grid: Floats, found: BlockOutcome, tol: float) -> Path:
    loss, outputs = problem.loss, None
    if loss.n_outputs > 1:
        outputs = [str(c) for c in (loss.classes if loss.classes is not None else range(loss.n_outputs))]
    names = problem.design.names or [f"x{j}" for j in range(problem.n_features)]
    missed = bool(np.any(found.gap_rel > tol))
    return Path(
        lams=grid, active=found.active, coef_active=found.coef_active, intercept=found.intercept,
        gap_rel=found.gap_rel, dev_ratio=found.dev_ratio, null_deviance=run.null_deviance, scale=found.scaling.sd,
        mean=found.scaling.mean, feature_names=list(names), l1_ratio=problem.l1_ratio, standardize=problem.standardize,
        fit_intercept=problem.fit_intercept, status=Status.max_iter if missed else Status.converged,
        early_stopped=False,
        stats={
            "solver": run.name, "rounds": int(found.rounds.sum()), "n_iter": found.rounds,
            "full_passes": run.full_passes, "partial_passes": run.partial_passes, "factors": run.factors,
        },
        penalty="l1" if problem.groups is None else "sparse_group" if problem.groups.share > 0 else "group",
        outputs=outputs,
    )  # fmt: skip
