"""Groups of weights: how a tensor is seen so that sums over each group are one reduction.

A specification is the word "input", "output" or "channel", the result of :func:`heads`, or any callable that takes the
shape of a weight and gives an integer label for every entry. :func:`layout` turns it into one of two layouts, which
answer the same questions: ``total`` and ``largest`` over the group of every entry, ``root_size``, ``each`` (one number
a group). A layout by axes is plain reductions, which a sharded tensor (DTensor) can do too; one by labels scatters.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from riata.core.errors import InvalidOption, did_you_mean
from riata.torch.blocks import squares_down

WORDS = {
    "input": "an input feature or input channel, w[:, j]",
    "output": "an output neuron or filter, w[i]",
    "channel": "an output channel of a convolution or of a normalisation, w[i]",
}


@dataclasses.dataclass(frozen=True)
class Axes:
    """Groups that a reshape and a reduction over axes can see; ``shape=None`` leaves the tensor as it is."""

    axes: tuple[int, ...]
    size: int
    shape: tuple[int, ...] | None = None
    says: str = "axes"

    @property
    def along(self) -> int | None:
        """The axis that numbers the groups, where the tensor is seen as it is."""
        if self.shape is not None:
            return None
        return next(axis for axis in range(len(self.axes) + 1) if axis not in self.axes)

    @property
    def root_size(self) -> float:
        """√(entries of a group), the same for all."""
        return math.sqrt(self.size)

    def into(self, w: Tensor) -> Tensor:
        """The tensor as this layout sees it."""
        return w if self.shape is None else w.reshape(self.shape)

    def total(self, x: Tensor) -> Tensor:
        """Sums over groups, in a shape that broadcasts back over the entries."""
        return x.sum(self.axes, keepdim=True)

    def norm(self, x: Tensor) -> Tensor:
        """Euclidean norms of groups, in a shape that broadcasts back; one pass."""
        if self.axes[0] == 0:
            squares = squares_down(x)
            return (squares.sum(self.axes[1:], keepdim=True) if len(self.axes) > 1 else squares).sqrt()
        return torch.linalg.vector_norm(x, dim=self.axes, keepdim=True)

    def largest(self, x: Tensor) -> Tensor:
        """Maxima over groups, in a shape that broadcasts back."""
        return x.amax(self.axes, keepdim=True)

    def each(self, x: Tensor) -> Tensor:
        """Sums over groups, one number each, in the order of the groups."""
        return x.sum(self.axes).reshape(-1)


class Labels:
    """Groups given by an integer for every entry."""

    def __init__(self, labels: Tensor, says: str = "labels") -> None:
        self.says = says
        _, ids = torch.unique(labels.reshape(-1), return_inverse=True)
        sizes = torch.bincount(ids)
        self.count = len(sizes)
        self.held = {torch.device("cpu"): (ids, sizes[ids].double().sqrt())}
        self.along = None

    def on(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """(labels, root sizes) on a device; copied there once."""
        if device not in self.held:
            self.held[device] = tuple(t.to(device) for t in self.held[torch.device("cpu")])  # type: ignore[assignment]
        return self.held[device]

    @property
    def root_size(self) -> Tensor:
        """√(entries of the group) for every entry."""
        return self.held[torch.device("cpu")][1]

    def into(self, w: Tensor) -> Tensor:
        return w.reshape(-1)

    def each(self, x: Tensor) -> Tensor:
        ids, _ = self.on(x.device)
        return x.new_zeros(self.count).index_add(0, ids, x)

    def total(self, x: Tensor) -> Tensor:
        return self.each(x)[self.on(x.device)[0]]

    def norm(self, x: Tensor) -> Tensor:
        return self.total(x * x).sqrt()

    def largest(self, x: Tensor) -> Tensor:
        ids, _ = self.on(x.device)
        return x.new_zeros(self.count).scatter_reduce(0, ids, x, "amax", include_self=False)[ids]


Layout = Axes | Labels
Spec = str | Callable[[torch.Size], Any]


@dataclasses.dataclass(frozen=True)
class Heads:
    """Groups of an attention projection; see :func:`heads`."""

    count: int
    stack: int = 1
    axis: int = 0

    def layout(self, shape: torch.Size) -> Axes:
        """The rows (or columns) of every head, those of its query, key and value together where they are stacked."""
        parts = self.count * self.stack
        if len(shape) != 2 or shape[self.axis] % parts:
            raise InvalidOption(
                f"heads({self.count}, stack={self.stack}, axis={self.axis}) does not fit a weight of shape "
                f"{tuple(shape)}.",
                expected=f"a matrix whose axis {self.axis} is a multiple of {parts}", got=tuple(shape),
            )  # fmt: skip
        rest, each = shape[1 - self.axis], shape[self.axis] // parts
        size = self.stack * each * rest
        if self.axis == 0:
            return Axes((0, 2, 3), size, (self.stack, self.count, each, rest), f"heads({self.count})")
        return Axes((0, 1, 3), size, (rest, self.stack, self.count, each), f"heads({self.count})")


def heads(count: int, *, stack: int = 1, axis: int = 0) -> Heads:
    """Attention heads as groups: blocks of rows of a projection, or of columns (``axis=1``) of the output projection.

    ``stack=3`` for one matrix that holds query, key and value on top of each other (``in_proj_weight``).

    >>> GroupLasso(1e-3, group=heads(8, stack=3))                                           # doctest: +SKIP
    """
    return Heads(count, stack, axis)


def layout(spec: Spec | Layout, shape: torch.Size) -> Layout:
    """The layout that ``spec`` means for a weight of that shape; InvalidOption where it does not fit."""
    if isinstance(spec, Axes | Labels):
        return spec
    if isinstance(spec, Heads):
        return spec.layout(shape)
    if callable(spec):
        return _labelled(spec, shape)
    if spec not in WORDS:
        raise InvalidOption(
            f"There is no group {spec!r}.", expected=" or ".join(WORDS) + ", heads(…), or a callable", got=spec,
            hint=did_you_mean(str(spec), WORDS),
        )  # fmt: skip
    least = {"input": 2, "output": 2, "channel": 3}[spec]
    vector = spec == "channel" and len(shape) == 1  # the scale of a normalisation: each entry is a channel
    if len(shape) < least and not vector:
        raise InvalidOption(
            f"Groups by {spec!r} do not fit a weight of shape {tuple(shape)}: each is {WORDS[spec]}.",
            expected=f"at least {least} axes", got=f"{len(shape)}",
            hint='groups of a matrix are "input" or "output"' if spec == "channel" else None,
        )  # fmt: skip
    if vector:
        return Axes((1,), 1, (shape[0], 1), spec)
    kept = 1 if spec == "input" else 0
    axes = tuple(a for a in range(len(shape)) if a != kept)
    return Axes(axes, math.prod(shape) // max(shape[kept], 1), None, spec)


def _labelled(spec: Callable[[torch.Size], Any], shape: torch.Size) -> Labels:
    labels = torch.as_tensor(spec(shape))
    if labels.shape != shape or labels.is_floating_point() or labels.is_complex():
        raise InvalidOption(
            f"The group callable {getattr(spec, '__name__', spec)!r} does not fit a weight of shape {tuple(shape)}.",
            expected=f"integer labels of shape {tuple(shape)}", got=f"{labels.dtype} of shape {tuple(labels.shape)}",
        )  # fmt: skip
    return Labels(labels, getattr(spec, "__name__", "labels"))
