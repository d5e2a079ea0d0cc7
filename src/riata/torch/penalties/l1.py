"""The lasso penalty, λ Σ|w|."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from riata.torch.penalties.base import Number, Separable, soft


@dataclasses.dataclass(frozen=True)
class L1(Separable):
    """λ Σ|wᵢ|: single weights become exactly zero.

    >>> L1(0.5).prox(torch.tensor([-2.0, 0.3, 1.0]))
    tensor([-1.5000,  0.0000,  0.5000])
    """

    name = "l1"

    @property
    def mix(self) -> tuple[float, float]:
        return 1.0, 0.0

    def size(self, t: Tensor, lam: Number) -> Tensor:
        return lam * t

    def slope(self, t: Tensor, lam: Number) -> Tensor:
        return torch.zeros_like(t) + lam

    def prox(self, z: Tensor, step: Number = 1.0, lam: Number | None = None) -> Tensor:
        return soft(z, step * self._lam(lam))

    def cut(self, z: Tensor, step: Number = 1.0, lam: Number | None = None) -> Tensor:
        width = step * self._lam(lam)
        return z.clamp(-width, width)  # type: ignore[arg-type]
