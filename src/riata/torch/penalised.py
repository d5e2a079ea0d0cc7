"""penalised: the parameters under rules, of a sparse model, of an optimizer, or of a model and rules."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.optim import Optimizer

from riata.core.errors import InvalidOption
from riata.torch.handle import Penalised
from riata.torch.normal_map import latents
from riata.torch.proximal import Held, hook_of
from riata.torch.rules import Bound, Rules, bind

__all__ = ["Penalised", "penalised"]


def penalised(where: nn.Module | Optimizer, rules: Rules | Sequence[Bound] | None = None) -> list[Penalised]:
    """One :class:`Penalised` for each parameter under a rule.

    Parameters
    ----------
    where : a model after ``sparsify``; an optimizer after ``attach`` or a proximal one; or any model with ``rules``,
        where nothing enforces them

    Raises
    ------
    InvalidOption
        Nothing is under a rule there.
    """
    if rules is not None and isinstance(where, nn.Module):
        return [Ruled(one) for one in bind(where, rules)]
    if isinstance(where, Optimizer):
        hook = hook_of(where)
        found: list[Penalised] = [Held(where, place) for place in hook.places] if hook else []
    else:
        found = list(latents(where))
    if not found:
        raise InvalidOption(
            f"No parameter of this {type(where).__name__} is under a rule.",
            expected="a model after sparsify(model, rules), an optimizer after attach(optimizer, rules, model), or "
            "penalised(model, rules)",
        )  # fmt: skip
    return found


def selecting(parts: Sequence[Penalised]) -> list[Penalised]:
    """Those whose penalty makes zeros: a ridge does not."""
    return [part for part in parts if getattr(part.penalty, "l1_ratio", 1.0) > 0.0]


class Ruled(Penalised):
    """A plain parameter under a rule that nothing enforces."""

    def __init__(self, bound: Bound) -> None:
        self.bound, self._lam = bound, float(bound.penalty.lam)
        self.name, self.rule, self.penalty = bound.name, bound.rule, bound.penalty

    @property
    def lam(self) -> float:
        return self._lam

    @lam.setter
    def lam(self, value: float) -> None:
        self._lam = float(self.penalty.at(value).lam)

    @property
    def moved(self) -> Tensor:
        return self.bound.parameter

    @property
    def weight(self) -> Tensor:
        return self.bound.parameter.detach()

    @property
    def gradient(self) -> Tensor | None:
        return self.bound.parameter.grad
