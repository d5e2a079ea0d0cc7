"""The group lasso, λ Σ v‖w_g‖: input features, neurons, channels, heads in or out together."""

from __future__ import annotations

import dataclasses
from typing import Any, Self

import torch
from torch import Tensor

from riata.core.errors import InvalidOption
from riata.torch.groups import Layout, layout
from riata.torch.newton import group_prox, group_shrink
from riata.torch.penalties.base import Number, Penalty


@dataclasses.dataclass(frozen=True)
class GroupLasso(Penalty):
    """λ Σ over groups of v_g ‖w_g‖₂, v_g = √(entries of g), or 1 with ``size_weight=None``.

    Parameters
    ----------
    group : "input" (columns of a matrix: features), "output" (rows: neurons, filters), "channel" (of a convolution or a
        normalisation), ``riata.torch.heads(8)``, or a callable that takes the weight's shape and gives an integer
        label for every entry
    size_weight : "sqrt" or None

    References
    ----------
    Yuan & Lin (2006), J. R. Stat. Soc. B 68. In a diagonal metric the step is a secular equation (riata.torch.newton).
    """

    group: Any = "output"
    size_weight: str | None = "sqrt"

    name = "group_lasso"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_size_weight(self.size_weight)

    @property
    def along(self) -> int | None:
        return getattr(self.group, "along", None)

    @property
    def norm_weight(self) -> float | None:
        if self.along is None:
            return None
        return 1.0 if self.size_weight is None else self.group.root_size

    def on(self, shape: torch.Size) -> Self:
        return dataclasses.replace(self, group=layout(self.group, shape))

    def value(self, w: Tensor, lam: Number | None = None) -> Tensor:
        lay = layout(self.group, w.shape)
        return self._lam(lam) * group_value(lay.into(w), lay, self.size_weight)

    def prox(self, z: Tensor, step: Number = 1.0, lam: Number | None = None) -> Tensor:
        lay = layout(self.group, z.shape)
        width = self._lam(lam) * weight_of(lay, z, self.size_weight)
        if isinstance(step, Tensor) and step.ndim:
            return group_prox(lay.into(z), lay.into(step), width, lay).reshape(z.shape)
        return group_shrink(lay.into(z), step * width, lay).reshape(z.shape)

    def cut(self, z: Tensor, step: Number = 1.0, lam: Number | None = None) -> Tensor:
        if isinstance(step, Tensor) and step.ndim:
            return super().cut(z, step, lam)
        lay = layout(self.group, z.shape)
        width = step * (self._lam(lam) * weight_of(lay, z, self.size_weight))
        norm = lay.norm(lay.into(z)).clamp(min=torch.finfo(z.dtype).tiny)
        return (lay.into(z) * (width / norm).clamp(max=1.0)).reshape(z.shape)

    def pull(self, w: Tensor, lam: Number | None = None) -> Tensor:
        lay = layout(self.group, w.shape)
        seen = lay.into(w)
        norm = lay.total(seen * seen).sqrt()
        scale = self._lam(lam) * weight_of(lay, w, self.size_weight) / torch.where(norm == 0, 1.0, norm)
        return (seen * scale).reshape(w.shape)

    def dual_norm(self, grad: Tensor) -> Tensor:
        lay = layout(self.group, grad.shape)
        seen = lay.into(grad)
        return (lay.total(seen * seen).sqrt() / weight_of(lay, grad, self.size_weight)).max()

    def kkt_residual(self, w: Tensor, grad: Tensor, lam: Number | None = None) -> Tensor:
        lay = layout(self.group, w.shape)
        seen, g = lay.into(w), lay.into(grad)
        width = self._lam(lam) * weight_of(lay, w, self.size_weight)
        active = lay.into((g + lay.into(self.pull(w, lam))).abs())
        idle = (lay.total(g * g).sqrt() - width).clamp(min=0.0)
        return torch.where(lay.total(seen * seen) == 0, idle, active).max()

    def zero_mask(self, w: Tensor) -> Tensor:
        lay = layout(self.group, w.shape)
        return lay.each((lay.into(w) != 0).to(w.dtype)) == 0


def check_size_weight(value: Any) -> None:
    """InvalidOption unless it is "sqrt" or None."""
    if value not in ("sqrt", None):
        raise InvalidOption("size_weight is the weight of a group.", expected='"sqrt" or None', got=value)


def weight_of(lay: Layout, like: Tensor, size_weight: str | None) -> Number:
    """v: a number, or one for every entry where groups differ in size."""
    if size_weight is None:
        return 1.0
    root = lay.root_size
    return root.to(like.device, like.dtype) if isinstance(root, Tensor) else root


def group_value(seen: Tensor, lay: Layout, size_weight: str | None) -> Tensor:
    """Σ v‖w_g‖, with gradient 0 where a group is 0 (that of a root of a sum of squares would be NaN)."""
    squares = lay.each(seen * seen)
    norms = torch.where(squares == 0, 0.0, torch.where(squares == 0, 1.0, squares).sqrt())
    if size_weight is not None:
        norms = norms * lay.each(torch.ones_like(seen)).sqrt()
    return norms.sum()
