"""attach: a proximal step after every step of an optimizer, in that optimizer's own metric."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from riata.core.errors import InvalidOption
from riata.torch import compiled
from riata.torch.handle import Penalised
from riata.torch.metric import READERS, Metric, Scaled
from riata.torch.penalties.base import Penalty, Separable, pieces
from riata.torch.rules import Bound, Rules, bind
from riata.torch.sharded import on_whole

LAMS = "lams"  # of a parameter group: λ in force for each of its parameters, saved with it like a learning rate


@dataclasses.dataclass(frozen=True)
class Place:
    """Where an optimizer holds a penalised parameter."""

    group: int
    index: int
    penalty: Penalty
    name: str
    rule: str


class ProximalStep:
    """The hook that an optimizer calls after its step."""

    def __init__(self, kind: type, places: list[Place]) -> None:
        self.kind, self.places = kind, places

    @torch.no_grad()
    def __call__(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        skipped = getattr(
            optimizer, "found_inf", None
        )  # a fused step under a loss scaler: it is called, and does nothing
        for place in self.places:
            group = optimizer.param_groups[place.group]
            w, lam = group["params"][place.index], lams(group, self.places, place.group)[place.index]
            if lam is None or w.grad is None or (lam == 0.0 and place.penalty.linear):
                continue
            if compiled.fits(place.penalty) and skipped is None and compiled.plain(w):
                metric = READERS[self.kind](group, optimizer.state[w])
                if metric is None or compiled.step(w, place.penalty, lam, metric):
                    continue
            for piece, state in _pieces(w, optimizer.state[w], place.penalty):
                metric = READERS[self.kind](group, state)
                if metric is not None:
                    _take(piece, place.penalty, lam, metric, skipped)


def _pieces(w: Tensor, state: dict[str, Any], penalty: Penalty) -> Iterator[tuple[Tensor, dict[str, Any]]]:
    """A weight and its state, cut into pieces that the penalty treats apart."""
    like = [name for name, value in state.items() if isinstance(value, Tensor) and value.shape == w.shape]
    for piece, *parts in pieces(penalty, w, *(state[name] for name in like)):
        yield piece, {**state, **dict(zip(like, parts, strict=True))}


def _take(w: Tensor, penalty: Penalty, lam: float, metric: Metric, skipped: Tensor | None) -> None:
    """The proximal step of one piece, in place; what it takes away enters the buffer of a summed momentum."""
    step = metric.step.tensor() if isinstance(metric.step, Scaled) else metric.step
    if isinstance(penalty, Separable):
        new = penalty.prox(w, step, lam)
    else:
        new = on_whole(lambda w, step: penalty.prox(w, step, lam), w, step)
    if skipped is not None:
        new = torch.where(skipped > 0, w, new)
    if isinstance(metric.enter, Tensor):
        metric.buffer.add_((w - new).mul_(metric.enter))  # type: ignore[union-attr]
    elif metric.buffer is not None:
        metric.buffer.add_(w.sub_(new), alpha=metric.enter)
    w.copy_(new)


def attach(optimizer: Optimizer, rules: Rules | Sequence[Bound], model: nn.Module | None = None) -> Optimizer:
    """Let every step of ``optimizer`` end with the proximal step of ``rules``; the optimizer is returned.

    ``rules`` need the model that the parameters belong to, or are bound already (``bind(model, rules)``). λ is kept in
    the parameter groups and saved with them. As with every hook, a copy or a pickle of the optimizer is without it:
    attach again, or use ProxSGD, ProxAdam, ProxAdamW, ProxAdagrad, which keep it.

    Weights in half precision lose thresholds below their last digit: keep float32 weights (autocast does).

    Raises
    ------
    InvalidOption
        An optimizer whose metric cannot be read (``sparsify`` works with any); a penalised parameter that it does not
        hold; rules that do not fit.
    """
    return enforce(optimizer, type(optimizer), _bound(rules, model))


def enforce(optimizer: Optimizer, kind: type, bound: Sequence[Bound]) -> Optimizer:
    """Attach what is bound to an optimizer whose steps are those of ``kind``."""
    if kind not in READERS:
        raise InvalidOption(
            f"The metric of {kind.__name__} cannot be read from its state, and a proximal step in another metric "
            "solves another problem.",
            expected=" or ".join(known.__name__ for known in READERS), got=kind.__name__,
            hint="riata.torch.sparsify(model, rules) works with any optimizer",
        )  # fmt: skip
    if hook_of(optimizer) is not None:
        raise InvalidOption("The optimizer has its rules already.", hint="give all rules in one call")
    places, at = [], _positions(optimizer)
    for one in bound:
        if id(one.parameter) not in at:
            raise InvalidOption(
                f"The optimizer does not hold {one.name}, which the rule {one.rule} penalises.",
                hint="give it the parameters of the same model",
            )  # fmt: skip
        places.append(Place(*at[id(one.parameter)], one.penalty, one.name, one.rule))
    for number, group in enumerate(optimizer.param_groups):
        lams(group, places, number)
    optimizer.register_step_post_hook(ProximalStep(kind, places))
    return optimizer


def hook_of(optimizer: Optimizer) -> ProximalStep | None:
    """The proximal step of an optimizer, or None."""
    hooks = optimizer._optimizer_step_post_hooks.values()
    return next((hook for hook in hooks if isinstance(hook, ProximalStep)), None)


def lams(group: dict[str, Any], places: list[Place], number: int) -> list[float | None]:
    """λ in force for each parameter of a group, None for those without; made where a loaded state has none."""
    if LAMS not in group:
        group[LAMS] = [None] * len(group["params"])
        for place in places:
            if place.group == number:
                group[LAMS][place.index] = float(place.penalty.lam)
    return group[LAMS]


def _bound(rules: Rules | Sequence[Bound], model: nn.Module | None) -> list[Bound]:
    if isinstance(rules, Sequence):
        return list(rules)
    if model is None:
        raise InvalidOption(
            "Rules name parameters of a model, and an optimizer has none.",
            expected="attach(optimizer, rules, model) or attach(optimizer, bind(model, rules))",
        )  # fmt: skip
    return bind(model, rules)


def _positions(optimizer: Optimizer) -> dict[int, tuple[int, int]]:
    return {id(p): (g, i) for g, group in enumerate(optimizer.param_groups) for i, p in enumerate(group["params"])}


class Held(Penalised):
    """A plain parameter in an optimizer with a proximal step."""

    def __init__(self, optimizer: Optimizer, place: Place) -> None:
        self.optimizer, self.place = optimizer, place
        self.name, self.rule, self.penalty = place.name, place.rule, place.penalty

    @property
    def _group(self) -> dict[str, Any]:
        return self.optimizer.param_groups[self.place.group]  # which loading a state replaces

    @property
    def lam(self) -> float:
        return self._group[LAMS][self.place.index]

    @lam.setter
    def lam(self, value: float) -> None:
        self._group[LAMS][self.place.index] = float(self.penalty.at(value).lam)

    @property
    def moved(self) -> Tensor:
        return self._group["params"][self.place.index]

    @property
    def weight(self) -> Tensor:
        return self.moved.detach()

    @property
    def gradient(self) -> Tensor | None:
        return self.moved.grad
