"""The group penalty for the certificates, its conjugate, and what Fenchel-Young leaves, group by group.

In units u = t∘w of standard deviations, for one group of entries (all outputs of all its features),

    h(u)  = λ₁‖u‖₂ + Σ μ_j|u_j| + ½ρ‖u‖₂²
    h*(c) = (‖q‖₂ − λ₁)₊² / 2ρ   with q = soft(c, μ);  ρ = 0: 0 where ‖q‖₂ ≤ λ₁, else +∞

and with q̂ = q/‖q‖, û = u/‖u‖ the gap h(u) + h*(c) − c'u is the sum of  μ_j|u_j| − (c_j − q_j)u_j  and of

    (λ₁ − ‖q‖)‖u‖ + ½‖q‖‖u‖·‖q̂ − û‖² + ½ρ‖u‖²              where ‖q‖ ≤ λ₁
    ½λ₁‖u‖·‖q̂ − û‖² + ½ρ‖u − q̂(‖q‖ − λ₁)/ρ‖²                 where ‖q‖ > λ₁:

terms ≥ 0, nothing cancels.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray

HALVINGS = 80


class Grouped:
    """Groups ``index`` (p,) of features; ``norm`` λ₁ and ``ridge`` ρ (G,), ``l1`` μ (p,), ``spread`` t/unit (p,)."""

    def __init__(self, index: Array, norm: Array, ridge: Array, l1: Array, spread: Array) -> None:
        self.index, self.norm, self.rho = index, norm, ridge
        self.l1, self.spread = l1[:, None], spread[:, None]
        self.n_groups = norm.size
        self.ridge = ridge[index][:, None] * self.spread**2  # of each feature, in the scaled units of w
        free = (norm == 0) & (ridge == 0)
        self.free = (free[index] & (l1 == 0))[:, None]

    def _sum(self, entries: Array) -> Array:
        return np.bincount(self.index, weights=entries.sum(axis=1), minlength=self.n_groups)

    def _length(self, entries: Array) -> Array:
        return np.sqrt(self._sum(entries * entries))

    def _standard(self, c: Array) -> Array:
        """Correlations per standard deviation; a feature without spread carries none."""
        out = np.zeros_like(c)
        np.divide(c, self.spread, out=out, where=self.spread > 0)
        return out

    def _soft(self, c: Array) -> Array:
        return np.sign(c) * np.maximum(np.abs(c) - self.l1, 0.0)

    def value(self, w: Array) -> float:
        u = self.spread * w
        size = self._length(u)
        return float(self.norm @ size + 0.5 * self.rho @ size**2 + np.sum(self.l1 * np.abs(u)))

    def support(self, w: Array) -> Array:
        """Entries whose correlation is known from w alone: in a group that is not 0, and not 0 where μ > 0."""
        live = (self._length(self.spread * w) > 0)[self.index][:, None]
        return live & ((w != 0) | (self.l1 == 0)) & (self.spread > 0)

    def goal(self, w: Array, c: Array) -> Array:
        """The correlations that w asks for on its support."""
        u = self.spread * w
        size = self._length(u)
        factor = np.divide(self.norm, size, out=np.zeros_like(size), where=size > 0) + self.rho
        return self.spread * (factor[self.index][:, None] * u + self.l1 * np.sign(u))

    def violating(self, c: Array) -> Array:
        """No entry alone can be moved onto the rim of a group's ball."""
        return np.zeros(c.shape, bool)

    def largest_scale(self, c: Array) -> float:
        """The largest a in [0, 1] with ‖soft(a·c, μ)‖ ≤ λ₁ in every group without a ridge part."""
        z = self._standard(c)
        over = (self.rho == 0) & (self._length(self._soft(z)) > self.norm)
        if not np.any(over):
            return 1.0
        rows = over[self.index]
        if not np.any(self.l1[rows]):
            return float(np.min(self.norm[over] / self._length(z)[over]))
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            fits = np.all(self._length(self._soft(middle * z))[over] <= self.norm[over])
            low, high = (middle, high) if fits else (low, middle)
        return low

    def fenchel_young(self, w: Array, z: Array) -> float:
        u, c = self.spread * w, self._standard(z)
        q = self._soft(c)
        long, size = self._length(q), self._length(u)
        outside = (self.rho == 0) & (long > self.norm * (1.0 + 1e-14))
        if np.any(outside):
            return np.inf
        angle = self._length(_over(q, long[self.index]) - _over(u, size[self.index])) ** 2
        angle = np.where((long > 0) & (size > 0), angle, 0.0)
        room = np.maximum(self.norm - long, 0.0)
        inside = room * size + 0.5 * np.minimum(long, self.norm) * size * angle
        reach = np.divide(np.maximum(long - self.norm, 0.0), self.rho, out=np.zeros_like(long), where=self.rho > 0)
        best = _over(q, long[self.index]) * reach[self.index][:, None]
        ridge = 0.5 * self.rho * self._length(u - best) ** 2
        entries = np.sum(self.l1 * np.abs(u) - (c - q) * u)
        return float(entries + np.sum(inside + ridge))

    def away(self, w: Array, c: Array, at_lower: Array, at_upper: Array) -> Array:
        """Distance of c from the subdifferential at w for each entry, of a group at 0 as one length on all of it."""
        u, z = self.spread * w, self._standard(c)
        size = self._length(u)
        live = (size > 0)[self.index][:, None]
        smooth = self._standard(self.goal(w, c))
        kink = np.where(u == 0, np.maximum(np.abs(z) - self.l1, 0.0), np.abs(z - smooth))
        still = np.maximum(self._length(self._soft(z)) - self.norm, 0.0)[self.index][:, None]
        return np.where(live, kink, np.where(self.spread > 0, still, 0.0)) * self.spread


def _over(x: Array, by: Array) -> Array:
    out = np.zeros_like(x)
    np.divide(x, by[:, None], out=out, where=by[:, None] > 0)
    return out
