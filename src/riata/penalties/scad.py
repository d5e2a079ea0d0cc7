"""The smoothly clipped absolute deviation."""

from __future__ import annotations

import dataclasses

import numpy as np

from riata.penalties.base import Concave, Floats, above


@dataclasses.dataclass(frozen=True)
class SCAD(Concave):
    """p'(u; λ) = λ up to |u| = λ, (γλ − |u|)/(γ − 1) up to γλ, 0 beyond.

    γ > 2 (default 3.7); γ → ∞ is the lasso.

    References
    ----------
    Fan & Li (2001), J. Amer. Statist. Assoc. 96; Zou & Li (2008), Ann. Statist. 36 (the algorithm used here).
    """

    gamma: float = 3.7

    name = "scad"
    words = "smoothly clipped absolute deviation: lasso up to λ, no shrinkage beyond gamma·λ"
    formula = "λ|u| for |u| ≤ λ, (2γλ|u| − u² − λ²)/(2(γ−1)) up to γλ, else ½(γ+1)λ²"

    def __post_init__(self) -> None:
        above("gamma", self.gamma, 2.0, "of SCAD says where the penalty turns flat, in units of λ.")

    def value(self, t: Floats, lam: Floats) -> Floats:
        over = np.clip(t, lam, self.gamma * lam) - lam
        return lam * np.minimum(t, lam) + over * (lam - 0.5 * over / (self.gamma - 1.0))

    def slope(self, t: Floats, lam: Floats) -> Floats:
        return np.minimum(lam, np.maximum(self.gamma * lam - t, 0.0) / (self.gamma - 1.0))

    def prox(self, z: Floats, lam: Floats) -> Floats:
        """argmin over u of ½(u − z)² + p(|u|; λ)."""
        size = np.abs(z)
        soft = np.maximum(size - lam, 0.0)
        middle = ((self.gamma - 1.0) * size - self.gamma * lam) / (self.gamma - 2.0)
        return np.copysign(np.where(size <= 2.0 * lam, soft, np.where(size <= self.gamma * lam, middle, size)), z)
