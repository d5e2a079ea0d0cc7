"""What the proximal optimizers share: rules among their arguments, and copies that keep them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer

from riata.torch.rules import Bound, Rules


class Proximal(Optimizer):
    """A torch optimizer (the other base class) of a model under rules.

    Parameters
    ----------
    model : the module to optimise, or parameters or parameter groups as any torch optimizer takes them; then ``rules``
        are bound already
    rules : who is penalised by what (riata.torch.rules), or what ``bind(model, rules)`` returned
    options : those of the torch optimizer
    """

    def __init__(self, model: nn.Module | Any, rules: Rules | Sequence[Bound], **options: Any) -> None:
        raise NotImplementedError
