"""The separable penalty of one λ in scaled units, its conjugate, and what Fenchel-Young leaves.

    h_j(w)  = p1_j |w| + ½ p2_j w² + [lower_j <= w <= upper_j]
    h_j*(z) = sup_w  z w - h_j(w)

``h_j(w) + h_j*(z) - z w`` is what feature j adds to the duality gap; it is evaluated without
cancellation, so that a gap of 1e-16 can be told from one of 1e-13.
"""

from __future__ import annotations

import dataclasses

import numpy as np

Array = np.ndarray


@dataclasses.dataclass(frozen=True)
class Penalty:
    """Arrays over the features; ``lower``/``upper`` may be infinite, ``p1``/``p2`` are finite and >= 0."""

    p1: Array
    p2: Array
    lower: Array
    upper: Array

    def rows(self, index: Array) -> Penalty:
        """The same penalty for some of the features."""
        return Penalty(self.p1[index], self.p2[index], self.lower[index], self.upper[index])

    def value(self, w: Array) -> float:
        """sum_j p1|w| + ½ p2 w² (the box is the caller's business)."""
        return float(np.sum(self.p1 * np.abs(w)) + 0.5 * np.sum(self.p2 * w * w))

    def kinked(self, z: Array) -> Array:
        """Where h*(z) would be infinite: no ridge part, |z| > p1, and that side is open."""
        open_side = np.where(z > 0, np.isinf(self.upper), np.isinf(self.lower))
        return (self.p2 == 0) & open_side & (np.abs(z) > self.p1)

    def maximiser(self, z: Array) -> Array:
        """The w at which z w - h(w) is largest; 0 on ties. z must be feasible (see ``kinked``)."""
        excess = np.maximum(np.abs(z) - self.p1, 0.0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            size = np.where(excess > 0, excess / self.p2, 0.0)
        return np.clip(np.copysign(size, z), self.lower, self.upper)

    def fenchel_young(self, w: Array, z: Array) -> Array:
        """h(w) + h*(z) - z w per feature, >= 0 for every w in the box; infinite where h*(z) is."""
        bad = self.kinked(z)
        best = np.where(bad, 0.0, self.maximiser(np.where(bad, 0.0, z)))
        sign = np.sign(best)
        step = w - best
        # with g = z - p2 best:  h(w) - h(best) - z step = ½ p2 step² + p1 (|w| - |best|) - g step,
        # and g = p1 sign(best) + slack, the slack being the multiplier of the box
        slack = np.where(sign == 0, 0.0, z - self.p2 * best - self.p1 * sign)
        inner = (sign != 0) & (best > self.lower) & (best < self.upper)
        slack[inner] = 0.0
        kink = np.where(sign == 0, self.p1 * np.abs(w) - z * w, self.p1 * (np.abs(w) - sign * w))
        out = 0.5 * self.p2 * step * step + kink - slack * step
        out[bad] = np.inf
        return out

    def stationarity(self, w: Array, c: Array, at_lower: Array, at_upper: Array) -> Array:
        """Distance from c (the correlation with the residual) to the subdifferential of h at w."""
        right = np.where(w >= 0, self.p1, -self.p1) + self.p2 * w
        left = np.where(w > 0, self.p1, -self.p1) + self.p2 * w
        right = np.where(at_upper, np.inf, right)
        left = np.where(at_lower, -np.inf, left)
        return np.maximum(0.0, np.maximum(c - right, left - c))
