"""Cross-validation in lock-step: every fold walks the λ grid together, and X is never copied.

Each row is held out at most once in a repeat, so one product with X serves all folds, and standardising inside each
training fold is exact because the folds' own moments are used (DESIGN section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata import scores
from riata.core.errors import InvalidData
from riata.core.problem import Problem
from riata.core.results import CVResult, Path
from riata.path.blocks import blocks_folds, is_blocks
from riata.path.drive import MAX_ITER, assemble, warn_missed
from riata.path.fit import fit_path, together
from riata.path.grid import checked, spread, top_of
from riata.select.evidence import Evidence
from riata.select.folds import Ints, Masks, as_masks
from riata.select.out_of_fold import FoldFits
from riata.select.rules import rules
from riata.solve.engine import engine
from riata.solve.outcome import Outcome

Floats = NDArray[np.float64]


def cross_validate(
    problem: Problem,
    lams: Any = None,
    *,
    foldid: Ints | Masks,
    n_lams: int = 100,
    lam_min_ratio: float | None = None,
    tol: float = 1e-8,
    max_iter: int = MAX_ITER,
    threads: int | None = None,
    measure: str | None = None,
    design_for: Callable[[NDArray[np.bool_]], Any] | None = None,
    warn: bool = False,
    tricks: dict[str, bool] | None = None,
) -> CVResult:
    """Held-out loss over the λ grid of the full data.

        cvm(λ) = Σ_f W_f loss_f(λ) / Σ W_f,   cvse(λ) = sqrt(Σ_f W_f (loss_f − cvm)² / Σ W_f / (F − 1))

    with loss_f the weighted mean loss on the rows that fold f holds out and W_f their weight. The grid is made once,
    on all data; means and scales are those of each training fold.

    Parameters
    ----------
    foldid : (repeats, n_samples) fold of each row (see :func:`riata.select.folds.make_folds`), −1 = never held out;
        or a list of (train, test) weights, each (n_samples,), which multiply the sample weights: masks, or counts where
        a split draws rows repeatedly
    measure : a score of :mod:`riata.scores`; by default "mse" for Gaussian fits, else "deviance"
    design_for : train mask → Design; for preprocessing that is learnt inside each training fold. Folds are then solved
        one by one, each on its own matrix.
    other arguments : as for :func:`riata.path`

    Where the problem differs by fold, as with adaptive factors that each training fold learns for itself, or is no
    lasso (concave penalties, the square-root lasso), folds are solved one by one.

    Raises
    ------
    InvalidData
        Where a training fold has fewer than two rows of positive weight, or the held-out rows have none.
    """
    score = scores.find(measure, problem.family)
    again = {"tol": tol, "max_iter": max_iter, "threads": threads, "tricks": tricks or {}}
    job = _Job(problem, tol, max_iter, threads, score, warn, tricks or {}, FoldFits(problem, foldid, design_for, again))
    grid = None if lams is None else checked(lams)
    apart = design_for is not None or not job.tricks.get("lockstep", True) or not together(problem)
    if isinstance(foldid, list) or apart:
        path = fit_path(
            problem, grid, n_lams=n_lams, lam_min_ratio=lam_min_ratio, tol=tol, max_iter=max_iter, threads=threads,
            warn=False, tricks=tricks,
        )  # fmt: skip
        masks = as_masks(foldid)
        parts = [_one_fold(job, path.lams, train, test, design_for) for train, test in masks]
        weights = [np.array([job.weight(np.asarray(test, np.float64)) for _, test in masks])]
        return _collect(job, path, [parts], weights, _ids(foldid, problem))
    path_, losses, weights = None, [], []
    for folds in np.asarray(foldid):
        path_, parts, weight = _lock_step(job, grid, folds, path_, n_lams, lam_min_ratio)
        losses.append(parts)
        weights.append(weight)
        grid = path_.lams
    assert path_ is not None
    return _collect(job, path_, losses, weights, np.asarray(foldid))


class _Job:
    """The arguments that every step wants."""

    def __init__(
        self,
        problem: Problem,
        tol: float,
        max_iter: int,
        threads: int | None,
        score: scores.Score,
        warn: bool,
        tricks: dict[str, bool],
        again: FoldFits,
    ):
        self.problem, self.tol, self.max_iter = problem, tol, max_iter
        self.threads, self.score, self.warn, self.tricks, self.again = threads, score, warn, tricks, again
        self.measure: Any = score.name
        if problem.loss is not None:
            self.measure = score

    def weight(self, held: Floats) -> float:
        """How much rows held out with these weights count in the mean over folds."""
        mask = self.problem.sample_weight * held
        return float(mask.sum()) if self.problem.loss is None else self.score.weight(self.problem.loss, mask)


Part = tuple[Floats, Floats]  # loss (n_lams,), certificate (n_lams,)


def _lock_step(
    job: _Job, grid: Floats | None, folds: Ints, known: Path | None, n_lams: int, ratio: float | None
) -> tuple[Path, list[Part], Floats]:
    """One repeat: the full-data lane and all folds together."""
    problem, n_folds = job.problem, int(folds.max()) + 1
    weight = np.array([job.weight(folds == f) for f in range(n_folds)])
    _check_folds(problem, folds, n_folds, weight)
    groups = np.where(folds < 0, n_folds, folds).astype(np.intp)
    if is_blocks(problem):
        path, ends = blocks_folds(
            problem, grid, groups, n_folds, job.measure, n_lams=n_lams, lam_min_ratio=ratio, tol=job.tol,
            max_iter=job.max_iter, threads=job.threads, tricks=job.tricks,
        )  # fmt: skip
        return known or path, _parts(ends), weight
    with engine(problem, groups, n_folds, threads=job.threads, measure=job.measure, tricks=job.tricks) as run:
        if grid is None:
            grid = spread(problem, top_of(problem, run.scaling(), run.null_correlations()), n_lams, ratio)
        found: list[Outcome] = run.run(grid, 0.5 * job.tol, job.max_iter, job.measure, keep=False)
        path = known or assemble(problem, run, grid, found[0], job.tol, False, False)
    return path, _parts(found[1:]), weight


def _parts(results: Sequence[Any]) -> list[Part]:
    """What lanes found, as this module counts it."""
    return [(r.loss if r.loss is not None else np.full(len(r.gap_rel), np.nan), r.gap_rel) for r in results]


def _check_folds(problem: Problem, folds: Ints, n_folds: int, weight: Floats) -> None:
    for f in range(n_folds):
        left = np.count_nonzero(problem.sample_weight[folds != f])
        if left < 2:
            raise InvalidData(
                f"Without fold {f} fewer than two rows are left to train on.", expected="at least 2", got=left,
                hint="use fewer folds, or check foldid and sample_weight.",
            )  # fmt: skip
    if not (weight > 0).any():
        raise InvalidData("No held-out row has a positive weight.", got="weights of 0 in every fold")


def _ids(foldid: Ints | Masks, problem: Problem) -> Ints:
    if not isinstance(foldid, list):
        return np.asarray(foldid)
    out = np.full((len(foldid), problem.n_samples), -1, np.intp)
    for k, (_, test) in enumerate(foldid):
        out[k, np.asarray(test) > 0] = k
    return out


def _one_fold(job: _Job, lams: Floats, train: NDArray[np.bool_], test: NDArray[np.bool_], design_for: Any) -> Part:
    """A fold on its own: a path on the training rows, and its loss on the held-out rows."""
    problem = job.problem.replace(sample_weight=job.problem.sample_weight * train)
    if np.count_nonzero(problem.sample_weight) < 2:
        raise InvalidData("A training fold has fewer than two rows of positive weight.", expected="at least 2")
    if design_for is not None:
        problem = problem.replace(design=design_for(train))
    path = fit_path(
        problem, lams, tol=job.tol, max_iter=job.max_iter, threads=job.threads, warn=False, tricks=job.tricks
    )
    rows = np.flatnonzero(test)
    weight = (job.problem.sample_weight * test)[rows]
    if weight.sum() <= 0:
        return np.full(len(lams), np.nan), path.certificate
    if callable(job.measure):
        return _scored(job, problem, path, test), path.certificate
    eta = problem.design.columns(path.active)[rows] @ path.coef_active + path.intercept
    error = (job.problem.y[rows] - job.problem.offset[rows])[:, None] - eta
    loss = error**2 if job.measure == "mse" else np.abs(error)
    return weight @ loss / weight.sum(), path.certificate


def _scored(job: _Job, problem: Problem, path: Path, test: NDArray[np.bool_]) -> Floats:
    """The score at each λ of a path on ``problem``'s rows, for the rows of ``test``."""
    held, train = job.problem.sample_weight * test, problem.sample_weight
    total = job.problem.sample_weight.sum()
    fixed = problem.design.columns(path.active)
    return np.array(
        [
            job.measure(
                problem.loss,
                job.problem.offset + path.intercept[..., k] + fixed @ path.coef_active[..., k],
                held / total,
                train / total,
            )
            for k in range(len(path.lams))
        ]
    )


def _collect(job: _Job, path: Path, parts: list[list[Part]], weights: list[Floats], foldid: Ints) -> CVResult:
    flat = [part for repeat in parts for part in repeat]
    loss = np.column_stack([part[0] for part in flat])
    gap = np.column_stack([part[1] for part in flat])
    weight = np.concatenate(weights)
    seen = (weight > 0) & np.isfinite(loss).all(axis=0)
    share = weight[seen] / weight[seen].sum()
    cvm = loss[:, seen] @ share
    folds = int(seen.sum())
    cvse = _root_mean_square(loss[:, seen] - cvm[:, None], share) / np.sqrt(folds - 1) if folds > 1 else cvm * np.nan
    every, concave = np.column_stack([path.certificate, gap]), path.stationarity is not None
    if job.warn and (every > job.tol).any():
        warn_missed(path.lams, every, job.tol, " over all folds", path.measure_of_error)
    return CVResult(
        path,
        path.lams,
        loss,
        weight,
        cvm,
        cvse,
        np.full_like(gap, np.nan) if concave else gap,
        foldid,
        job.score.name,
        _notes(path, -loss if job.score.larger else loss),
        rules(),
        job.score.larger,
        gap if concave else None,
        Evidence(job.problem, path),
        job.again,
    )


def _root_mean_square(deviation: Floats, share: Floats) -> Floats:
    """Row by row; squares of losses may overflow where the losses do not."""
    top = np.abs(deviation).max(axis=1, keepdims=True)
    unit = deviation / np.where(top > 0, top, 1.0)
    return top[:, 0] * np.sqrt(unit**2 @ share)


def _notes(path: Path, loss: Floats) -> list[str]:
    """What a person should know about the curve."""
    notes = []
    best = int(np.nanargmin(np.nanmean(loss, axis=1)))
    if best == len(path.lams) - 1 and len(path.lams) > 1:
        notes.append(
            "The smallest loss is at the smallest lambda: the minimum may lie beyond the grid (lower lam_min_ratio)."
        )
    return notes
