"""Which channels of a traced model are constant, which are read, and which must go together when one goes.

A tensor inside a model has channels along one axis: the units of a linear layer, the maps of a convolution. Of each
channel two things are found:

* **constant**: its value, where it does not depend on the input (a zero row of weights gives the bias; what follows
  from constants is constant too). A reader takes its part of it into the bias, and needs the channel no more;
* **demanded**: whether a later layer reads it with a weight that is not zero, and cannot take it into its bias.

Channels that meet in a sum or a product stand or fall together: they share a *unit*. A unit goes when none of its
channels is demanded. Whatever an operation is not known (riata.torch.channel_ops) demands everything that it reads.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, fx


@dataclasses.dataclass
class Flow:
    """The channels of one tensor: their axis, their units, and their values where they are constant (NaN elsewhere)."""

    axis: int
    units: Tensor
    const: Tensor

    def with_const(self, const: Tensor) -> Flow:
        """The same channels after an operation that treats each alone."""
        return Flow(self.axis, self.units, torch.where(const.isfinite(), const, math.nan))


class Units:
    """Names for channels, some of which are found to be one and the same (union-find)."""

    def __init__(self) -> None:
        self.parent: list[int] = []

    def new(self, count: int) -> Tensor:
        """Fresh units."""
        first = len(self.parent)
        self.parent += range(first, first + count)
        return torch.arange(first, first + count)

    def find(self, unit: int) -> int:
        while self.parent[unit] != unit:
            self.parent[unit] = self.parent[self.parent[unit]]
            unit = self.parent[unit]
        return unit

    def join(self, one: Tensor, other: Tensor) -> None:
        """Channel k of one stands and falls with channel k of the other."""
        for a, b in zip(one.tolist(), other.tolist(), strict=True):
            self.parent[self.find(a)] = self.find(b)


class Channels:
    """The channels of every tensor of a traced model; ``ops`` gives the operation of a node."""

    def __init__(self, traced: fx.GraphModule, ops: dict[fx.Node, Any]) -> None:
        self.nodes, self.ops, self.units = list(traced.graph.nodes), ops, Units()
        self.flows: dict[fx.Node, Flow] = {}
        for node in self.nodes:
            flow = ops[node].forward(self, node)
            if flow is not None:
                self.flows[node] = flow
        self.demand = {node: torch.zeros(len(flow.units), dtype=torch.bool) for node, flow in self.flows.items()}
        for node in reversed(self.nodes):
            for source, wanted in ops[node].backward(self, node):
                if source in self.demand:
                    self.demand[source] |= wanted
        self.kept = self._kept()

    def of(self, node: object) -> Flow | None:
        """The channels of what a node gives, where they are known."""
        return self.flows.get(node) if isinstance(node, fx.Node) else None

    def everything(self, node: fx.Node) -> Iterator[tuple[fx.Node, Tensor]]:
        """The demand for all that a node reads."""
        for source in node.all_input_nodes:
            if source in self.flows:
                yield source, torch.ones(len(self.flows[source].units), dtype=torch.bool)

    def keep(self, node: object) -> Tensor | None:
        """Which channels of a tensor stay (a mask); None where its channels are not known."""
        flow = self.of(node)
        if flow is None:
            return None
        return torch.tensor([self.units.find(u) in self.kept for u in flow.units.tolist()], dtype=torch.bool)

    def _kept(self) -> set[int]:
        kept = {self.units.find(u) for node, flow in self.flows.items() for u in flow.units[self.demand[node]].tolist()}
        for flow in self.flows.values():  # a layer without any output is not a layer: one stays, constant or unread
            roots = [self.units.find(u) for u in flow.units.tolist()]
            if not kept.intersection(roots):
                kept.add(roots[0])
        return kept
