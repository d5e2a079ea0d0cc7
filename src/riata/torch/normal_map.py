"""The latent parametrization: a weight is the proximal point of a latent tensor, which any optimizer may move.

Let w = prox(z) with step γ. Then (z − w)/γ is a subgradient of λR at w, and Robinson's normal map

    F(z) = ∇f(w) + (z − w)/γ

is zero exactly where w is stationary for f + λR. An optimizer that is fed F stops there and nowhere else, whatever its
momentum or metric: P·F = 0 if and only if F = 0. So the forward pass is a proximal step, with exact zeros; the gradient
of the loss passes through to z unchanged, so that weights at zero still learn; and (z − w)/γ, the *pull*, is added to
the gradient of z once for every step of an optimizer (riata.torch.pull): not in the backward pass, where accumulated
micro-batches, weights used twice and scaled losses would count it more or less than once.

γ is kept as the *width* γλ, in units of the weight: what a latent value travels from the edge of zero to its middle.
Where λ is a factor of the penalty the forward pass then does not depend on λ at all, and changing λ moves no weight.

References
----------
Robinson (1992), Math. Oper. Res. 17; Qiu, Jiang & Milzarek (2023), arXiv 2305.05828 (identification of the support in
finite time under noise, which the proximal gradient method lacks).
"""

from __future__ import annotations

import math
import weakref
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList

from riata.core.errors import InvalidOption
from riata.torch import compiled
from riata.torch.handle import Penalised
from riata.torch.penalties.base import Penalty, Separable
from riata.torch.room import Room
from riata.torch.sharded import local, on_whole

LIVE: weakref.WeakSet[NormalMap] = weakref.WeakSet()  # all maps of the process: where a step looks for latents


class _Through(torch.autograd.Function):
    """w in the forward direction, the identity from z in the backward one."""

    generate_vmap_rule = True

    @staticmethod
    def forward(z: Tensor, w: Tensor) -> Tensor:
        return w.view_as(w)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad, None


class NormalMap(nn.Module):
    """w = prox(z), registered with ``torch.nn.utils.parametrize`` by ``riata.torch.sparsify``.

    Parameters
    ----------
    penalty : bound to the weight's shape
    width : γλ at the start
    name, rule : of the parameter, for reports
    """

    born: ClassVar[int] = 0  # maps made so far, copies included: the latents of an optimizer are looked for again after

    def __init__(self, penalty: Penalty, width: float, name: str, rule: str) -> None:
        super().__init__()
        self.penalty, self.name, self.rule = penalty, name, rule
        self.lam, self.width = float(penalty.lam), float(width)
        self._chain: tuple[ParametrizationList, ...] = ()  # in a tuple: a parent is no submodule
        self._room = Room()
        self._enrol()

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._enrol()

    def _enrol(self) -> None:
        """Be among those that a step looks through; a copy is too."""
        LIVE.add(self)
        NormalMap.born += 1

    def join(self, chain: ParametrizationList) -> None:
        """The chain of parametrizations, which holds the latent tensor."""
        self._chain = (chain,)
        NormalMap.born += 1

    @property
    def latent(self) -> Tensor | None:
        """z, as the optimizer holds it (in a sharded model the shard)."""
        return self._chain[0].original if self._chain else None

    @property
    def step(self) -> float:
        """γ."""
        if self.penalty.linear:
            return self.width / self.lam if self.lam > 0.0 else math.inf
        return min(self.width / self.lam if self.lam > 0.0 else 1.0, 0.5 * self.penalty.max_step)

    @property
    def reach(self) -> float:
        """γλ, on which alone a proximal step depends where λ is a factor."""
        return self.width if self.penalty.linear else self.step * self.lam

    def forward(self, z: Tensor) -> Tensor:
        with torch.no_grad():
            w = self.weight(z)
        return _Through.apply(z, w)

    def weight(self, z: Tensor) -> Tensor:
        """w of a latent tensor."""
        w = compiled.shrunk(z, self.penalty, self.reach, self._room)
        if w is not None:
            return w
        if self.penalty.linear:
            return self.penalty.prox(z, self.width, 1.0)
        return self.penalty.prox(z, self.step, self.lam)

    def right_inverse(self, w: Tensor) -> Tensor:
        """A latent tensor whose proximal point is w: the middle of the interval where w is zero."""
        with torch.no_grad():
            if self.penalty.linear:
                return w + self.width * self.penalty.pull(w, 1.0)
            return w + self.step * self.penalty.pull(w, self.lam)

    def cut(self, z: Tensor) -> Tensor:
        """z − w: times ``force`` it is the pull, a subgradient of λR at w."""
        if self.penalty.linear:
            return self.penalty.cut(z, self.width, 1.0)
        return self.penalty.cut(z, self.step, self.lam)

    @property
    def force(self) -> float:
        """1/γ."""
        return self.lam / self.width if self.penalty.linear else 1.0 / self.step

    def note(self, z: Tensor) -> None:
        """The gradient of z, as it is now, has the pull in it."""
        grad = local(z.grad)
        _PULLED[self] = weakref.ref(grad), grad._version

    def pulled(self, z: Tensor) -> bool:
        """Whether it has: then an optimizer within an optimizer must not add it again."""
        noted, version = _PULLED.get(self, (None, -1))
        grad = local(z.grad)
        return noted is not None and grad is not None and noted() is grad and grad._version == version

    def get_extra_state(self) -> Tensor:
        """λ and width travel with the state dict, in float64 whatever the model's precision."""
        return torch.tensor([self.lam, self.width], dtype=torch.float64)

    def set_extra_state(self, state: Tensor) -> None:
        self.lam, self.width = state.tolist()

    def extra_repr(self) -> str:
        return f"{self.penalty.words()}, λ={self.lam:g}, width={self.width:.3g}"


_PULLED: weakref.WeakKeyDictionary[NormalMap, tuple[Any, int]] = weakref.WeakKeyDictionary()


class Latent(Penalised):
    """A weight that is the proximal point of a latent tensor."""

    def __init__(self, map: NormalMap) -> None:
        self.map = map
        self.name, self.rule, self.penalty = map.name, map.rule, map.penalty

    @property
    def latent(self) -> Tensor:
        """z, the tensor that the optimizer holds."""
        assert self.map.latent is not None
        return self.map.latent

    @property
    def lam(self) -> float:
        return self.map.lam

    @lam.setter
    def lam(self, value: float) -> None:
        self.penalty.at(value)  # or its error
        if self.penalty.linear:
            self.map.lam = float(value)
            return
        with torch.no_grad():  # another λ is another map: z is moved so that w stays
            w, before, old = self.weight, self.map.step, self.map.lam
            self.map.lam = float(value)
            ratio = self.map.step * self.map.lam / (before * old) if old > 0.0 else 1.0
            self.latent.copy_(torch.where(w == 0, self.latent * ratio, self.map.right_inverse(w)))

    @property
    def weight(self) -> Tensor:
        with torch.no_grad():
            if isinstance(self.penalty, Separable):
                return self.map.weight(self.latent)
            return on_whole(self.map.weight, self.latent)

    @property
    def moved(self) -> Tensor:
        return self.latent

    @property
    def gradient(self) -> Tensor | None:
        return None if self.latent.grad is None or self.map.pulled(self.latent) else self.latent.grad


def latents(model: nn.Module) -> list[Latent]:
    """Every latent weight of a model, in the model's order."""
    return [Latent(part) for part in model.modules() if isinstance(part, NormalMap)]


def refuse_decay(name: str, decay: float) -> InvalidOption:
    """The error for weight decay on a latent tensor."""
    return InvalidOption(
        f"The optimizer has weight_decay={decay:g} on the latent tensor of {name}. Decay of a latent tensor is not "
        "decay of the weight: it would change λ.",
        hint="optimizer(riata.torch.parameter_groups(model, weight_decay=…)) decays the others only; ElasticNet puts a "
        "ridge on the penalised ones",
    )  # fmt: skip
