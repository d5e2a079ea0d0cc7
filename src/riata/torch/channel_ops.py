"""What each operation of a model does to channels: mixes them, treats each alone, joins two tensors, rearranges.

Each operation has ``forward``: the channels of its result, None where they are not known; and ``backward``: for each
tensor that it reads, which channels it demands. What is not in the tables here is ``Unknown`` and demands everything.
"""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torch.nn.utils import parametrize

from riata.torch.channels import Channels, Flow

Demands = Iterator[tuple[fx.Node, Tensor]]
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
IDENTITIES = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)
POINTWISE = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Sigmoid, nn.Tanh,
    nn.Softplus, nn.Softsign, nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.LogSigmoid, nn.Tanhshrink,
)  # fmt: skip
POOLS = (
    nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d,
    nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d,
    nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d,
)  # fmt: skip
POINTWISE_CALLS = {
    F.relu, torch.relu, F.relu6, F.leaky_relu, F.elu, F.selu, F.celu, F.gelu, F.silu, F.mish, torch.sigmoid, F.sigmoid,
    torch.tanh, F.tanh, F.softplus, F.softsign, F.hardtanh, F.hardswish, F.hardsigmoid, F.logsigmoid, torch.abs,
    "relu", "relu_", "sigmoid", "tanh", "abs", "clamp", torch.clamp,
}  # fmt: skip
IDENTITY_CALLS = {F.dropout, F.dropout2d, F.alpha_dropout, "contiguous", "clone", "detach"}
POOL_CALLS = {
    F.max_pool1d, F.max_pool2d, F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_max_pool1d,
    F.adaptive_max_pool2d,
}  # fmt: skip
SUMS = {operator.add, operator.iadd, torch.add, operator.sub, torch.sub, "add", "add_", "sub"}
PRODUCTS = {operator.mul, operator.imul, torch.mul, "mul", "mul_"}


class Unknown:
    """Anything else: its result has no known channels, and all that it reads is demanded."""

    def forward(self, seen: Channels, node: fx.Node) -> Flow | None:
        return None

    def backward(self, seen: Channels, node: fx.Node) -> Demands:
        return seen.everything(node)


class Mix(Unknown):
    """A linear layer or a convolution: each output is a weighted sum of the inputs, plus a bias."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.axis = -1 if isinstance(layer, nn.Linear) else 1
        weight = layer.weight.detach().double().cpu()[..., None].flatten(2)
        self.reads, self.weight = (weight != 0).any(2), weight.sum(2)
        padding = 0 if self.axis == -1 else layer.padding
        padded = padding == "same" or (padding != "valid" and bool(torch.as_tensor(padding).any()))
        self.padded = padded and getattr(layer, "padding_mode", "zeros") == "zeros"

    def source(self, seen: Channels, node: fx.Node) -> Flow | None:
        """The channels that the layer mixes; None where they are not known, or lie along another axis."""
        flow = seen.of(node.args[0])
        return flow if flow is not None and flow.axis == self.axis % _ndim(node.args[0]) else None

    def absorbed(self, seen: Channels, node: fx.Node) -> Tensor:
        """The constants that the bias can take in, NaN where there is none.

        At a border that is padded with zeros a constant channel is not constant, unless it is zero itself.
        """
        flow = self.source(seen, node)
        if flow is None:
            return torch.full(self.reads.shape[1:], math.nan, dtype=torch.float64)
        return torch.where(flow.const == 0, flow.const, math.nan) if self.padded else flow.const

    def forward(self, seen: Channels, node: fx.Node) -> Flow | None:
        if self.axis == 1 and _ndim(node) != self.layer.weight.ndim:  # one picture without a batch
            return None
        const = self.absorbed(seen, node)
        varies = (self.reads & const.isnan()).any(1)
        value = self.weight @ const.nan_to_num()
        if self.layer.bias is not None:
            value = value + self.layer.bias.detach().double().cpu()
        return Flow(self.axis % _ndim(node), seen.units.new(len(value)), torch.where(varies, math.nan, value))

    def backward(self, seen: Channels, node: fx.Node) -> Demands:
        if node not in seen.flows or self.source(seen, node) is None:
            yield from seen.everything(node)
        else:
            read = self.reads[seen.demand[node]].any(0)
            yield node.args[0], read & self.absorbed(seen, node).isnan()  # type: ignore[misc]


class Each(Unknown):
    """Every channel alone: ``value(const)`` gives the constants afterwards, ``blind`` the channels not read at all."""

    def __init__(self, value: Callable[[Tensor], Tensor], axis: int | None = None, blind: Tensor | None = None) -> None:
        self.value, self.axis, self.blind = value, axis, blind

    def _flow(self, seen: Channels, node: fx.Node) -> Flow | None:
        flow = seen.of(node.args[0])
        return flow if flow is not None and self.axis in (None, flow.axis) else None

    def forward(self, seen: Channels, node: fx.Node) -> Flow | None:
        flow = self._flow(seen, node)
        if flow is None:
            return None
        const = self.value(torch.where(flow.const.isnan(), 0.0, flow.const))
        known = ~flow.const.isnan() if self.blind is None else ~flow.const.isnan() | self.blind
        return flow.with_const(torch.where(known, const, math.nan))

    def backward(self, seen: Channels, node: fx.Node) -> Demands:
        if self._flow(seen, node) is None:
            yield from seen.everything(node)
        else:
            wanted = seen.demand[node]
            yield node.args[0], wanted if self.blind is None else wanted & ~self.blind  # type: ignore[misc]


class Norm(Each):
    """Batch normalisation of a model that is evaluated: a line for each channel; a zero slope reads nothing."""

    def __init__(self, layer: Any) -> None:
        scale = 1.0 / (layer.running_var.double().cpu() + layer.eps).sqrt()
        mean = layer.running_mean.double().cpu()
        gain = torch.ones_like(mean) if layer.weight is None else layer.weight.detach().double().cpu()
        shift = torch.zeros_like(mean) if layer.bias is None else layer.bias.detach().double().cpu()
        super().__init__(lambda const: (const - mean) * scale * gain + shift, 1, gain == 0)
        self.layer = layer


class Depthwise(Each):
    """A convolution with a filter for each channel."""

    def __init__(self, layer: Any) -> None:
        mix = Mix(layer)
        bias = torch.zeros(len(mix.weight), dtype=torch.float64)
        bias = bias if layer.bias is None else layer.bias.detach().double().cpu()

        def value(const: Tensor) -> Tensor:
            spoilt = (const != 0) & mix.reads[:, 0] if mix.padded else torch.zeros_like(mix.reads[:, 0])
            return torch.where(spoilt, math.nan, bias + mix.weight[:, 0] * const)

        super().__init__(value, 1, ~mix.reads[:, 0])
        self.layer = layer


class Flatten(Unknown):
    """(N, C, …) to (N, C·…): the places of a channel stay beside each other."""

    def forward(self, seen: Channels, node: fx.Node) -> Flow | None:
        flow, places = self._known(seen, node)
        if flow is None:
            return None
        return Flow(1, flow.units.repeat_interleave(places), flow.const.repeat_interleave(places))

    def backward(self, seen: Channels, node: fx.Node) -> Demands:
        flow, places = self._known(seen, node)
        if flow is None:
            yield from seen.everything(node)
        else:
            yield node.args[0], seen.demand[node].reshape(-1, places).any(1)  # type: ignore[misc]

    def _known(self, seen: Channels, node: fx.Node) -> tuple[Flow | None, int]:
        flow = seen.of(node.args[0])
        shape: Any = node.meta["tensor_meta"].shape if "tensor_meta" in node.meta else ()
        if flow is None or flow.axis != 1 or len(shape) != 2 or shape[1] % len(flow.units):
            return None, 0
        return flow, shape[1] // len(flow.units)


class Meet(Unknown):
    """A sum, difference or product of two tensors, channel by channel; or of one with a number."""

    def __init__(self, call: Callable[[Tensor, Tensor], Tensor], product: bool) -> None:
        self.call, self.product = call, product

    def forward(self, seen: Channels, node: fx.Node) -> Flow | None:
        pair = self._pair(seen, node)
        if pair is None:
            return None
        one, other = pair
        if isinstance(one, Flow) and isinstance(other, Flow):
            seen.units.join(one.units, other.units)
        a, b = (p.const if isinstance(p, Flow) else torch.tensor(float(p), dtype=torch.float64) for p in pair)
        const = self.call(a, b)
        if self.product:  # nothing times zero is anything else
            const = torch.where((a == 0) | (b == 0), 0.0, const)
        return (one if isinstance(one, Flow) else other).with_const(const)

    def backward(self, seen: Channels, node: fx.Node) -> Demands:
        if self._pair(seen, node) is None:
            yield from seen.everything(node)
            return
        for source in node.all_input_nodes:
            yield source, seen.demand[node]

    def _pair(self, seen: Channels, node: fx.Node) -> tuple[Any, Any] | None:
        if len(node.args) != 2 or node.kwargs:
            return None
        pair = tuple(seen.of(a) if isinstance(a, fx.Node) else a for a in node.args)
        flows = [p for p in pair if isinstance(p, Flow)]
        numbers = [p for p in pair if isinstance(p, int | float)]
        if not flows or len(flows) + len(numbers) != 2:
            return None
        alike = len({(f.axis, len(f.units)) for f in flows}) == 1 and len({_ndim(a) for a in node.all_input_nodes}) == 1
        return (pair[0], pair[1]) if alike else None


class Concatenate(Unknown):
    """Tensors beside each other along their channels."""

    def forward(self, seen: Channels, node: fx.Node) -> Flow | None:
        flows = self._flows(seen, node)
        if flows is None:
            return None
        return Flow(flows[0].axis, torch.cat([f.units for f in flows]), torch.cat([f.const for f in flows]))

    def backward(self, seen: Channels, node: fx.Node) -> Demands:
        flows = self._flows(seen, node)
        if flows is None:
            yield from seen.everything(node)
        else:
            parts = seen.demand[node].split([len(f.units) for f in flows])
            yield from zip(node.args[0], parts, strict=True)  # type: ignore[arg-type]

    def _flows(self, seen: Channels, node: fx.Node) -> list[Flow] | None:
        dim = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim", 0)
        flows = [seen.of(a) for a in node.args[0]]  # type: ignore[union-attr]
        if any(f is None or f.axis != dim % _ndim(node) for f in flows):  # type: ignore[operator]
            return None
        return flows  # type: ignore[return-value]


class Size(Unknown):
    """The size of the batch: it asks nothing of the channels."""

    def backward(self, seen: Channels, node: fx.Node) -> Demands:
        flow = seen.of(node.args[0])
        return iter(()) if flow is not None and flow.axis != 0 else seen.everything(node)


def _ndim(node: Any) -> int:
    """Axes of the tensor that a node gives; 0 where it gives none."""
    return len(node.meta["tensor_meta"].shape) if "tensor_meta" in node.meta else 0


def operation(node: fx.Node, module: nn.Module | None) -> Unknown:
    """What a node of a trace does; ``module`` is the one that it calls, if it is its own."""
    if node.op == "call_module":
        return _of_module(module) if module is not None else Unknown()
    if node.op not in ("call_function", "call_method"):
        return Unknown()
    call, rest = node.target, node.args[1:]
    fixed = not any(isinstance(a, fx.Node) for a in [*rest, *node.kwargs.values()])
    if call in SUMS or call in PRODUCTS:
        plain = getattr(operator, call.rstrip("_")) if isinstance(call, str) else call
        plain = {operator.iadd: operator.add, operator.imul: operator.mul}.get(
            plain, plain
        )  # constants are not ours to change
        return Meet(plain, call in PRODUCTS)
    if call in (torch.cat, torch.concat):
        return Concatenate()
    if call == "size" and rest == (0,):
        return Size()
    if call in ("view", "reshape", torch.reshape):
        shape = rest[0] if len(rest) == 1 and isinstance(rest[0], tuple | list) else rest
        return Flatten() if len(shape) == 2 and shape[1] == -1 else Unknown()
    if not fixed:
        return Unknown()
    if call in (torch.flatten, "flatten"):
        return Flatten() if rest in ((1,), (1, -1)) or node.kwargs == {"start_dim": 1} else Unknown()
    if call in IDENTITY_CALLS:
        return Each(lambda const: const)
    if call in POOL_CALLS:
        return Each(lambda const: const, 1)
    if call in POINTWISE_CALLS:
        run = (lambda c: getattr(c, call.rstrip("_"))(*rest, **node.kwargs)) if isinstance(call, str) else (
            lambda c: call(c.clone(), *rest, **node.kwargs))  # fmt: skip
        return Each(run)
    if call in ("mean", torch.mean):
        return _mean(rest, node)
    return Unknown()


def _of_module(module: Any) -> Unknown:
    if parametrize.is_parametrized(module):
        return Unknown()
    if type(module) is nn.Linear or (type(module) in CONVOLUTIONS and module.groups == 1):
        return Mix(module)
    if type(module) in CONVOLUTIONS and module.groups == module.in_channels == module.out_channels:
        return Depthwise(module)
    if type(module) in NORMS and module.running_mean is not None:
        return Norm(module)
    if type(module) in IDENTITIES:
        return Each(lambda const: const)
    if type(module) in POINTWISE:
        twin = copy.deepcopy(module).double()
        return Each(lambda const: twin(const.clone()))
    if type(module) in POOLS:
        padded = "Avg" in type(module).__name__ and bool(torch.as_tensor(getattr(module, "padding", 0)).any())
        return Each(lambda const: torch.where(const == 0, const, math.nan) if padded else const, 1)
    if type(module) is nn.Flatten and (module.start_dim, module.end_dim) == (1, -1):
        return Flatten()
    return Unknown()


def _mean(rest: tuple[Any, ...], node: fx.Node) -> Unknown:
    dims: Any = rest[0] if rest else node.kwargs.get("dim")
    dims = (dims,) if isinstance(dims, int) else dims
    ndim = _ndim(node.args[0])
    after = dims is not None and ndim > 0 and all(d % ndim > 1 for d in dims)
    return Each(lambda const: const, 1) if after else Unknown()
