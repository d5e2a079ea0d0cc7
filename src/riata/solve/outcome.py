"""What an engine hands back for each lane: the path on the caller's scale."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from riata.solve.scaling import Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

ROUNDING = 64 * float(np.finfo(np.float64).eps)


@dataclasses.dataclass(eq=False)
class Outcome:
    """One lane's path; coefficients on the caller's scale for the features in ``active``."""

    scaling: Scaling
    active: Ints  # (n_active,) increasing
    coef_active: Floats  # (n_active, n_lams)
    intercept: Floats  # (n_lams,)
    gap_rel: Floats  # (n_lams,)
    dev_ratio: Floats  # (n_lams,)
    loss: Floats | None  # (n_lams,) mean held-out loss; None for the lane on all rows
    rounds: NDArray[np.intp]  # (n_lams,) rounds of the inner solver


def outcome(
    scaling: Scaling,
    active: Ints,
    u: Floats,
    length: Floats,
    gap_rel: Floats,
    dev_ratio: Floats,
    loss: Floats | None,
    rounds: NDArray[np.intp],
    level: Floats | None = None,
) -> Outcome:
    """Undo the scaling: w = u σ/d and b = ȳ − m'w, which is the optimal intercept. ``length`` (n_lams,) is ‖u‖₁.

    ``level`` (n_lams,) stands in for ȳ where the loss is not quadratic.
    """
    coef = u * (scaling.y_norm / scaling.norm[active])[:, None]
    if scaling.limits is not None:  # un-scaling may miss a bound by the last bit
        np.clip(coef, *(limit[active][:, None] for limit in scaling.limits), out=coef)
    if scaling.null is not None and not scaling.null.free:
        intercept = np.zeros(len(gap_rel))
    else:
        intercept = (scaling.y_mean if level is None else level) - scaling.mean[active] @ coef
    # rounding in the sums behind a gap grows with the terms that cancel in them
    if scaling.y_norm > 0:
        gap_rel = gap_rel + ROUNDING * (1.0 + length)
    return Outcome(scaling, active, coef, intercept, gap_rel, dev_ratio, loss, rounds)


def from_points(
    scaling: Scaling,
    points: list[tuple[Ints, Floats]],
    length: Floats,
    gap_rel: Floats,
    dev_ratio: Floats,
    loss: Floats | None,
    rounds: NDArray[np.intp],
    level: Floats | None = None,
) -> Outcome:
    """The same from the sparse solutions (features, u) at each λ; without any, no coefficient is known."""
    active = np.unique(np.concatenate([which for which, _ in points])) if points else np.zeros(0, np.intp)
    u = np.zeros((len(active), len(gap_rel)))
    for k, (which, values) in enumerate(points):
        u[np.searchsorted(active, which), k] = values
    return outcome(scaling, active, u, length, gap_rel, dev_ratio, loss, rounds, level)
