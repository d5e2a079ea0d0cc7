"""Solve a path, and a path with its cross-validation folds, and put results together."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np

from riata.core.errors import NotConverged
from riata.core.made import made
from riata.core.problem import Floats, Problem
from riata.core.results import Path
from riata.core.status import Status
from riata.kernels.scan import above
from riata.path.grid import checked, spread, top_of
from riata.solve.engine import engine
from riata.solve.outcome import Outcome

MAX_ITER = 10_000
# glmnet's stopping rules, used only where early_stop is asked for.
ENOUGH, HARDLY = 0.999, 1e-5


def solve_path(
    problem: Problem,
    lams: Any = None,
    *,
    n_lams: int = 100,
    lam_min_ratio: float | None = None,
    tol: float = 1e-8,
    max_iter: int = MAX_ITER,
    threads: int | None = None,
    early_stop: bool = False,
    warn: bool = False,
    start: Floats | None = None,
    tricks: dict[str, bool] | None = None,
) -> Path:
    """The path of a checked problem; see :func:`riata.path` for the arguments.

    ``start`` (n_features,) are coefficients to begin from, on the caller's scale; they change the work, not the answer.
    """
    with engine(problem, threads=threads, tricks=tricks) as run:
        if lams is None:
            grid = spread(problem, top_of(problem, run.scaling(), run.null_correlations()), n_lams, lam_min_ratio)
        else:
            grid = checked(lams)
        (result,) = run.run(grid, 0.5 * tol, max_iter, None, start)
        return assemble(problem, run, grid, result, tol, early_stop, warn)


def solve_at(
    problem: Problem, lams: Any, *, tol: float, max_iter: int = MAX_ITER, threads: int | None = None,
    start: Floats | None = None,
) -> Outcome:  # fmt: skip
    """What :func:`solve_path` finds at given λ, for whoever asks for coefficients and gaps and not for a Path."""
    with engine(problem, threads=threads) as run:
        (result,) = run.run(checked(lams), 0.5 * tol, max_iter, None, start)
    return result  # type: ignore[no-any-return]


def assemble(
    problem: Problem, run: Any, lams: Floats, result: Outcome, tol: float, early_stop: bool, warn: bool
) -> Path:
    """A Path from one lane's outcome."""
    total, scaling, asked = int(np.add.reduce(result.rounds)), result.scaling, len(lams)
    if early_stop:
        stop = _first_stop(result.dev_ratio)
        lams, result = lams[:stop], result.first(stop)
    missed = above(result.gap_rel, tol)
    status = Status.max_iter if missed else Status.early_stop if len(lams) < asked else Status.converged
    if warn and missed:
        warn_missed(lams, result.gap_rel, tol)
    names = problem.design.names
    return made(
        Path,
        lams=lams,
        active=result.active,
        coef_active=result.coef_active,
        intercept=result.intercept,
        gap_rel=result.gap_rel,
        dev_ratio=result.dev_ratio,
        null_deviance=scaling.y_norm**2,
        scale=scaling.sd,
        mean=scaling.mean,
        feature_names=list(names or _numbered(len(scaling.sd))),
        l1_ratio=problem.l1_ratio,
        standardize=problem.standardize,
        fit_intercept=problem.fit_intercept,
        status=status,
        early_stopped=len(lams) < asked,
        stats={
            "solver": run.name,
            "rounds": total,
            "n_iter": result.rounds,
            "full_passes": run.full_passes,
            "partial_passes": run.partial_passes,
            "factors": run.factors,
        },
    )


@functools.lru_cache(maxsize=4)
def _numbered(count: int) -> tuple[str, ...]:
    """x0, x1, …: half a millisecond for 4000 columns."""
    return tuple(f"x{j}" for j in range(count))


def warn_missed(lams: Floats, gap_rel: Floats, tol: float, where: str = "", what: str = "relative duality gap") -> None:
    """One warning for all λ (and folds) that missed the tolerance, with numbers and what to do."""
    worst = np.unravel_index(int(np.argmax(gap_rel)), gap_rel.shape)
    missed = int(np.count_nonzero(gap_rel > tol))
    warnings.warn(
        f"{missed} of {gap_rel.size} solutions{where} missed tol={tol:g}: the largest {what} is "
        f"{gap_rel[worst]:.2g}, at lambda={lams[worst[0]]:.6g}. Raise max_iter, standardise the columns, or leave out "
        "the smallest lambdas.",
        NotConverged,
        stacklevel=3,
    )


def _first_stop(dev_ratio: Floats) -> int:
    """How many λ until the fit explains nearly all, or hardly more than at the λ before (but at least five)."""
    for k in range(4, len(dev_ratio)):
        if dev_ratio[k] > ENOUGH or dev_ratio[k] - dev_ratio[k - 1] < HARDLY * dev_ratio[k]:
            return k + 1
    return len(dev_ratio)
