"""What the proximal optimizers share: rules among their arguments, and copies that keep them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer

from riata.core.errors import InvalidOption
from riata.torch.metric import READERS
from riata.torch.proximal import enforce, hook_of
from riata.torch.rules import Bound, Rules, bind


class Proximal(Optimizer):
    """A torch optimizer whose every step ends with the proximal step of its rules, in its own metric.

        minimise over the weights  mean loss + Σ λR(w)

    Parameters
    ----------
    model : the module to optimise; or parameters or parameter groups as any torch optimizer takes them, and then
        ``rules`` are bound already
    rules : who is penalised by what (riata.torch.rules), or what ``bind(model, rules)`` returned
    options : those of the torch optimizer: lr, foreach, fused, …

    Raises
    ------
    InvalidOption
        Rules that do not fit.
    """

    def __init__(self, model: nn.Module | Any, rules: Rules | Sequence[Bound], **options: Any) -> None:
        if isinstance(model, nn.Module):
            bound, model = bind(model, rules), [p for p in model.parameters() if p.requires_grad]
        elif isinstance(rules, Sequence):
            bound = list(rules)
        else:
            raise InvalidOption(
                "Rules name parameters of a model.", got=type(model).__name__,
                expected=f"{type(self).__name__}(model, rules, …) or (parameters, bind(model, rules), …)",
            )  # fmt: skip
        super().__init__(model, **options)
        enforce(self, self.kind(), bound)

    @classmethod
    def kind(cls) -> type:
        """The torch optimizer whose steps these are."""
        return next(base for base in cls.__mro__ if base in READERS)

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"proximal": hook_of(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        hook = state.pop("proximal", None)
        super().__setstate__(state)
        if hook is not None:
            self.register_step_post_hook(hook)
