"""What a model weighs: its L1 norm, its zeros, the sparsity of every rule."""

from __future__ import annotations

import dataclasses

from torch import Tensor, nn
from torch.optim import Optimizer

from riata.torch.rules import Rules

Where = nn.Module | Optimizer


@dataclasses.dataclass(frozen=True)
class Sparsity:
    """Zeros of what one rule penalises: entries, and units (groups where the penalty has them, else entries)."""

    zeros: int
    entries: int
    zero_units: int
    units: int

    @property
    def share(self) -> float:
        """Part of the units that are zero."""
        return self.zero_units / self.units if self.units else 0.0


def l1_norm(where: Where, rules: Rules | None = None) -> Tensor:
    """Σ|w| over the penalised parameters; over all parameters of a plain model without rules. 0-dimensional."""
    raise NotImplementedError


def count_zeros(where: Where, rules: Rules | None = None) -> int:
    """Entries that are exactly zero, over the same parameters."""
    raise NotImplementedError


def sparsity(where: Where, rules: Rules | None = None) -> dict[str, Sparsity]:
    """Zeros of every rule."""
    raise NotImplementedError
