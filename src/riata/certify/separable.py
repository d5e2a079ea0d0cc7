"""The separable penalty for the certificates of general losses: entries (feature, output), each on its own."""

from __future__ import annotations

import numpy as np

from riata.certify.dual import largest_scale
from riata.certify.penalty import Penalty

Array = np.ndarray


class Separable:
    """Σ_jk h_j(w_jk) for w of shape (p, K); ``Penalty`` with what a certificate asks of every penalty."""

    def __init__(self, penalty: Penalty, n_outputs: int) -> None:
        fields = (penalty.p1, penalty.p2, penalty.lower, penalty.upper)
        self.entry = Penalty(*(np.repeat(x[:, None], n_outputs, axis=1) for x in fields))
        entry = self.entry
        self.ridge = entry.p2
        self.free = (entry.p1 == 0) & (entry.p2 == 0) & np.isinf(entry.lower) & np.isinf(entry.upper)

    def value(self, w: Array) -> float:
        return self.entry.value(w)

    def support(self, w: Array) -> Array:
        """Entries strictly inside their box and not at the kink: there the correlation is known from w alone."""
        return (w != 0) & (w > self.entry.lower) & (w < self.entry.upper)

    def goal(self, w: Array, c: Array) -> Array:
        """The correlations that w asks for; where w is 0, those of the kink's rim on the side of c."""
        return np.where(w != 0, np.sign(w), np.sign(c)) * self.entry.p1 + self.entry.p2 * w

    def largest_scale(self, c: Array) -> float:
        """The largest a in [0, 1] with a·c feasible."""
        return min(1.0, largest_scale(self.entry, c))

    def violating(self, c: Array) -> Array:
        return self.entry.kinked(c)

    def fenchel_young(self, w: Array, z: Array) -> float:
        """Σ h(w) + h*(z) − z w; z may be one rounding above the rim where it was scaled onto it."""
        rim = self.entry.kinked(z) & (np.abs(z) <= self.entry.p1 * (1.0 + 1e-14))
        return float(np.sum(self.entry.fenchel_young(w, np.where(rim, np.copysign(self.entry.p1, z), z))))

    def away(self, w: Array, c: Array, at_lower: Array, at_upper: Array) -> Array:
        """Distance of c from the subdifferential at w, for each entry."""
        return self.entry.stationarity(w, c, at_lower, at_upper)
