"""What a model weighs: its L1 norm, its zeros, the sparsity of every rule."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from riata.torch.normal_map import latents
from riata.torch.penalised import penalised
from riata.torch.rules import parameters
from riata.torch.sharded import whole

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


@torch.no_grad()
def l1_norm(where: Where, rules: Any = None) -> Tensor:
    """Σ|w| over the penalised parameters; over all parameters of a plain model without rules. 0-dimensional."""
    return torch.stack([w.abs().sum() for w in _weights(where, rules)]).sum()


@torch.no_grad()
def count_zeros(where: Where, rules: Any = None) -> int:
    """Entries that are exactly zero, over the same parameters."""
    return int(torch.stack([(w == 0).sum() for w in _weights(where, rules)]).sum())


@torch.no_grad()
def sparsity(where: Where, rules: Any = None) -> dict[str, Sparsity]:
    """Zeros of every rule, by the rule's key."""
    found: dict[str, Sparsity] = {}
    for one in penalised(where, rules):
        w, mask = whole(one.weight), one.zero_mask()
        had = found.get(one.rule, Sparsity(0, 0, 0, 0))
        found[one.rule] = Sparsity(
            had.zeros + int((w == 0).sum()),
            had.entries + w.numel(),
            had.zero_units + int(mask.sum()),
            had.units + mask.numel(),
        )
    return found


def _weights(where: Where, rules: Any) -> list[Tensor]:
    if isinstance(where, nn.Module) and rules is None and not latents(where):
        return [whole(weight.detach()) for *_, weight in parameters(where, latent=True)]
    return [whole(one.weight) for one in penalised(where, rules)]
