"""Zero groups, taken out of a model: smaller layers, the same outputs.

A neuron whose incoming weights are all zero is a constant, and one whose outgoing weights are all zero is not read.
Zeros alone save neither time nor memory; ``compact`` finds such units with riata.torch.channels and cuts them out of
every layer that they run through.
"""

from __future__ import annotations

import copy
import dataclasses
import time
from collections import Counter
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from riata.core.errors import InvalidOption, RiataError
from riata.torch.channel_ops import Depthwise, Mix, Norm, operation
from riata.torch.channels import Channels
from riata.torch.latent import bake

CLOSE = 1e-9  # of the largest output: outputs in double precision before and after may differ by rounding only
ROUNDS, LONGEST = 20, 0.25  # runs that are timed, and seconds after which no more are begun


class Pick(nn.Module):
    """Hands on some of the channels of its input: those that the layer behind it reads."""

    index: Tensor

    def __init__(self, index: Tensor, axis: int) -> None:
        super().__init__()
        self.axis = axis
        self.register_buffer("index", index)

    def forward(self, x: Tensor) -> Tensor:
        return x.index_select(self.axis, self.index)


@dataclasses.dataclass(frozen=True)
class Compacted:
    """What :func:`compact` made.

    Attributes
    ----------
    model : the smaller model, in evaluation mode
    parameters : (before, after)
    seconds : (before, after), the fastest forward pass of the example
    max_difference : largest absolute change of an output for the example, in the model's own precision
    layers : name, shape of the weight before, and after, for each layer that became smaller
    """

    model: nn.Module
    parameters: tuple[int, int]
    seconds: tuple[float, float]
    max_difference: float
    layers: list[tuple[str, tuple[int, ...], tuple[int, ...]]]
    example: tuple[Any, ...] = dataclasses.field(repr=False)

    def __str__(self) -> str:
        (before, after), (slow, fast) = self.parameters, self.seconds
        lines = [
            f"parameters  {before:,} -> {after:,} ({after / max(before, 1):.0%})",
            f"latency     {slow * 1e3:.3g} ms -> {fast * 1e3:.3g} ms",
            f"outputs     differ by at most {self.max_difference:.1e}",
        ]
        width = max((len(name) for name, *_ in self.layers), default=0)
        times = [("×".join(map(str, a)), "×".join(map(str, b))) for _, a, b in self.layers]
        lines += [f"{layer[0]:<{width}}  {a} -> {b}" for layer, (a, b) in zip(self.layers, times, strict=True)]
        return "\n".join(lines)

    def export(self) -> torch.export.ExportedProgram:
        """The smaller model as a program of ``torch.export``, for batches of any size."""
        sizes = tuple({0: torch.export.Dim.AUTO} if isinstance(x, Tensor) and x.ndim else None for x in self.example)
        return torch.export.export(self.model, self.example, dynamic_shapes=sizes)

    def to_onnx(self, path: Any) -> None:
        """Write the smaller model as an ONNX file (needs the packages onnx and onnxscript)."""
        torch.onnx.export(self.export(), (), path, dynamo=True, verbose=False)


def compact(model: nn.Module, example_input: Any) -> Compacted:
    """A copy of ``model`` without its zero groups, with the same outputs in evaluation mode.

    Neurons, channels and input features go where the weights into or out of them are exactly zero, through
    activations, batch normalisation, pooling, flattening, sums (residuals), products and concatenations; the constants
    that they leave go into biases. Where a layer's input cannot shrink, such as the model's own, the layer picks what
    it reads. Whatever ``compact`` cannot see through is left as it is. Latent weights are baked first.

    Parameters
    ----------
    model : any module that torch.fx can trace
    example_input : a tensor, or a tuple of them, with which to call it

    Raises
    ------
    InvalidOption
        torch.fx cannot trace the model.
    RiataError
        The outputs changed: a defect, to be reported; nothing is returned.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 2))
    >>> _ = net[0].weight.data[:4].zero_()
    >>> compact(net, torch.ones(3, 8)).parameters
    (68, 24)
    """
    example = example_input if isinstance(example_input, tuple) else (example_input,)
    plain = bake(copy.deepcopy(model)).eval()
    with torch.no_grad():
        seen = Channels(*_traced(plain, example))
        _check(copy.deepcopy(plain).double(), seen, example)
        small, layers = _smaller(plain, seen)
        change = max((float((a - b).abs().max()) for a, b in _pairs(plain, small, example)), default=0.0)
        seconds = _latency(plain, small, example)
    counts = [sum(p.numel() for p in m.parameters()) for m in (plain, small)]
    return Compacted(small, (counts[0], counts[1]), seconds, change, layers, example)


def _traced(model: nn.Module, example: tuple[Any, ...]) -> tuple[fx.GraphModule, dict[fx.Node, Any]]:
    """The graph of a model, with shapes, and what each of its nodes does."""
    try:
        traced = fx.symbolic_trace(model)
        ShapeProp(traced).propagate(*example)
    except Exception as error:
        raise InvalidOption(
            "compact follows channels through the model's graph, and torch.fx cannot trace this model.",
            got=f"{type(error).__name__}: {error}".splitlines()[0],
            hint="compact the parts that have no control flow of their own, and put them back",
        ) from error
    modules = dict(model.named_modules())
    calls = Counter(id(modules[str(n.target)]) for n in traced.graph.nodes if n.op == "call_module")
    tied = Counter(id(p) for m in modules.values() for p in m.parameters(recurse=False))

    def own(node: fx.Node) -> nn.Module | None:
        """The module that a node calls, if nothing else calls it or uses its weights."""
        if node.op != "call_module":
            return None
        module = modules[str(node.target)]
        weights = list(module.parameters())
        alone = not weights or (calls[id(module)] == 1 and all(tied[id(p)] == 1 for p in weights))
        read = any(n.op == "get_attr" and str(n.target).startswith(f"{node.target}.") for n in traced.graph.nodes)
        return module if alone and not read else None

    return traced, {node: operation(node, own(node)) for node in traced.graph.nodes}


def _smaller(model: nn.Module, seen: Channels) -> tuple[nn.Module, list[tuple[str, tuple[int, ...], tuple[int, ...]]]]:
    """A copy of the model with every layer cut, and what changed."""
    small = copy.deepcopy(model)
    return small, [change for node in seen.nodes for change in _cut(small, seen, node)]


def _cut(model: nn.Module, seen: Channels, node: fx.Node) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """Cut the layer that a node calls; what changed."""
    op, name = seen.ops[node], str(node.target)
    stays = seen.keep(node)
    if stays is None or not isinstance(op, Mix | Norm | Depthwise):
        return []
    layer: Any = model.get_submodule(name)
    before = tuple(layer.weight.shape) if layer.weight is not None else (layer.num_features,)
    index = stays.nonzero()[:, 0]
    if isinstance(op, Mix):
        _cut_mix(model, name, layer, op, seen, node, index)
        after = tuple(layer.weight.shape)
    else:
        for leaf in ("weight", "bias", "running_mean", "running_var"):
            _slice(layer, leaf, index)
        if isinstance(op, Depthwise):
            layer.in_channels = layer.out_channels = layer.groups = len(index)
        else:
            layer.num_features = len(index)
        after = (len(index), *before[1:])
    return [(name, before, after)] if after != before else []


def _cut_mix(model: nn.Module, name: str, layer: Any, op: Mix, seen: Channels, node: fx.Node, rows: Tensor) -> None:
    """Fewer outputs and inputs for a linear layer or convolution; constants that go are put into its bias."""
    reads = seen.keep(node.args[0]) if op.source(seen, node) is not None else None
    if reads is None:
        reads = op.reads[rows].any(0)
        reads[0] |= ~reads.any()
        if not reads.all():
            parent, _, leaf = name.rpartition(".")
            pick = Pick(reads.nonzero()[:, 0].to(layer.weight.device), op.axis)
            setattr(model.get_submodule(parent), leaf, nn.Sequential(pick, layer))
    else:
        gone = op.weight @ torch.where(reads, 0.0, op.absorbed(seen, node).nan_to_num())
        if gone.any():
            old = torch.zeros_like(layer.weight[(slice(None), *[0] * (layer.weight.ndim - 1))])
            total = gone.to(layer.weight.device) + (old if layer.bias is None else layer.bias).double()
            layer.bias = nn.Parameter(total.to(layer.weight.dtype), layer.weight.requires_grad)
    _slice(layer, "weight", rows)
    _slice(layer, "bias", rows)
    _slice(layer, "weight", reads.nonzero()[:, 0], axis=1)
    linear = isinstance(layer, nn.Linear)
    setattr(layer, "out_features" if linear else "out_channels", len(rows))
    setattr(layer, "in_features" if linear else "in_channels", int(reads.sum()))


def _slice(layer: nn.Module, leaf: str, index: Tensor, axis: int = 0) -> None:
    old = getattr(layer, leaf, None)
    if old is None:
        return
    new = old.detach().index_select(axis, index.to(old.device)).clone()
    setattr(layer, leaf, nn.Parameter(new, old.requires_grad) if isinstance(old, nn.Parameter) else new)


def _check(model: nn.Module, seen: Channels, example: tuple[Any, ...]) -> None:
    """RiataError unless the smaller model has the same outputs, both in double precision."""
    wide = tuple(x.double() if isinstance(x, Tensor) and x.is_floating_point() else x for x in example)
    for one, other in _pairs(model, _smaller(model, seen)[0], wide):
        worst, scale = float((one - other).abs().max()), float(one.abs().max())
        if one.shape != other.shape or not worst <= CLOSE * max(scale, 1.0):
            raise RiataError(
                "The smaller model gives other outputs for the example: this is a defect of compact.",
                got=f"outputs of size {scale:.3g} that differ by {worst:.3g} in double precision",
            )


def _pairs(one: nn.Module, other: nn.Module, example: tuple[Any, ...]) -> list[tuple[Tensor, Tensor]]:
    leaves = [torch.utils._pytree.tree_leaves(m(*example)) for m in (one, other)]
    return [(a, b) for a, b in zip(*leaves, strict=True) if isinstance(a, Tensor) and a.numel()]


def _latency(one: nn.Module, other: nn.Module, example: tuple[Any, ...]) -> tuple[float, float]:
    """Seconds of the fastest call of each, taken in turns."""
    best, begun = [float("inf"), float("inf")], time.perf_counter()
    for _ in range(ROUNDS):
        for k, model in enumerate((one, other)):
            start = time.perf_counter()
            for leaf in torch.utils._pytree.tree_leaves(model(*example)):
                if isinstance(leaf, Tensor) and leaf.is_cuda:
                    torch.cuda.synchronize(leaf.device)
            best[k] = min(best[k], time.perf_counter() - start)
        if time.perf_counter() - begun > LONGEST:
            break
    return best[0], best[1]
