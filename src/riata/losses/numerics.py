"""Sums, divergences and roots that keep their digits: the arithmetic that the losses share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Array = np.ndarray

NEAR = 0.05  # below this |p/q − 1| the series keeps more digits than the logarithm
TERMS = 14  # of the series: NEAR**13 is below one rounding
STEPS = 200  # a bracket of doubles is bisected in fewer


def weighted_sum(s: Array, rows: Array) -> float:
    """Σ sᵢ·rowsᵢ over the rows of positive weight, so that a row without weight may hold anything."""
    live = s > 0
    return float(s[live] @ rows[live])


def excess(p: Array, q: Array, log_q: Array) -> Array:
    """p·log(p/q) − p + q ≥ 0, the divergence of p from q, entry by entry; ∞ where p < 0.

    Near p = q it is q·(t²/2 − t³/6 + t⁴/12 − …) with t = (p − q)/q, which no subtraction spoils.
    ``log_q`` is given apart because q may have underflowed to 0. A p one rounding below 0 counts as 0.

    >>> excess(np.array([0.0, 0.5, 0.5]), np.array([0.5, 0.5, 0.25]), np.log([0.5, 0.5, 0.25])).round(4).tolist()
    [0.5, 0.0, 0.0966]
    """
    p, q, log_q = np.broadcast_arrays(p, q, log_q)
    p = np.where((p < 0) & (p > -1e-15), 0.0, p)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        t = (p - q) / q
        far = p * (np.log(p) - log_q) - p + q
    near = np.abs(t) < NEAR
    far = np.where(p == 0, q, np.where(p < 0, np.inf, far))
    return np.where(near, q * bent(np.where(near, t, 0.0)), far)


def bent(t: Array) -> Array:
    """(1 + t)·log(1 + t) − t for |t| ≤ NEAR by its series."""
    total = np.zeros_like(t)
    for k in range(TERMS, 1, -1):
        total = 1.0 / (k * (k - 1.0)) - t * total
    return t * t * total


def plogp(p: Array) -> Array:
    """p·log p, 0 at 0 and +∞ below (a p one rounding below 0 counts as 0)."""
    p = np.where((p < 0) & (p > -1e-15), 0.0, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p < 0, np.inf, np.where(p > 0, p * np.log(p), 0.0))


def root_of_increasing(function: Callable[[float], tuple[float, float]], low: float, high: float) -> float:
    """A root of a never decreasing function in [low, high] by Newton's method inside a shrinking bracket.

    ``function`` returns (value, derivative); the derivative may be 0 or infinite somewhere.
    """
    if not low < high:
        return low
    x = 0.5 * (low + high)
    for _ in range(STEPS):
        value, slope = function(x)
        if value == 0:
            return x
        low, high = (x, high) if value < 0 else (low, x)
        newton = x - value / slope if np.isfinite(value) and np.isfinite(slope) and slope > 0 else np.nan
        step = newton if low < newton < high else 0.5 * (low + high)
        # a step below one rounding, or a bracket with nothing inside, ends it
        if step in (x, low, high) or abs(step - x) <= 1e-16 * abs(x):
            return step
        x = step
    return x
