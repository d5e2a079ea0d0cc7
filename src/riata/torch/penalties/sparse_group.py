"""The sparse group lasso on tensors: groups zero together, and single weights within a group."""

from __future__ import annotations

import dataclasses
from typing import Any, Self

import torch
from torch import Tensor

from riata.torch.groups import layout
from riata.torch.newton import group_prox, group_shrink
from riata.torch.penalties.base import Number, Penalty, share_of, soft
from riata.torch.penalties.group_lasso import check_size_weight, group_value, weight_of

HALVINGS = 60  # of the interval that holds λ_max: to the last digit of float64


@dataclasses.dataclass(frozen=True)
class SparseGroup(Penalty):
    """λ (share Σ|wᵢ| + (1 − share) Σ v_g ‖w_g‖₂), v_g = √(entries of g), or 1 with ``size_weight=None``.

    ``share`` is from 0 (group lasso) to 1 (lasso); ``group`` as for :class:`GroupLasso`. The proximal step is the soft
    threshold and then that of the groups, in any diagonal metric.

    References
    ----------
    Simon, Friedman, Hastie & Tibshirani (2013), J. Comput. Graph. Stat. 22.
    """

    group: Any = "output"
    share: float = 0.5
    size_weight: str | None = "sqrt"

    name = "sparse_group"

    def __post_init__(self) -> None:
        super().__post_init__()
        share_of("share of SparseGroup is the part of the absolute values.", self.share)
        check_size_weight(self.size_weight)

    @property
    def along(self) -> int | None:
        return getattr(self.group, "along", None)

    def on(self, shape: torch.Size) -> Self:
        return dataclasses.replace(self, group=layout(self.group, shape))

    def value(self, w: Tensor, lam: Number | None = None) -> Tensor:
        lay = layout(self.group, w.shape)
        groups = group_value(lay.into(w), lay, self.size_weight)
        return self._lam(lam) * (self.share * w.abs().sum() + (1.0 - self.share) * groups)

    def prox(self, z: Tensor, step: Number = 1.0, lam: Number | None = None) -> Tensor:
        lay, lam = layout(self.group, z.shape), self._lam(lam)
        width = lam * (1.0 - self.share) * weight_of(lay, z, self.size_weight)
        inner = lay.into(soft(z, step * (lam * self.share)))
        if isinstance(step, Tensor) and step.ndim:
            return group_prox(inner, lay.into(step), width, lay).reshape(z.shape)
        return group_shrink(inner, step * width, lay).reshape(z.shape)

    def pull(self, w: Tensor, lam: Number | None = None) -> Tensor:
        lay, lam = layout(self.group, w.shape), self._lam(lam)
        seen = lay.into(w)
        norm = lay.total(seen * seen).sqrt()
        scale = weight_of(lay, w, self.size_weight) / torch.where(norm == 0, 1.0, norm)
        return (lam * (self.share * seen.sign() + (1.0 - self.share) * seen * scale)).reshape(w.shape)

    def dual_norm(self, grad: Tensor) -> Tensor:
        """The root λ of ‖S(g, λ·share)‖ = λ(1 − share)v in each group, between 0 and the larger of the two norms'."""
        lay = layout(self.group, grad.shape)
        g, v = lay.into(grad), weight_of(lay, grad, self.size_weight)
        norm = lay.total(g * g).sqrt()
        high = torch.maximum(lay.largest(g.abs()) / max(self.share, 0.5), norm / (max(1.0 - self.share, 0.5) * v))
        low = torch.zeros_like(high)
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            rest = soft(g, middle * self.share)
            zero = lay.total(rest * rest).sqrt() <= middle * (1.0 - self.share) * v
            low, high = torch.where(zero, low, middle), torch.where(zero, middle, high)
        return high.max()

    def kkt_residual(self, w: Tensor, grad: Tensor, lam: Number | None = None) -> Tensor:
        lay, lam = layout(self.group, w.shape), self._lam(lam)
        seen, g = lay.into(w), lay.into(grad)
        rest = soft(g, lam * self.share)
        width = lam * (1.0 - self.share) * weight_of(lay, w, self.size_weight)
        idle = (lay.total(rest * rest).sqrt() - width).clamp(min=0.0)
        active = torch.where(seen == 0, rest.abs(), (g + lay.into(self.pull(w, lam))).abs())
        return torch.where(lay.total(seen * seen) == 0, idle, active).max()

    def zero_mask(self, w: Tensor) -> Tensor:
        """Which groups are exactly zero."""
        lay = layout(self.group, w.shape)
        return lay.each((lay.into(w) != 0).to(w.dtype)) == 0
