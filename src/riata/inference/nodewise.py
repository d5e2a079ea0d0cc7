"""Every column regressed on all others by the lasso, from one Gram matrix: what the debiased lasso needs.

    γ_j = argmin ½‖ζ_j − Σ_{k≠j} ζ_k γ_k‖²/n + λ‖γ‖₁,   z_j = ζ_j − Σ γ_k ζ_k,   for unit columns ζ

One λ serves all columns. It is tuned, and never a constant: K-fold cross-validation pooled over columns gives λ_cv, and
then the smallest λ is taken at which the variances of the estimates, ‖z_j‖²/(z_j'ζ_j)², are in the median at most half
above those at λ_cv. That trades a little width for much less bias (the idea is Zhang & Zhang's (2014), who spend a
quarter; at 200 x 20, correlation 0.8, a quarter left 12.2 % of null p-values at or below 0.1, and half 10.8 %, on
the seeds that chose between them; on others, those of calibration/results, half leaves 9.6 %).
A column enters the Gram solver as the target of the others, and is excluded there by an infinite weight, so that no
matrix is copied and p problems share all the work on the data.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from riata.core.errors import InvalidOption
from riata.core.problem import Floats
from riata.inference.own_order import column_order
from riata.kernels import gram as kernel
from riata.select.folds import Ints, Masks, as_masks

INFLATION = 1.5
# λ is one number for all columns: this many, spread over the columns, are enough to choose it.
VOTES = 40
GRID = 40


@dataclasses.dataclass(frozen=True, eq=False)
class Nodewise:
    """``residuals`` (n, p): z_j for unit columns; ``lam``; ``lam_cv``, or None where λ was given."""

    residuals: Floats
    lam: float
    lam_cv: float | None


def nodewise(
    unit: Floats, lam: float | None = None, *, folds: int = 10, seed: int = 0, foldid: Ints | Masks | None = None
) -> Nodewise:
    """Residuals of all columns of ``unit`` (n, p), whose columns have mean square 1 (and mean 0, if there is one).

    Folds are shuffled with ``seed``, or those of ``foldid``, (n,) or (repeats, n), where negative rows are never held
    out; or a list of (train, held-out) masks.
    """
    n, p = unit.shape
    gram = np.asfortranarray(unit.T @ unit / n)
    if p == 1:
        return Nodewise(unit.copy(), 0.0, None)
    grid, lam_cv = _grid(gram, n), None
    if lam is None:
        # spread over an order of the columns' own: their places and units must not say who votes
        vote = column_order(unit)[np.unique(np.linspace(0, p - 1, min(p, VOTES)).astype(int))]
        if foldid is None:
            foldid = np.random.default_rng(seed).permutation(n) % min(folds, n)
        chosen = _cross_validated(unit, grid, vote, as_masks(foldid))
        lam, lam_cv = _inflated(gram, grid, vote, chosen), float(grid[chosen])
    elif not lam >= 0:
        raise InvalidOption("The nodewise λ must be ≥ 0.", got=lam)
    grid = np.append(grid[grid > lam], lam)
    out = np.empty((n, p), order="F")
    for j in range(p):
        coef = _path(gram, j, grid)[:, -1]
        on = np.flatnonzero(coef)
        out[:, j] = unit[:, j] - unit[:, on] @ coef[on]
    return Nodewise(out, float(lam), lam_cv)


def _grid(gram: Floats, n: int) -> Floats:
    """From the largest correlation between two columns down; further where there are more rows than columns."""
    p = len(gram)
    top = max(float(np.abs(gram - np.diag(np.diagonal(gram))).max()), 1e-8)
    return top * np.logspace(0, -4 if n > p else -2, GRID)


def _path(gram: Floats, j: int, lams: Floats) -> Floats:
    """(p, n_lams) coefficients of column j on the others."""
    p, L = len(gram), len(lams)
    weight = np.ones(p)
    weight[j] = np.inf
    free = np.full(p, np.inf)
    coef = np.zeros((p, L), order="F")
    kernel.path_gram(
        gram, np.ascontiguousarray(gram[:, j]), float(gram[j, j]), np.ascontiguousarray(lams), 1.0, weight,
        np.zeros(p), -free, free, coef, np.zeros((3, L)), np.zeros(L, np.int32), 1e-10, 10_000, True,
    )  # fmt: skip
    return coef


def _cross_validated(unit: Floats, grid: Floats, vote: np.ndarray, masks: Masks) -> int:
    """The place of the λ with the smallest held-out squared error, pooled over the voting columns."""
    error = np.zeros(len(grid))
    for rows, others in masks:
        train, held = unit[rows], unit[others]
        centre = train.mean(axis=0)
        train, held = train - centre, held - centre
        gram = np.asfortranarray(train.T @ train / len(train))
        for j in vote:
            coef = _path(gram, j, grid)
            on = np.flatnonzero(coef.any(axis=1))
            error += ((held[:, [j]] - held[:, on] @ coef[on]) ** 2).sum(axis=0)
    return int(np.argmin(error))


def _inflated(gram: Floats, grid: Floats, vote: np.ndarray, chosen: int) -> float:
    """The smallest λ whose variances are in the median at most ``INFLATION`` times those at the chosen one."""
    ratio = np.empty((len(vote), len(grid)))
    for row, j in enumerate(vote):
        coef = _path(gram, j, grid)
        cross = gram[j, j] - gram[j] @ coef  # z'ζ_j / n
        square = cross - np.einsum("kl,kl->l", coef, gram[:, [j]] - gram @ coef)  # z'z / n
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio[row] = square / cross**2
    ratio = ratio / ratio[:, [chosen]]
    fine = np.flatnonzero(np.nanmedian(np.where(np.isfinite(ratio), ratio, np.inf), axis=0) <= INFLATION)
    return float(grid[fine[-1]])
