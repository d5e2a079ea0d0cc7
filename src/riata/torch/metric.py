"""What a torch optimizer multiplies a gradient by: the metric in which a proximal step must be taken after it.

    w' = w − s ∘ (momentum of g),     w⁺ = argmin ½ Σ (wᵢ − w'ᵢ)²/sᵢ + λR(w)

Only with that s, entry by entry, the fixed points are those of the problem: with Adam's s = lr/(√v̂ + ε) replaced by
lr each entry is penalised by λ√v̂, which is a matter of noise. An averaged momentum (Adam's) is an estimate of g and
changes nothing. A summed one (SGD's) is g/(1 − μ) at rest, and a threshold lr·λ would solve for (1 − μ)λ; the remedy
is to let the buffer carry the penalty's subgradient (w' − w⁺)/s as it carries the loss's, which makes heavy ball iPiano
(Ochs, Chen, Brox & Pock 2014, SIAM J. Imaging Sci. 7) and needs no other threshold. All functions read the state that a
step has just left, with the learning rate of that step.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Number = float | Tensor
State = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Scaled:
    """s = scale/(√v/correction + eps), or scale/v where it is not ``rooted``; v is the optimizer's own tensor.

    A tensor of the size of the weight is made only for those who ask for it.
    """

    scale: Number
    v: Tensor | None
    eps: Number = 0.0
    correction: Number = 1.0
    rooted: bool = True

    def tensor(self) -> Number:
        """s."""
        if self.v is None:
            return self.scale
        if not self.rooted:
            return self.scale / self.v
        root = self.v.sqrt()
        if isinstance(self.correction, Tensor) or self.correction != 1.0:
            root = root.div_(self.correction)
        return self.scale / root.add_(self.eps)


@dataclasses.dataclass(frozen=True)
class Metric:
    """s, and where there is a summed momentum its buffer, into which enter·(w' − w⁺) must go."""

    step: Number | Scaled
    buffer: Tensor | None = None
    enter: Number = 0.0


def sgd(group: State, state: State) -> Metric | None:
    """lr; with Nesterov's momentum lr(1 + μ), which is what multiplies the newest gradient."""
    lr, momentum = group["lr"], group["momentum"]
    buffer = state.get("momentum_buffer") if momentum else None
    if buffer is None:
        return Metric(lr)
    ahead = 1.0 + momentum if group["nesterov"] else 1.0
    return Metric(lr * ahead * (1.0 - group["dampening"]), buffer, _inverse(lr * ahead))


def adam(group: State, state: State) -> Metric | None:
    """lr/(√v̂ + ε): v̂ is corrected for its start, and the step size is not lr/(1 − β₁ᵗ), since m̂ estimates g."""
    if not state:
        return None
    v = state["max_exp_avg_sq"] if group["amsgrad"] else state["exp_avg_sq"]
    return Metric(Scaled(group["lr"], v, group["eps"], _correction(group, state)))


def nadam(group: State, state: State) -> Metric | None:
    """As Adam; Nesterov's weights of g and m̂ sum to 1 but for the schedule of μ."""
    if not state:
        return None
    beta, decay, t = group["betas"][0], group["momentum_decay"], _count(state)
    mu, ahead = (beta * (1.0 - 0.5 * 0.96 ** (k * decay)) for k in (t, t + 1))
    product = _value(state["mu_product"])
    share = (1.0 - mu) / (1.0 - product) + ahead * (1.0 - beta**t) / (1.0 - product * ahead)
    return Metric(Scaled(group["lr"] * share, state["exp_avg_sq"], group["eps"], _correction(group, state)))


def radam(group: State, state: State) -> Metric | None:
    """lr while the variance of v̂ is unknown, then Adam's times the rectifying factor."""
    if not state:
        return None
    t, beta = _count(state), group["betas"][1]
    top = 2.0 / (1.0 - beta) - 1.0
    rho = top - 2.0 * t * beta**t / (1.0 - beta**t)
    if rho <= 5.0:
        return Metric(group["lr"])
    rect = ((rho - 4.0) * (rho - 2.0) * top / ((top - 4.0) * (top - 2.0) * rho)) ** 0.5
    scale = group["lr"] * rect * (1.0 - beta**t) ** 0.5
    return Metric(Scaled(scale, state["exp_avg_sq"], group["eps"]))


def adamax(group: State, state: State) -> Metric | None:
    """lr over the largest recent gradient."""
    return Metric(Scaled(group["lr"], state["exp_inf"], rooted=False)) if state else None


def rmsprop(group: State, state: State) -> Metric | None:
    """lr/(√v + ε), v less the squared mean where it is centred; momentum is summed."""
    if not state:
        return None
    v = state["square_avg"]
    v = v.addcmul(state["grad_avg"], state["grad_avg"], value=-1.0) if group["centered"] else v
    buffer = state.get("momentum_buffer") if group["momentum"] > 0 else None
    return Metric(Scaled(group["lr"], v, group["eps"]), buffer, _inverse(group["lr"]))


def adagrad(group: State, state: State) -> Metric | None:
    """lr/(1 + (t − 1)·lr_decay), over √Σg² + ε."""
    lr = group["lr"] / (1.0 + (_count(state) - 1.0) * group["lr_decay"])
    return Metric(Scaled(lr, state["sum"], group["eps"]))


READERS: dict[type, Callable[[State, State], Metric | None]] = {
    torch.optim.SGD: sgd,
    torch.optim.Adam: adam,
    torch.optim.AdamW: adam,
    torch.optim.NAdam: nadam,
    torch.optim.RAdam: radam,
    torch.optim.Adamax: adamax,
    torch.optim.RMSprop: rmsprop,
    torch.optim.Adagrad: adagrad,
}


def _correction(group: State, state: State) -> Number:
    """√v/√v̂, for the start of v."""
    return (1.0 - group["betas"][1] ** _count(state)) ** 0.5


def _count(state: State) -> Number:
    """Steps taken: a number where it lies on the host, else a tensor, for which nobody waits."""
    return _value(state["step"])


def _value(number: Any) -> Number:
    on_host = isinstance(number, Tensor) and number.device.type == "cpu" and not torch.compiler.is_compiling()
    return number.item() if on_host else number


def _inverse(lr: Number) -> Number:
    """1/lr; while lr is 0 nothing moves, and nothing is to be entered."""
    if isinstance(lr, Tensor):
        return torch.where(lr == 0, 0.0, 1.0 / torch.where(lr == 0, 1.0, lr))
    return 1.0 / lr if lr else 0.0
