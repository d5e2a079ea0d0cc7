"""The other half of the normal map: before any optimizer's step the pull of the penalty joins the latents' gradients.

One hook for all optimizers of the process (``register_optimizer_step_pre_hook``), set when the first model is made
sparse. It sees the gradients as the optimizer will: accumulated, unscaled, averaged over processes, clipped. A fused
optimizer under a loss scaler divides by ``grad_scale`` itself, so the pull is multiplied by it first; a closure, which
makes the gradients anew, is wrapped. Optimizers outside torch.optim.Optimizer do not call it, and get no penalty.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook

from riata.torch import compiled
from riata.torch.normal_map import LIVE, NormalMap, refuse_decay
from riata.torch.penalties.base import Separable, pieces
from riata.torch.sharded import on_whole

Owned = list[tuple[NormalMap, Tensor, int]]  # (map, latent tensor, number of its parameter group)

_hook: Any = None
_owned: weakref.WeakKeyDictionary[Optimizer, tuple[int, Owned]] = weakref.WeakKeyDictionary()


def watch() -> None:
    """Set the hook, once."""
    global _hook
    if _hook is None:
        _hook = register_optimizer_step_pre_hook(_before_step)


@torch.compiler.disable
def _before_step(optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The pull joins the gradients, or the closure that will make them."""
    owned = _of(optimizer)
    if not owned:
        return None
    for map, _, number in owned:
        if decay := optimizer.param_groups[number].get("weight_decay"):
            raise refuse_decay(map.name, decay)
    closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
    if closure is None:
        _add(optimizer, owned)
        return None

    def pulled() -> Any:
        loss = closure()
        _add(optimizer, owned)
        return loss

    return (args[0], pulled), {name: value for name, value in kwargs.items() if name != "closure"}


@torch.no_grad()
def _add(optimizer: Optimizer, owned: Owned) -> None:
    scale = getattr(optimizer, "grad_scale", None)
    for map, z, _ in owned:
        if z.grad is None or map.lam == 0.0 or map.pulled(z):
            continue
        if scale is None and compiled.add_cut(z.grad, z, map.penalty, map.reach, map.force):
            map.note(z)
            continue
        entries = isinstance(map.penalty, Separable)
        for piece, grad in pieces(map.penalty, z, z.grad):
            cut = map.cut(piece) if entries else on_whole(map.cut, piece)
            grad.add_(cut.mul_(scale) if scale is not None else cut, alpha=map.force)
        map.note(z)


def _of(optimizer: Optimizer) -> Owned:
    """The latents that an optimizer holds; looked for again when maps were made or tensors replaced."""
    born = NormalMap.born
    known, owned = _owned.get(optimizer, (-1, []))
    if known != born or any(map.latent is not z for map, z, _ in owned):
        maps = {id(map.latent): map for map in LIVE if map.latent is not None}
        groups = [(p, number) for number, group in enumerate(optimizer.param_groups) for p in group["params"]]
        owned = [(maps[id(p)], p, number) for p, number in groups if id(p) in maps]
        _owned[optimizer] = born, owned
    return owned
