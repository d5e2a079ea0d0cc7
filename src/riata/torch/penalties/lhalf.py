"""The ℓ½ penalty, λ Σ √|w|."""

from __future__ import annotations

import dataclasses
import math

import torch
from torch import Tensor

from riata.torch.penalties.base import Number, Separable


@dataclasses.dataclass(frozen=True)
class LHalf(Separable):
    """λ Σ √|wᵢ|: sparser than the lasso, nearly unbiased for large weights, and not convex.

    Its slope at 0 is infinite, so that w = 0 is stationary at any λ > 0 (``dual_norm`` is 0): start from a fitted
    model. The proximal step is the half threshold: 0 up to 1.5(step·λ)^⅔, where it jumps.

    References
    ----------
    Xu, Chang, Xu & Zhang (2012), IEEE Trans. Neural Netw. Learn. Syst. 23 (the closed form).
    """

    name = "lhalf"
    convex = False

    def size(self, t: Tensor, lam: Number) -> Tensor:
        return lam * torch.where(t == 0, 0.0, torch.where(t == 0, 1.0, t).sqrt())

    def slope(self, t: Tensor, lam: Number) -> Tensor:
        return torch.where(t == 0, math.inf, 0.5 * lam / torch.where(t == 0, 1.0, t).sqrt())

    def prox(self, z: Tensor, step: Number = 1.0, lam: Number | None = None) -> Tensor:
        width = torch.as_tensor(step * self._lam(lam), dtype=z.dtype, device=z.device)
        size = z.abs()
        third = torch.where(size == 0, 1.0, size / 3.0)
        angle = torch.arccos((0.25 * width * third**-1.5).clamp(max=1.0))
        root = 2.0 * third * (1.0 + torch.cos(2.0 / 3.0 * (math.pi - angle)))
        return torch.where(size <= 1.5 * width ** (2.0 / 3.0), 0.0, z.sign() * root)

    def dual_norm(self, grad: Tensor) -> Tensor:
        return torch.zeros((), dtype=grad.dtype, device=grad.device)

    def width(self, edge: float) -> float:
        return (edge / 1.5) ** 1.5
