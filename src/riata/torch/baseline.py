"""penalty_loss: the penalty as a term of the loss. The baseline: its solutions are right, its zeros are not zeros."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from riata.torch.rules import Bound, Rules, bind


def penalty_loss(model: nn.Module, rules: Rules | Sequence[Bound]) -> Tensor:
    """Σ λR(w), to be added to the mean loss.

    A subgradient step overshoots zero by about the learning rate and comes back: weights hover around zero and none
    *is* zero. Use it to compare, and ``sparsify`` for zeros. In a loop bind once: ``bound = bind(model, rules)`` and
    then ``penalty_loss(model, bound)``.
    """
    return torch.stack([one.penalty.value(one.parameter) for one in bind(model, rules)]).sum()
