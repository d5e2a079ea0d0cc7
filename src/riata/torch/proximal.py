"""attach: a proximal step after every step of an optimizer, in that optimizer's own metric."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn
from torch.optim import Optimizer

from riata.torch.rules import Bound, Rules


def attach(optimizer: Optimizer, rules: Rules | Sequence[Bound], model: nn.Module | None = None) -> Optimizer:
    """Let every step of ``optimizer`` end with the proximal step of ``rules``; the optimizer is returned.

    ``rules`` need the model that the parameters belong to, or are bound already (``bind(model, rules)``).

    Raises
    ------
    InvalidOption
        An optimizer whose metric cannot be read (``sparsify`` works with any); a penalised parameter that it does not
        hold; rules that do not fit.
    """
    raise NotImplementedError
