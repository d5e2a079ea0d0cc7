"""What a penalty does in the course of a training: λ from step to step, then a support that stays, and a refit.

One object for every training loop: :class:`riata.torch.Trainer`, Lightning (riata.torch.lightning) and the Hugging Face
Trainer (riata.torch.huggingface) call ``begin`` when a training starts and ``before_step`` before a step of the
optimizer. It keeps nothing but what follows from the number of the step and the weights, so that a training that is
resumed goes on as it would have.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from riata.core.errors import InvalidOption
from riata.torch.handle import Penalised
from riata.torch.measure import l1_norm, sparsity
from riata.torch.penalised import penalised, selecting

Where = nn.Module | Optimizer


def ramp(steps: int, *, start: float = 0.0, power: float = 1.0) -> Callable[[int], float]:
    """A factor of λ that grows from ``start`` to 1 over ``steps`` steps, as 1 − (1 − start)(1 − t)^power.

    >>> factor = ramp(10)
    >>> factor(0), factor(5), factor(10), factor(99)
    (0.0, 0.5, 1.0, 1.0)
    """
    if not (steps >= 1 and start >= 0.0 and power > 0.0):
        raise InvalidOption(
            "A ramp has steps ≥ 1, start ≥ 0 and power > 0.", got=f"steps={steps}, start={start}, power={power}"
        )
    return lambda step: 1.0 - (1.0 - start) * (1.0 - min(step / steps, 1.0)) ** power


@dataclasses.dataclass
class Plan:
    """λ by steps, and a frozen support at the end.

    Parameters
    ----------
    factor : a function of the number of steps taken before, by which every λ of the rules is multiplied (:func:`ramp`)
    freeze_at : the number of steps after which what is zero then stays zero
    refit : from then on without penalty: what is left is no longer shrunk

    Examples
    --------
    >>> import riata.torch as rt
    >>> net = nn.Linear(4, 1)
    >>> optimizer = rt.ProxSGD(net, {"weight": rt.L1(0.5)}, lr=0.1)
    >>> plan = Plan(ramp(10), freeze_at=20)
    >>> plan.begin(net, optimizer)
    >>> plan.before_step(5)
    >>> rt.penalised(optimizer)[0].lam
    0.25
    """

    factor: Callable[[int], float] | None = None
    freeze_at: int | None = None
    refit: bool = True
    _optimizers: list[Optimizer] = dataclasses.field(default_factory=list, init=False, repr=False, compare=False)
    _where: list[Where] = dataclasses.field(default_factory=list, init=False, repr=False, compare=False)
    _handles: list[Any] = dataclasses.field(default_factory=list, init=False, repr=False, compare=False)

    def begin(self, model: nn.Module, optimizers: Optimizer | Iterable[Optimizer]) -> None:
        """Look for what is penalised, in the optimizers or in the model."""
        self.end()
        self._optimizers = [optimizers] if isinstance(optimizers, Optimizer) else list(optimizers)
        self._where = enforcers(model, self._optimizers)
        if not self._where:
            raise InvalidOption(
                f"Nothing in this {type(model).__name__} or its optimizers is under a rule: there is no λ to plan.",
                expected="a model after sparsify(model, rules), or an optimizer after attach(optimizer, rules, model)",
            )

    @property
    def parts(self) -> list[Penalised]:
        """The penalised parameters that can become zero; a ridge keeps its λ."""
        return [part for where in self._where for part in selecting(penalised(where))]

    def before_step(self, done: int) -> None:
        """To be called before a step of the optimizer, when ``done`` steps were taken."""
        frozen = self.freeze_at is not None and done >= self.freeze_at
        if not frozen:  # a training may go back to before its freeze
            self.end()
        if frozen and not self._handles:
            again = done > self.freeze_at  # type: ignore[operator]  # resumed after it was frozen
            self._handles = [freeze_support(o, self.parts, again=again) for o in self._optimizers]
        factor = 1.0 if self.factor is None else self.factor(done)
        for part in self.parts:
            lam = 0.0 if frozen and self.refit else part.penalty.lam * factor
            if part.lam != lam:
                part.lam = lam

    def end(self) -> None:
        """Let go of the optimizers; the support is no longer kept."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def scalars(self) -> dict[str, float]:
        """λ and the part of the units that is zero for every rule, the L1 norm and Σ λR, for any logger."""
        return {name: value for where in self._where for name, value in scalars_of(where).items()}


def enforcers(model: nn.Module, optimizers: Iterable[Optimizer]) -> list[Where]:
    """Where the rules are: in some optimizers, or in the model, or nowhere."""
    found: list[Where] = []
    candidates: list[Where] = [*optimizers, model]
    for where in candidates:
        try:
            penalised(where)
            found.append(where)
        except InvalidOption:
            continue
    return found


@torch.no_grad()
def scalars_of(where: Where) -> dict[str, float]:
    """``penalty``, ``l1_norm``, and for each rule ``lam/RULE`` and ``sparsity/RULE``."""
    parts = penalised(where)
    row = {"penalty": float(sum(part.value() for part in parts)), "l1_norm": float(l1_norm(where))}
    row |= {f"lam/{part.rule}": part.lam for part in parts}
    return row | {f"sparsity/{rule}": found.share for rule, found in sparsity(where).items()}


def freeze_support(optimizer: Optimizer, parts: Iterable[Penalised], *, again: bool = False) -> Any:
    """From now on what is zero stays zero under ``optimizer``; ``.remove()`` of what is returned lets it go.

    The tensor that the optimizer moves (a latent one, or the weight itself) is set to zero where the weight is zero,
    which changes no weight, and after each step again, whatever momentum or metric says. ``again``: that was done, and
    the weights were saved since; a latent tensor tells what was frozen from what has come near zero later.
    """
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    kept = []
    with torch.no_grad():
        for part in parts:
            if id(part.moved) in held:
                if not again:
                    part.moved.mul_(part.weight != 0)
                kept.append((part, part.moved != 0))

    @torch.no_grad()
    def keep(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        for number, (part, mask) in enumerate(kept):
            part.moved.mul_(mask)
            kept[number] = part, part.moved != 0  # as a resumed training would find it

    return optimizer.register_step_post_hook(keep)
