"""What stability selection proves: a bound on the expected number of false selections (PFER), and its inverses.

With q features chosen on each of 2B half-samples, θ = q/p, and those kept that are chosen in a share ≥ π of them,

    worst       PFER ≤ q²/p / (2π − 1)                     Meinshausen & Bühlmann (2010), Shah & Samworth (2013) eq. 6
    unimodal    PFER ≤ q²/p / (2(2π − 1 − 1/2B))           π ≤ 3/4        their theorem 2
                PFER ≤ q²/p · 4(1 − π + 1/2B)/(1 + 1/B)    π > 3/4
    r-concave   PFER ≤ p · min{D(θ², 2π − 1, B, −½), D(θ, π, 2B, −¼)}     their eq. 8

D(η, t, m, r) is the largest P(Z ≥ t) over r-concave distributions on {0, 1/m, …, 1} with mean at most η.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from riata.core.errors import InvalidOption
from riata.core.problem import Floats

BOUNDS = ("r-concave", "unimodal", "worst")
# Below this share a kept feature would hardly have been chosen more often than not.
LEAST_THRESHOLD = 0.6
# Bisections of log a from 37 wide to rounding, and golden sections: an error of ε beside a peak costs ε² of its height.
HALVINGS, SECTIONS = 56, 40


def pfer_bound(q: float, threshold: float, p: int, pairs: int = 50, bound: str = "r-concave") -> float:
    """The bound on the expected number of false selections; ∞ where the theorem does not hold.

    >>> round(pfer_bound(20, 0.75, 1000, bound="unimodal"), 3), round(pfer_bound(20, 0.75, 1000, bound="worst"), 3)
    (0.408, 0.8)
    """
    if bound not in BOUNDS:
        raise InvalidOption(f"There is no bound {bound!r}.", got=bound, expected=" or ".join(BOUNDS))
    if not 0.5 < threshold <= 1:
        raise InvalidOption("threshold must lie above 0.5 and be at most 1.", got=threshold)
    theta = q / p
    if bound == "worst":
        return q * theta / (2 * threshold - 1)
    if bound == "unimodal":
        return q * theta / _unimodal(threshold, pairs, theta)
    count = math.ceil(2 * pairs * threshold - 1e-9)  # frequencies are multiples of 1/2B
    if count <= pairs:
        return float("inf")
    return p * min(
        tail_bound(theta**2, count - pairs, pairs, -0.5), tail_bound(min(theta, 1.0), count, 2 * pairs, -0.25)
    )


def _unimodal(threshold: float, pairs: int, theta: float) -> float:
    """What q²/p is divided by; 0 (an infinite bound) where the theorem asks for more."""
    if threshold <= 0.5 + min(theta**2, 0.5 / pairs + 0.75 * theta**2):
        return 1e-300
    if threshold <= 0.75:
        return max(2 * (2 * threshold - 1 - 0.5 / pairs), 1e-300)
    return (1 + 1 / pairs) / (4 * (1 - threshold + 0.5 / pairs))


@lru_cache(maxsize=4096)
def tail_bound(eta: float, t: int, m: int, r: float) -> float:
    """D(η, t/m, m, r): the largest P(Z ≥ t/m) of an r-concave Z on {0, 1/m, …, 1} with mean at most η (r < 0).

    The extremal law has masses α(a + i)^(1/r) for i ≤ k and the rest at k + 1, with α such that the mean is η; it is
    r-concave while a lies between a_{k+1} and a_k, the a's for which the law that ends at k + 1, or k, needs no rest.
    Shah & Samworth (2013), section 3.4. 1 where t/m is not beyond twice the mean: the bound then says nothing.
    """
    mean = eta * m
    first = math.ceil(2 * mean) + 1
    if t < first or first > m:
        return 1.0
    ends = np.arange(first, m + 1)
    a = _without_rest(ends, mean, 1 / r)
    best = _tail(np.array([m]), a[-1:], t, mean, 1 / r)[0]  # ends at m: nothing beyond can take a rest
    use = ends[:-1] >= t - 1
    if use.any():
        best = max(best, _largest(ends[:-1][use], a[1:][use], a[:-1][use], t, mean, 1 / r))
    return float(min(best, 1.0))


def _masses(ends: np.ndarray, a: Floats, power: float) -> Floats:
    """(len(ends), m + 1) unscaled masses (a + i)^power for i ≤ end, else 0."""
    i = np.arange(ends.max() + 1)
    square = 1.0 / (a[:, None] + i) ** 2  # its powers 1 and 2 are NumPy's products and no logarithms
    return np.where(i <= ends[:, None], square ** (-0.5 * power), 0.0)


def _without_rest(ends: np.ndarray, mean: float, power: float) -> Floats:
    """For each end k the a at which masses on 0…k alone have this mean, by bisection of log a: the mean grows in a."""
    low, high = np.full(len(ends), math.log(1e-8)), np.full(len(ends), math.log(1e8))
    i = np.arange(ends.max() + 1)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        f = _masses(ends, np.exp(middle), power)
        over = f @ i > mean * f.sum(axis=1)
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return np.exp(0.5 * (low + high))


def _tail(ends: np.ndarray, a: Floats, t: int, mean: float, power: float) -> Floats:
    """P(Z ≥ t/m) for the laws with these ends and a's."""
    f = _masses(ends, a, power)
    weight = np.maximum(ends[:, None] + 1 - np.arange(f.shape[1]), 0)
    return 1 - (ends + 1 - mean) * f[:, :t].sum(axis=1) / (weight * f).sum(axis=1)


def _largest(ends: np.ndarray, low: Floats, high: Floats, t: int, mean: float, power: float) -> float:
    """The maximum over ends and over a in [low, high], where the tail has one peak: golden sections of log a."""
    low, high = np.log(low), np.log(high)
    share = (math.sqrt(5) - 1) / 2

    def tail(log_a: Floats) -> Floats:
        return _tail(ends, np.exp(log_a), t, mean, power)

    best = max(float(tail(low).max()), float(tail(high).max()))
    left, right = high - share * (high - low), low + share * (high - low)
    at_left, at_right = tail(left), tail(right)
    for _ in range(SECTIONS):
        rises = at_left < at_right
        low, high = np.where(rises, left, low), np.where(rises, high, right)
        fresh = np.where(rises, low + share * (high - low), high - share * (high - low))
        at_fresh = tail(fresh)
        left, right = np.where(rises, right, fresh), np.where(rises, fresh, left)
        at_left, at_right = np.where(rises, at_right, at_fresh), np.where(rises, at_fresh, at_left)
    return max(best, float(at_left.max()), float(at_right.max()))


def most_chosen(
    threshold: float, pfer: float, p: int, pairs: int = 50, bound: str = "r-concave", most: int | None = None
) -> int:
    """The largest q ≤ ``most`` whose bound at this threshold is at most ``pfer``; InvalidOption where 1 is too many.

    >>> most_chosen(0.75, 1.0, 1000, bound="unimodal"), most_chosen(0.75, 1.0, 1000, bound="worst")
    (31, 22)
    """
    low, high = 0, p if most is None else min(most, p)  # the bound grows in q
    if most is not None and pfer_bound(high, threshold, p, pairs, bound) <= pfer:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if pfer_bound(middle, threshold, p, pairs, bound) <= pfer:
            low = middle
        else:
            high = middle - 1
    if low < 1:
        raise InvalidOption(
            f"No q keeps the expected false selections at {pfer:g} with threshold {threshold:g}.",
            got=f"{pfer_bound(1, threshold, p, pairs, bound):.3g} at q = 1", hint="a higher threshold, or more pfer.",
        )  # fmt: skip
    return low


def least_threshold(q: int, pfer: float, p: int, pairs: int = 50, bound: str = "r-concave") -> float:
    """The smallest threshold, a multiple of 1/2B and at least 0.6, whose bound at q is at most ``pfer``."""
    first = max(math.ceil(2 * pairs * LEAST_THRESHOLD - 1e-9), pairs + 1)
    for count in range(first, 2 * pairs + 1):
        if pfer_bound(q, count / (2 * pairs), p, pairs, bound) <= pfer:
            return count / (2 * pairs)
    raise InvalidOption(
        f"With q = {q} of {p} features no threshold keeps the expected false selections at {pfer:g}.",
        got=f"{pfer_bound(q, 1.0, p, pairs, bound):.3g} at threshold 1", hint="a smaller q, or more pfer.",
    )  # fmt: skip
