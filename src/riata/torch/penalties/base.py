"""What a penalty on a tensor is: a frozen value with λ, and pure functions of tensors; it knows no optimizer.

Every function takes ``lam`` (a number or a 0-dimensional tensor) to be used in place of the penalty's own λ: a schedule
changes λ where it is enforced, and never rebuilds penalties.
"""

from __future__ import annotations

import abc
import dataclasses
import math
from collections.abc import Iterator
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from riata.core.errors import InvalidOption
from riata.torch.blocks import blocks, slices

Number = float | Tensor


@dataclasses.dataclass(frozen=True)
class Penalty(abc.ABC):
    """λ·R(w) of one tensor w. Concrete classes are final.

    Attributes
    ----------
    lam : float
        λ ≥ 0, the coefficient in mean loss + λ·R(w).
    name : str
        One word, for tables.
    convex : bool
        Whether R is convex (and for a convex loss every stationary point a minimiser).
    linear : bool
        Whether λ is a factor of the whole penalty, so that a proximal step depends on step·λ only.
    max_step : float
        Below this step the proximal point is unique and moves continuously with z; ∞ where R is convex.
    """

    lam: float

    name: ClassVar[str]
    convex: ClassVar[bool] = True
    linear: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not (isinstance(self.lam, int | float) and 0.0 <= self.lam < math.inf):
            raise InvalidOption(
                f"λ of {type(self).__name__} is the coefficient in mean loss + λ·R(w).",
                expected="a finite number ≥ 0", got=self.lam,
            )  # fmt: skip

    @property
    def max_step(self) -> float:
        return math.inf

    @property
    def mix(self) -> tuple[float, float] | None:
        """(l1, l2) where the penalty is λ Σ (l1·|wᵢ| + ½·l2·wᵢ²), for which a step is one compiled pass; else None."""
        return None

    @property
    def norm_weight(self) -> float | None:
        """v where the penalty is λ v Σ‖w_g‖₂ over the slices ``along`` an axis, for which a step is compiled too."""
        return None

    @property
    def bound(self) -> tuple[float, int] | None:
        """(M, skip) where it is λ Σ‖bⱼ‖₂ with |W_kj| ≤ M‖bⱼ‖₂, for which a step is compiled too."""
        return None

    @property
    def along(self) -> int | None:
        """The axis whose slices are penalised apart, so that a step may be taken slice by slice; None for no such."""
        return None

    def at(self, lam: float) -> Self:
        """The same penalty with another λ."""
        return dataclasses.replace(self, lam=lam)

    def on(self, shape: torch.Size) -> Self:
        """The penalty, prepared for a weight of that shape (groups resolved); InvalidOption where it does not fit."""
        return self

    @abc.abstractmethod
    def value(self, w: Tensor, lam: Number | None = None) -> Tensor:
        """λ·R(w), a 0-dimensional tensor; autograd gives a subgradient."""

    @abc.abstractmethod
    def prox(self, z: Tensor, step: Number = 1.0, lam: Number | None = None) -> Tensor:
        """argmin over w of  ½ Σᵢ (wᵢ − zᵢ)²/stepᵢ + λ·R(w).

        ``step`` is a number, or a tensor of the shape of z: then it is the inverse of a diagonal metric, the factor by
        which an optimizer multiplies each entry of a gradient. z may be changed by nobody and is not.
        """

    def cut(self, z: Tensor, step: Number = 1.0, lam: Number | None = None) -> Tensor:
        """z − prox(z), a new tensor: what the step takes away."""
        return z - self.prox(z, step, lam)

    def width(self, edge: float) -> float:
        """The product step·λ at which a single entry of size ``edge`` is just brought to zero."""
        return edge

    @abc.abstractmethod
    def pull(self, w: Tensor, lam: Number | None = None) -> Tensor:
        """The subgradient of λ·R at w that is zero where w (or its group) is zero."""

    @abc.abstractmethod
    def dual_norm(self, grad: Tensor) -> Tensor:
        """The smallest λ at which w = 0 is stationary when the loss has gradient ``grad`` there: λ_max."""

    @abc.abstractmethod
    def kkt_residual(self, w: Tensor, grad: Tensor, lam: Number | None = None) -> Tensor:
        """How far −grad is from the subgradients of λ·R at w: the largest violation, in units of the gradient."""

    def zero_mask(self, w: Tensor) -> Tensor:
        """Which units (entries, or groups in their order) are exactly zero."""
        return w == 0

    def words(self) -> str:
        """The penalty on one line, for tables."""
        fields = [(f.name, getattr(self, f.name)) for f in dataclasses.fields(self)]
        shown = [
            f"{'λ' if name == 'lam' else name}={value:g}" for name, value in fields if isinstance(value, float | int)
        ]
        shown += [f"{name}={getattr(value, 'says', value)}" for name, value in fields if name == "group"]
        return f"{type(self).__name__}({', '.join(shown)})"

    def _lam(self, lam: Number | None) -> Number:
        return self.lam if lam is None else lam


class Separable(Penalty):
    """A sum over entries of p(|w|; λ): a file gives ``size``, ``slope`` and ``prox``."""

    @abc.abstractmethod
    def size(self, t: Tensor, lam: Number) -> Tensor:
        """p(t; λ) for t ≥ 0."""

    @abc.abstractmethod
    def slope(self, t: Tensor, lam: Number) -> Tensor:
        """p'(t; λ) for t ≥ 0; at 0 the right-hand derivative."""

    def value(self, w: Tensor, lam: Number | None = None) -> Tensor:
        return self.size(w.abs(), self._lam(lam)).sum()

    def pull(self, w: Tensor, lam: Number | None = None) -> Tensor:
        return torch.where(w == 0, 0.0, w.sign() * self.slope(w.abs(), self._lam(lam)))

    def dual_norm(self, grad: Tensor) -> Tensor:
        return grad.abs().max()

    def kkt_residual(self, w: Tensor, grad: Tensor, lam: Number | None = None) -> Tensor:
        slope = self.slope(w.abs(), self._lam(lam))
        off = torch.where(w == 0, (grad.abs() - slope).clamp(min=0.0), (grad + w.sign() * slope).abs())
        return off.max()


def pieces(penalty: Penalty, *tensors: Tensor) -> Iterator[list[Tensor]]:
    """Tensors of one shape, cut alike into pieces of which each is penalised apart; whole where there are none."""
    if isinstance(penalty, Separable):
        return blocks(*tensors)
    return slices(penalty.along, *tensors) if penalty.along is not None else iter([list(tensors)])


def soft(z: Tensor, width: Number) -> Tensor:
    """sign(z)·max(|z| − width, 0), with exact zeros; one pass for a plain number."""
    if not isinstance(width, Tensor):
        return torch.nn.functional.softshrink(z, width)
    return z - z.clamp(-width, width)


def share_of(what: str, value: Any) -> None:
    """InvalidOption unless an option that mixes two penalties is from 0 to 1."""
    if not (isinstance(value, int | float) and 0.0 <= value <= 1.0):
        raise InvalidOption(what, expected="0 to 1", got=value)


def above(name: str, value: Any, least: float, what: str) -> None:
    """InvalidOption unless the option ``name`` is a number > ``least``."""
    if not (isinstance(value, int | float) and value > least):
        raise InvalidOption(f"{name} {what}", expected=f"a number > {least:g}", got=value)
