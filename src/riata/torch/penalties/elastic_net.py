"""The elastic net, λ Σ (l1_ratio |w| + ½(1 − l1_ratio) w²)."""

from __future__ import annotations

import dataclasses

from torch import Tensor

from riata.torch.penalties.base import Number, Separable, share_of, soft


@dataclasses.dataclass(frozen=True)
class ElasticNet(Separable):
    """λ Σ (l1_ratio |wᵢ| + ½(1 − l1_ratio) wᵢ²), with the ridge part inside the proximal step and so exact.

    ``l1_ratio`` is from 1 (lasso) to 0 (ridge, which has no zeros).
    """

    l1_ratio: float = 0.5

    name = "elastic_net"

    def __post_init__(self) -> None:
        super().__post_init__()
        share_of("l1_ratio of ElasticNet is the part of the absolute values.", self.l1_ratio)

    @property
    def mix(self) -> tuple[float, float]:
        return self.l1_ratio, 1.0 - self.l1_ratio

    def size(self, t: Tensor, lam: Number) -> Tensor:
        return lam * (self.l1_ratio * t + 0.5 * (1.0 - self.l1_ratio) * t * t)

    def slope(self, t: Tensor, lam: Number) -> Tensor:
        return lam * (self.l1_ratio + (1.0 - self.l1_ratio) * t)

    def prox(self, z: Tensor, step: Number = 1.0, lam: Number | None = None) -> Tensor:
        width = step * self._lam(lam)
        return soft(z, width * self.l1_ratio) / (1.0 + width * (1.0 - self.l1_ratio))

    def dual_norm(self, grad: Tensor) -> Tensor:
        return grad.abs().max() / self.l1_ratio

    def width(self, edge: float) -> float:
        return edge / max(self.l1_ratio, 0.1)
