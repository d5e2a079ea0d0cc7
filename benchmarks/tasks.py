"""The tasks: which work each asks for, on the data of a problem.

    path       100 λ from λ_max to λ_max/100 (n < p) or λ_max/1000, on prepared data, no intercept
    cv         the same grid, 10 folds of contiguous rows; an intercept where X is dense
    single     one λ: λ_max/10
    loop       `single` 200 times, each a fit of its own
    enet       path with l1_ratio 0.5
    weights    path with sample weights between 0.5 and 1.5 (stated seed), no intercept
    intercept  path with an intercept, on the raw columns divided by their standard deviations
    origin     path without an intercept, of families whose `path` has one

Where the loss is not squared error (benchmarks/work.py), `path` and `cv` fit an intercept, sparse or not: nobody goes
without. Cox's likelihood has none.

Prepared data: dense columns have mean 0 and standard deviation 1, sparse ones root mean square 1 (no centring: X stays
sparse and every library solves the same problem); y has mean 0 where it is numbers. Constant columns stay 0.
"""

import dataclasses
from typing import Any

import numpy as np
import scipy.sparse

from benchmarks import gap_families
from benchmarks.registry import Problem
from benchmarks.work import Work

LAMBDAS, FOLDS, SEED = 100, 10, 20260701
MAIN = ["path", "cv"]  # on every problem
EXTRA = ["single", "enet", "weights", "intercept"]  # on those of FEW
FEW = ["diabetes", "riboflavin", "crime_communities", "vw_rcv1_small"]
LOOPED = ["diabetes"]
ORIGIN = ["skf_ALLAML_binomial", "micro_gravier_binomial", "vw_rcv1_small_binomial", "fine_foods_tfidf_binomial"]
ALL = [*MAIN, *EXTRA, "loop", "origin"]
SQUARES = ["gaussian", "multigaussian", "group"]  # families whose y is centred
CALLS = {"cv": "cv", "single": "single", "loop": "loop"}  # the others call a path
NEEDS = {
    "cv": "cv",
    "single": "single",
    "loop": "single",
    "enet": "enet",
    "weights": "weights",
    "intercept": "intercept",
}


def tasks_of(problem: Problem) -> list[str]:
    """The tasks that are run on a problem when nobody asks for others."""
    more = {"origin": ORIGIN, "loop": LOOPED} | dict.fromkeys(EXTRA, FEW)
    return [*MAIN, *(task for task in ALL if problem.name in more.get(task, []))]


def prepared(X: Any, y: np.ndarray, centre: bool = True, family: str = "gaussian") -> tuple[Any, np.ndarray]:
    """Columns on one scale, y centred; with centre=False the dense columns keep their means and y its own."""
    y = np.asarray(y, np.float64)
    middle = y.mean(axis=0) if family in SQUARES else 0.0
    if scipy.sparse.issparse(X):
        X = scipy.sparse.csc_matrix(X, dtype=np.float64)
        X.sort_indices()
        size = np.sqrt(np.asarray(X.multiply(X).mean(axis=0)).ravel())
        X.data /= np.repeat(np.where(size > 0, size, 1.0), np.diff(X.indptr))
        return X, y - middle
    X = np.asfortranarray(X, dtype=np.float64)
    mean, scale = X.mean(axis=0), X.std(axis=0)
    flat = scale <= 1e-12 * np.abs(X).max(axis=0)
    centred = np.where(flat, 0.0, X - mean) / np.where(flat, 1.0, scale)
    if centre:
        return np.asfortranarray(centred), y - middle
    return np.asfortranarray(centred + mean / np.where(flat, 1.0, scale)), y


def contiguous(n: int, folds: int = FOLDS) -> np.ndarray:
    """The fold of each row: pieces of neighbouring rows, as equal as can be."""
    return np.concatenate([np.full(len(part), k) for k, part in enumerate(np.array_split(np.arange(n), folds))])


def work_of(
    task: str, X: Any, y: np.ndarray, ratio: float | None = None, threads: int = 1, family: str = "gaussian",
    groups: np.ndarray | None = None,
) -> Work:  # fmt: skip
    """The work of a task; X and y are prepared, raw for "intercept"."""
    n, p = X.shape
    work = Work(X, y, np.ones(1), threads=threads, l1_ratio=0.5 if task == "enet" else 1.0)
    work = dataclasses.replace(work, family=family, groups=groups)
    if task == "weights":
        work = dataclasses.replace(work, weights=np.random.default_rng(SEED).uniform(0.5, 1.5, n))
    if family not in SQUARES:
        work = dataclasses.replace(work, intercept=family != "cox" and task != "origin")
    elif task in ("cv", "intercept"):
        work = dataclasses.replace(work, intercept=task == "intercept" or not work.sparse)
    if task == "cv":
        work = dataclasses.replace(work, folds=contiguous(n))
    if task in ("single", "loop"):
        grid = np.array([0.1])
    else:
        grid = np.geomspace(1.0, ratio or (1e-2 if n < p else 1e-3), LAMBDAS)
    return dataclasses.replace(work, lams=top(work) * grid)


def top(work: Work) -> float:
    """λ_max."""
    if work.family != "gaussian":
        return gap_families.top(work)
    s = np.ones(len(work.y)) if work.weights is None else work.weights
    s = s / s.sum()
    y = work.y - s @ work.y if work.intercept else work.y
    return float(np.abs(work.X.T @ (s * y)).max()) / work.l1_ratio
