"""The truncated normal law, where both truncation points may lie dozens of standard deviations out.

    F_μ(x) = [Φ(x − μ) − Φ(a − μ)] / [Φ(b − μ) − Φ(a − μ)]      (σ = 1)

Differences of Φ are taken as log Φ on the side where they do not cancel: 1 − Φ(40) is 4e-350, below every float, and
its logarithm is −804.6.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr

# Ends further than this many standard deviations from the estimate are called infinite.
FARTHEST = 1e4


def log_mass(low: float, high: float) -> float:
    """log[Φ(high) − Φ(low)] for low ≤ high."""
    if low > 0:  # Φ(high) − Φ(low) = Φ(−low) − Φ(−high): both tails small, instead of both near 1
        low, high = -high, -low
    top, bottom = float(log_ndtr(high)), float(log_ndtr(low))
    if not bottom < top:
        return -np.inf
    return top + float(np.log(-np.expm1(bottom - top)))


def upper_tail(x: float, mean: float, low: float, high: float) -> float:
    """P(T ≥ x) for T ~ N(mean, 1) truncated to [low, high]."""
    above, below = log_mass(x - mean, high - mean), log_mass(low - mean, x - mean)
    if above == below == -np.inf:
        return float("nan")
    return float(np.exp(above - np.logaddexp(above, below)))


def mean_interval(x: float, low: float, high: float, level: float) -> tuple[float, float]:
    """All means for which x is no surprise, P_μ(T ≥ x) between (1 − level)/2 and (1 + level)/2; ±∞ out of reach."""
    half = 0.5 * (1.0 - level)
    return _mean_at(x, low, high, half, -1.0), _mean_at(x, low, high, 1.0 - half, 1.0)


def _mean_at(x: float, low: float, high: float, want: float, side: float) -> float:
    """The mean at which P(T ≥ x), which grows with it, is ``want``; bracketed by steps that double to one side."""

    def short(mean: float) -> bool:  # whether the root lies above this mean
        return not upper_tail(x, mean, low, high) >= want

    near, step, outward = x, 1.0, short(x) == (side > 0)
    if not outward:  # the root lies on the other side of x: truncation pulled x there
        side = -side
    while True:
        far = x + side * step
        tail = upper_tail(x, far, low, high)
        if np.isnan(tail) or step > FARTHEST:
            return side * np.inf if outward else near  # an interval may be too long, never too short
        if short(far) != (side > 0):
            break
        near, step = far, 2.0 * step
    left, right = min(near, far), max(near, far)
    for _ in range(200):
        middle = 0.5 * (left + right)
        if middle in (left, right):
            break
        left, right = (middle, right) if short(middle) else (left, middle)
    return 0.5 * (left + right)
