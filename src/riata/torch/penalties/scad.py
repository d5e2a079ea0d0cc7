"""The smoothly clipped absolute deviation on tensors."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from riata.torch.penalties.base import Number, Separable, above, soft


@dataclasses.dataclass(frozen=True)
class SCAD(Separable):
    """Σ p(|wᵢ|), p'(t) = λ up to t = λ, (γλ − t)/(γ − 1) up to γλ, 0 beyond.

    γ > 2 (default 3.7). From a step of γ − 1 on the proximal problem has two local minima, and the lower one is taken.

    References
    ----------
    Fan & Li (2001), J. Amer. Statist. Assoc. 96; the same λ and γ as :class:`riata.penalties.scad.SCAD`.
    """

    gamma: float = 3.7

    name = "scad"
    convex = False
    linear = False

    def __post_init__(self) -> None:
        super().__post_init__()
        above("gamma", self.gamma, 2.0, "of SCAD says where the penalty turns flat, in units of λ.")

    @property
    def max_step(self) -> float:
        return self.gamma - 1.0

    def size(self, t: Tensor, lam: Number) -> Tensor:
        over = torch.clamp(t, max=self.gamma * lam) - lam
        over = over.clamp(min=0.0)
        return lam * torch.clamp(t, max=lam) + over * (lam - 0.5 * over / (self.gamma - 1.0))

    def slope(self, t: Tensor, lam: Number) -> Tensor:
        return ((self.gamma * lam - t).clamp(min=0.0) / (self.gamma - 1.0)).clamp(max=lam)

    def prox(self, z: Tensor, step: Number = 1.0, lam: Number | None = None) -> Tensor:
        lam, flat = self._lam(lam), self.gamma - 1.0
        step = torch.as_tensor(step, dtype=z.dtype, device=z.device)
        size, narrow, near = z.abs(), step < flat, soft(z, step * lam)
        safe = torch.where(narrow, step, 0.0)
        middle = (flat * z - z.sign() * safe * self.gamma * lam) / (flat - safe)
        continuous = torch.where(size <= (1.0 + safe) * lam, near, torch.where(size <= self.gamma * lam, middle, z))
        jumping = torch.where(size <= 0.5 * (self.gamma + 1.0 + step) * lam, near, z)
        return torch.where(narrow, continuous, jumping)
