"""From the caller's problem to the canonical one: unit columns, unit target, weights on the penalty.

Every solver here sees columns of unit weighted norm and a target of unit weighted norm, whatever the caller's units:

    ζⱼ = (xⱼ − mⱼ)/dⱼ,   uⱼ = wⱼ dⱼ / σ,   minimise ½‖ỹ − ζu‖² + (λ/σ) Σ aⱼ|uⱼ| + ½ λ Σ bⱼ uⱼ²
    aⱼ = l1_ratio · vⱼ tⱼ/dⱼ,   bⱼ = (1 − l1_ratio) · vⱼ (tⱼ/dⱼ)²

with mⱼ = 0 and dⱼ the root mean square where there is no intercept. So the laws of scale hold by construction.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Floats, Problem
from riata.kernels import scaling as kernel

# A column whose variance is below this share of its squared mean or of its variance on all rows is looked at row by
# row: the sums cannot tell it from a constant one.
SUSPECT = 1e-12
# Below this share of its variance on all rows the target is read again.
SURE = 1e-3
# A training block is total − held. Where a column's norm on all rows is this many times its norm on the training rows,
# nearly all of it lies in the held-out rows and the subtraction would cancel: the training rows are multiplied out.
CANCELS = 1e2


@dataclasses.dataclass(frozen=True)
class Null:
    """The model without features: its intercept, and the smallest value that the loss could have."""

    intercept: float
    floor: float
    free: bool  # whether the model has an intercept at all


@dataclasses.dataclass(eq=False)
class Scaling:
    """One training set's canonical form (see the module). Arrays have shape (n_features,)."""

    mean: Floats  # m
    norm: Floats  # d; 1 where excluded
    sd: Floats  # centred population standard deviation
    excluded: NDArray[np.bool_]
    a: Floats  # ∞ where excluded
    b: Floats
    lo: Floats
    up: Floats
    y_mean: float
    y_norm: float  # σ = sqrt(null deviance); 0 for a target that the null model fits exactly
    limits: tuple[Floats, Floats] | None  # the caller's bounds, where there are any
    null: Null | None = None  # of a loss that is not quadratic; then y_mean is 0 and σ² = 2 (f(null) − f(saturated))

    @property
    def bounded(self) -> bool:
        return self.limits is not None

    def to_unit(self, coef: Floats) -> Floats:
        """Coefficients on the canonical scale, inside the bounds; 0 where excluded."""
        with np.errstate(over="ignore", invalid="ignore"):
            u = np.where(self.excluded, 0.0, coef * self.norm / (self.y_norm or 1.0))
        return np.clip(u, self.lo, self.up)


def scalings(
    problem: Problem, groups: NDArray[np.intp], n_groups: int, moments: tuple[Floats, Floats, Floats] | None = None
) -> list[Scaling]:
    """The scaling on all rows, and for each group of rows the scaling on all rows outside it.

    Group means and sums of squares are merged by Chan, Golub & LeVeque's formula: sums of positive terms, never a
    subtraction, so that a column that is constant outside a group is found to be so. ``moments`` are the weights of the
    groups and the design's group_moments where the caller knows them, with one more column for the target.
    """
    s = problem.sample_weight
    if moments is None:
        total = np.asarray(np.bincount(groups, s, n_groups), np.float64) if n_groups > 1 else np.array([s.sum()])
        mean, m2 = problem.design.group_moments(s, groups, n_groups)
    else:
        total, mean, m2 = moments
    bounded = kernel.bounded(problem.lower, problem.upper)
    out, whole = [], None
    for g in range(-1, n_groups if n_groups > 1 else 0):
        block = np.empty((5, mean.shape[1]))  # centre, variance and then a, sd, norm, b
        weight, suspects = kernel.merge(mean, m2, total, g, whole, SUSPECT, block)
        whole = block[1].copy() if whole is None else whole
        rows = partial(_without, s, groups, g)
        y_stats = _target_of(problem, block, whole, weight, rows)
        suspects = [j for j in suspects if j < problem.n_features]
        if suspects:
            _look_closer(problem, block[0], block[2], suspects, rows())
        out.append(_scaling(problem, block, bounded, *y_stats))
    return out


def _without(weight: Floats, groups: NDArray[np.intp], g: int) -> Floats:
    """Weights with those of one group zeroed; -1 for none."""
    return weight if g < 0 else np.where(groups == g, 0.0, weight)


def _scaling(
    problem: Problem, block: Floats, bounded: bool, y_mean: float, y_norm: float, null: Null | None
) -> Scaling:
    """The scaling of one training set from means and deviations in rows of ``block``; the other rows become its own."""
    excluded = np.empty(problem.n_features, np.bool_)
    kernel.canonical(
        block, problem.penalty_factor, problem.l1_ratio, problem.standardize, problem.fit_intercept,
        excluded.view(np.uint8),
    )  # fmt: skip
    return in_rows(problem, block, excluded, bounded, y_mean, y_norm, null)


def in_rows(
    problem: Problem, block: Floats, excluded: NDArray[np.bool_], bounded: bool, y_mean: float, y_norm: float,
    null: Null | None = None,
) -> Scaling:  # fmt: skip
    """The scaling whose arrays are the first rows of ``block``, as the kernel leaves them there."""
    p = problem.n_features
    centre, a, sd, norm, b = block[:5, :p]
    lo, up, limits = problem.lower, problem.upper, None  # infinite on any scale: one array for all lanes
    if bounded:
        limits = lo, up
        lo, up = np.empty((2, p))
        kernel.box(*limits, norm, y_norm if y_norm > 0 else 1.0, lo, up)
    return Scaling(centre, norm, sd, excluded, a, b, lo, up, y_mean, y_norm, limits, null)


def _target_of(
    problem: Problem, block: Floats, whole: Floats, weight: float, rows: Callable[[], Floats]
) -> tuple[float, float, Null | None]:
    """Mean and norm of the target, and the null model of a loss; the sums' last column is the target where known.

    ``rows`` gives the weights of the training rows, for what the sums cannot judge.
    """
    if problem.loss is not None:
        null, y_norm = _null_model(problem, rows())
        return 0.0, y_norm, null
    centred = problem.fit_intercept
    if len(whole) > problem.n_features:
        centre, square = block[:2, -1].tolist()
        y_norm = kernel.sure_norm(centre, square, whole[-1], SURE, SUSPECT, centred)
        if y_norm >= 0.0:
            return centre if centred else 0.0, y_norm, None
    return *_target(problem.y - problem.offset, rows() / weight, centred), None


def _null_model(problem: Problem, weight: Floats) -> tuple[Null, float]:
    """The null model on rows of these weights, and σ; 0 where it cannot be improved upon."""
    share = weight / weight.sum()
    intercept, value = problem.loss.null(problem.offset, share, problem.fit_intercept)
    floor = problem.loss.saturated(share)
    free = problem.fit_intercept and problem.loss.has_intercept
    return Null(float(intercept), floor, free), math.sqrt(max(2.0 * (value - floor), 0.0))


def _target(target: Floats, share: Floats, centred: bool) -> tuple[float, float]:
    """Mean and root mean square deviation of the target, safe at 1e±150 and exactly 0 for a constant one."""
    seen = target[share > 0]
    if not centred:
        top = np.abs(seen).max()
        return 0.0, (float(top * np.sqrt(share @ (target / top) ** 2)) if top > 0 else 0.0)
    if seen.max() == seen.min():
        return float(seen[0]), 0.0
    mean = float(share @ target)
    deviation = target - mean
    mean += float(share @ deviation)
    deviation = target - mean
    top = np.abs(deviation[share > 0]).max()
    return mean, float(top * np.sqrt(share @ (deviation / top) ** 2))


def _look_closer(problem: Problem, mean: Floats, sd: Floats, which: list[int], s: Floats) -> None:
    """Read columns that sums of squares cannot judge row by row, and correct their means and deviations in place.

    Those are nearly constant, against their mean or against their variance on all rows, or of extreme size. ``s`` are
    the weights of the rows.
    """
    suspects = np.array(which, np.intp)
    seen = s > 0
    share = s[seen] / s[seen].sum()
    width = max(1, (1 << 22) // len(s))
    for start in range(0, len(suspects), width):
        cols = suspects[start : start + width]
        block = problem.design.columns(cols)[seen]
        low, high = block.min(axis=0), block.max(axis=0)
        spread = np.where(high > low, high - low, 1.0)
        block = (block - low) / spread
        centre = share @ block
        mean[cols] = low + spread * centre
        sd[cols] = np.where(high > low, spread * np.sqrt(share @ (block - centre) ** 2), 0.0)
