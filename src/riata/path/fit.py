"""The path of any checked problem: whichever solver its loss and its penalty ask for."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.core.errors import InvalidOption
from riata.core.problem import Floats, Problem
from riata.core.results import Path
from riata.core.status import Status
from riata.path.blocks import blocks_grid, blocks_path, is_blocks
from riata.path.concave import sequence
from riata.path.drive import MAX_ITER, solve_path, warn_missed
from riata.path.grid import checked, lam_grid
from riata.path.sqrt import sqrt_grid, sqrt_path


def together(problem: Problem) -> bool:
    """Whether cross-validation may walk all folds in lock-step; else they are solved one by one, each from scratch."""
    return problem.penalty is None and not _is_sqrt(problem)


def _is_sqrt(problem: Problem) -> bool:
    return problem.loss is not None and problem.loss.name == "sqrt"


def default_grid(problem: Problem, n_lams: int = 100, lam_min_ratio: float | None = None) -> Floats:
    """The grid of a path that is asked for without one, from its own λ_max down."""
    plain = learnt(problem).replace(penalty=None)
    grid = blocks_grid if is_blocks(problem) else sqrt_grid if _is_sqrt(problem) else lam_grid
    return grid(plain, n_lams, lam_min_ratio)


def l1_path(problem: Problem, lams: Any = None, **how: Any) -> Path:
    """The path of a problem without a penalty of its own."""
    solve = blocks_path if is_blocks(problem) else sqrt_path if _is_sqrt(problem) else solve_path
    return solve(problem, lams, **how)


def _step(problem: Problem, lams: Any = None, **how: Any) -> Path:
    """A solution on the way to something else: nobody asks for its proof."""
    return sqrt_path(problem, lams, prove=False, **how) if _is_sqrt(problem) else solve_path(problem, lams, **how)


def learnt(problem: Problem, threads: int | None = None) -> Problem:
    """The problem with what its penalty learns from its rows (adaptive factors); itself where there is nothing."""
    if problem.penalty is None or not problem.penalty.learns:
        return problem  # a concave one stays

    def fit(inner: Problem, lams: Any = None, **how: Any) -> Path:
        return _step(inner, lams, threads=threads, **how)

    return problem.penalty.learn(problem, fit)


def fit_path(problem: Problem, lams: Any = None, **how: Any) -> Path:
    """:func:`riata.path.drive.solve_path` for every loss and penalty; arguments as there."""
    if problem.penalty is None:
        return l1_path(problem, lams, **how)
    if problem.penalty.convex:
        ready = learnt(problem, how.get("threads"))
        path = fit_path(ready, lams, **how)
        factor = ready.penalty_factor if problem.penalty.learns else None
        return dataclasses.replace(path, penalty=problem.penalty.name, penalty_factor=factor)
    return _concave(problem, lams, **how)


def _concave(
    problem: Problem, lams: Any = None, *, n_lams: int = 100, lam_min_ratio: float | None = None, tol: float = 1e-8,
    max_iter: int = MAX_ITER, threads: int | None = None, early_stop: bool = False, warn: bool = False,
    start: Floats | None = None, tricks: dict[str, bool] | None = None,
) -> Path:  # fmt: skip
    del start  # a concave path depends on where it begins: at the lasso
    if early_stop:
        raise InvalidOption("The path of a concave penalty has no early stop.", got="early_stop=True")
    grid = default_grid(problem, n_lams, lam_min_ratio) if lams is None else checked(lams)
    coef, intercept, away, explained, run = sequence(
        problem, grid, tol, max_iter, threads, _step, (tricks or {}).get("jumps", True)
    )
    missed = np.flatnonzero(away > tol)
    if warn and len(missed):
        warn_missed(grid, away, tol, "", "stationarity residual")
    active = np.flatnonzero(coef.any(axis=1))
    names = problem.design.names or [f"x{j}" for j in range(problem.n_features)]
    return Path(
        lams=grid, active=active, coef_active=coef[active], intercept=intercept, gap_rel=np.full(len(grid), np.nan),
        dev_ratio=explained, null_deviance=2.0 * run.spread, scale=run.sd, mean=run.mean, feature_names=list(names),
        l1_ratio=1.0, standardize=problem.standardize, fit_intercept=problem.fit_intercept,
        status=Status.not_stationary if len(missed) else Status.stationary, early_stopped=False,
        stats={"solver": "local linear approximation", "rounds": run.steps, "full_passes": run.passes},
        penalty=problem.penalty.name, stationarity=away,
    )  # fmt: skip
