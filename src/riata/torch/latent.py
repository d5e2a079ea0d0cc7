"""sparsify and bake: latent weights in, plain weights out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

from riata.core.errors import InvalidOption
from riata.torch.normal_map import NormalMap
from riata.torch.pull import watch
from riata.torch.rules import Bound, Rules, bind, left_alone

EDGE = 0.1  # of the root mean square of a weight: the size below which the first steps see zeros


def sparsify(model: nn.Module, rules: Rules | Sequence[Bound], *, width: float | None = None) -> nn.Module:
    """Make the penalised weights of ``model`` latent, in place: exact zeros under any torch optimizer.

    The weights are what they were; training drives those that the penalty excludes to exactly zero and keeps them
    there. Everything else of a training loop stays as it is: optimizer, scheduler, loss scaler, accumulation, compile.

    Parameters
    ----------
    model : changed and returned
    rules : who is penalised by what (riata.torch.rules)
    width : γλ, how far a latent value travels between "just zero" and "in the middle of zero", in units of the weight;
        by default a tenth of the root mean square of the weight as it is (λ for a weight that is zero)

    Notes
    -----
    Weight decay on a latent tensor is an error at the optimizer's first step: use :func:`parameter_groups`. Clipping a
    gradient clips that of the loss only. An optimizer that searches along a line compares values of a loss that has no
    penalty in it: run LBFGS without ``line_search_fn``. Save the state dict, or ``bake`` first: torch pickles no
    parametrized module.

    Raises
    ------
    InvalidOption
        Rules that do not fit; weights that are shared between modules.
    """
    bound = bind(model, rules)
    times = Counter(id(p) for _, p in model.named_parameters(remove_duplicate=False))
    for one in bound:
        if times[id(one.parameter)] > 1:
            raise InvalidOption(
                f"{one.name} is shared between modules, and a latent weight belongs to one.",
                hint="attach(optimizer, rules, model) and the proximal optimizers penalise shared weights",
            )  # fmt: skip
    for one in bound:
        map = NormalMap(one.penalty, _width(one, width), one.name, one.rule)
        parametrize.register_parametrization(one.module, one.leaf, map)
        map.join(one.module.parametrizations[one.leaf])  # type: ignore[index,arg-type]
    watch()
    return model


@torch.no_grad()
def _width(one: Bound, width: float | None) -> float:
    if width is not None:
        if not width > 0.0:
            raise InvalidOption("width is γλ, in units of the weight.", expected="a number > 0", got=width)
        return width
    size = float(one.parameter.square().mean().sqrt())
    return one.penalty.width(EDGE * size) or one.penalty.lam or EDGE


def bake(model: nn.Module) -> nn.Module:
    """Turn latent weights into plain parameters, in place: the same outputs, zeros and all; the model is returned."""
    for module in list(model.modules()):
        for leaf, chain in list(getattr(module, "parametrizations", {}).items()):
            if any(isinstance(part, NormalMap) for part in chain):
                cls = type(module)  # torch's deepcopy shares this class, and removal takes the attribute from it
                module.__class__ = type(cls.__name__, cls.__bases__, dict(vars(cls)))
                parametrize.remove_parametrizations(module, leaf, leave_parametrized=True)
    return model


def parameter_groups(model: nn.Module, *, weight_decay: float = 0.0) -> list[dict[str, Any]]:
    """Parameter groups for an optimizer: ``weight_decay`` on ordinary weights; none on latents, biases and norms.

    >>> model = sparsify(nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 1)), {"0.weight": L1(0.1)})     # doctest: +SKIP
    >>> optimizer = torch.optim.AdamW(parameter_groups(model, weight_decay=0.01))                    # doctest: +SKIP
    """
    latent = {id(part.latent) for part in model.modules() if isinstance(part, NormalMap)}
    decayed: list[nn.Parameter] = []
    spared: list[nn.Parameter] = []
    seen: set[int] = set()
    for module in model.modules():
        for leaf, p in module.named_parameters(recurse=False):
            if p.requires_grad and id(p) not in seen:
                seen.add(id(p))
                (spared if id(p) in latent or left_alone(module, leaf) else decayed).append(p)
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": spared, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]
