"""What an engine hands back for each lane: the path on the caller's scale."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.kernels import scaling as kernel
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
    rounds: NDArray[np.signedinteger[Any]]  # (n_lams,) rounds of the inner solver

    def first(self, count: int) -> Outcome:
        """The same at the first λ only."""
        return Outcome(
            self.scaling, self.active, self.coef_active[:, :count], self.intercept[:count], self.gap_rel[:count],
            self.dev_ratio[:count], None if self.loss is None else self.loss[:count], self.rounds[:count],
        )  # fmt: skip


def outcome(
    scaling: Scaling,
    active: Ints,
    u: Floats,
    length: Floats,
    gap_rel: Floats,
    dev_ratio: Floats,
    loss: Floats | None,
    rounds: NDArray[np.signedinteger[Any]],
    level: Floats | None = None,
) -> Outcome:
    """Undo the scaling: w = u σ/d and b = ȳ − m'w, which is the optimal intercept. ``length`` (n_lams,) is ‖u‖₁.

    Rows of ``u`` belong to the active features, or to all. ``gap_rel`` becomes the outcome's own, and is written to.

    ``level`` (n_lams,) stands in for ȳ where the loss is not quadratic.
    """
    coef = np.empty((len(active), len(gap_rel)))
    intercept = np.empty(len(gap_rel))
    intercept[:] = scaling.y_mean if level is None else level
    lower, upper = scaling.limits or (None, None)
    rounding = ROUNDING if scaling.y_norm > 0 else 0.0
    kernel.unscale(
        u, active, scaling.norm, scaling.mean, lower, upper, scaling.y_norm, coef, intercept, gap_rel, length, rounding
    )
    if scaling.null is not None and not scaling.null.free:
        intercept[:] = 0.0
    return Outcome(scaling, active, coef, intercept, gap_rel, dev_ratio, loss, rounds)


def from_points(
    scaling: Scaling,
    points: list[tuple[Ints, Floats]],
    length: Floats,
    gap_rel: Floats,
    dev_ratio: Floats,
    loss: Floats | None,
    rounds: NDArray[np.signedinteger[Any]],
    level: Floats | None = None,
) -> Outcome:
    """The same from the sparse solutions (features, u) at each λ; without any, no coefficient is known."""
    active = np.unique(np.concatenate([which for which, _ in points])) if points else np.zeros(0, np.intp)
    u = np.zeros((len(active), len(gap_rel)))
    for k, (which, values) in enumerate(points):
        u[np.searchsorted(active, which), k] = values
    return outcome(scaling, active, u, length, gap_rel, dev_ratio, loss, rounds, level)
