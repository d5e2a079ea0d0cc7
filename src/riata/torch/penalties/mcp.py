"""The minimax concave penalty on tensors."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from riata.torch.penalties.base import Number, Separable, above, soft


@dataclasses.dataclass(frozen=True)
class MCP(Separable):
    """Σ p(|wᵢ|), p(t) = λt − t²/(2γ) up to t = γλ, constant ½γλ² beyond: large weights are not shrunk.

    γ > 1 (default 3). The proximal step is the firm threshold for steps below γ, the hard one beyond: there the
    problem of the step has two local minima, and the lower one is taken.

    References
    ----------
    Zhang (2010), Ann. Statist. 38; the same λ and γ as :class:`riata.penalties.mcp.MCP`.
    """

    gamma: float = 3.0

    name = "mcp"
    convex = False
    linear = False

    def __post_init__(self) -> None:
        super().__post_init__()
        above("gamma", self.gamma, 1.0, "of MCP says where the penalty turns flat, in units of λ.")

    @property
    def max_step(self) -> float:
        return self.gamma

    def size(self, t: Tensor, lam: Number) -> Tensor:
        near = torch.clamp(t, max=self.gamma * lam)
        return near * (lam - 0.5 * near / self.gamma)

    def slope(self, t: Tensor, lam: Number) -> Tensor:
        return (lam - t / self.gamma).clamp(min=0.0)

    def prox(self, z: Tensor, step: Number = 1.0, lam: Number | None = None) -> Tensor:
        lam = self._lam(lam)
        step = torch.as_tensor(step, dtype=z.dtype, device=z.device)
        size, narrow = z.abs(), step < self.gamma
        firm = soft(z, step * lam) / (1.0 - torch.where(narrow, step, 0.0) / self.gamma)
        hard = torch.where(size <= lam * (step * self.gamma).sqrt(), 0.0, z)
        return torch.where(narrow, torch.where(size <= self.gamma * lam, firm, z), hard)
