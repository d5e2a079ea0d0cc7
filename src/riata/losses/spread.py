"""How far numbers spread, told by their middle half: a scale that no outlier moves."""

from __future__ import annotations

import numpy as np

Array = np.ndarray

NORMAL = 1.4826  # standard deviation of normal numbers over the median of their absolute deviations
NEAR = 1.35  # standard deviations at which Huber's loss turns linear: 95 % of least squares' precision


def weighted_median(x: Array, s: Array) -> float:
    """The number with half of the weight on either side; between two of them, their mean.

    >>> weighted_median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 3.0]))
    2.0
    """
    order = np.argsort(x, kind="stable")
    order = order[s[order] > 0]
    share = np.cumsum(s[order])
    half = 0.5 * share[-1]
    first = int(np.searchsorted(share, half * (1.0 - 1e-12)))
    second = int(np.searchsorted(share, half * (1.0 + 1e-12), side="right"))
    return float(0.5 * (x[order[first]] + x[order[min(second, len(order) - 1)]]))


def huber_delta(y: Array, s: Array) -> float:
    """A ``delta`` for Huber's loss in units of y: 1.35 times 1.4826 times the median absolute deviation of y.

    Of the standard deviation where more than half of y is one number; 1.35 where all of it is.
    """
    if not np.any(s > 0):
        return NEAR
    far = np.abs(y - weighted_median(y, s))
    scale = NORMAL * weighted_median(far, s)
    if not scale > 0:
        mean = float(s @ y / s.sum())
        scale = float(np.sqrt(s @ (y - mean) ** 2 / s.sum()))
    return NEAR * scale if scale > 0 and np.isfinite(scale) else NEAR
