"""penalised: the parameters under rules, of a sparse model, of an optimizer, or of a model and rules."""

from __future__ import annotations

from torch import nn
from torch.optim import Optimizer

from riata.torch.handle import Penalised
from riata.torch.rules import Rules

__all__ = ["Penalised", "penalised"]


def penalised(where: nn.Module | Optimizer, rules: Rules | None = None) -> list[Penalised]:
    """One :class:`Penalised` for each parameter under a rule.

    Parameters
    ----------
    where : a model after ``sparsify``; an optimizer after ``attach`` or a proximal one; or any model with ``rules``
    """
    raise NotImplementedError
