"""Steps of the lasso, elastic net and group lasso on plain tensors of the host: one compiled pass over memory.

A step in Adam's metric is ten operations for torch, each with a team of threads that begins and ends together; here the
weight and the state are read once and the weight is written once. Every other tensor (of a GPU, sharded, in half
precision, not contiguous, traced by a compiler) goes the way of torch's own operations, to the same values but for
rounding, and for the last digits of groups in a diagonal metric (riata.torch.newton).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from riata.kernels import shrink, shrink_groups
from riata.torch.metric import Metric, Scaled
from riata.torch.penalties.base import Penalty

ENABLED = True  # the off switch: torch's operations do the same
# Entries that are worth a thread of their own. It meets torch's, which still spin: with two of them on two cores a step
# of 2²² entries took as long as with one, and the training step 8 % longer.
SHARE = 2**22

Array = np.ndarray[Any, Any]


def step(w: Tensor, penalty: Penalty, lam: float, metric: Metric) -> bool:
    """The proximal step of ``riata.torch.proximal`` in place; False, and nothing done, where it is not for here."""
    scaled = metric.step if isinstance(metric.step, Scaled) else Scaled(metric.step, None)
    numbers = (scaled.scale, scaled.correction, scaled.eps, metric.enter)
    others = [t for t in (scaled.v, metric.buffer) if t is not None]
    if not fits(penalty) or any(isinstance(n, Tensor) for n in numbers) or not plain(w, *others):
        return False
    scale, correction, eps, enter = (float(n) for n in numbers)

    def part(w: Array, *rest: Array) -> None:
        given = iter(rest)
        v = next(given) if scaled.v is not None else None
        buffer = next(given) if metric.buffer is not None else None
        more = (v, correction * eps, scaled.rooted, buffer, enter)
        if mix is not None:
            shrink.step(w, lam * scale * correction, *mix, *more)
        else:
            shrink_groups.step(w, _sizes(shape, penalty), scale * correction, lam * (penalty.norm_weight or 0.0), *more)

    mix, shape = penalty.mix, w.shape
    _in_threads(part, mix is not None, w, *others)
    _changed(w, metric.buffer)
    return True


def shrunk(z: Tensor, penalty: Penalty, width: float) -> Tensor | None:
    """``prox(z)`` of groups, a new tensor; None where it is not for here (torch has one pass for the lasso's)."""
    if penalty.norm_weight is None or not plain(z) or _is_watched():
        return None
    out = torch.empty_like(z)
    if not (_has_memory(z) and _has_memory(out)):
        return None
    shrink_groups.shrunk(_array(out), _array(z), _sizes(z.shape, penalty), width * penalty.norm_weight)
    return out


def _is_watched() -> bool:
    """Whether somebody writes down torch's operations, and would miss this one: a tracer, a dispatch mode."""
    return torch.jit.is_tracing() or torch._C._len_torch_dispatch_stack() > 0


def _has_memory(t: Tensor) -> bool:
    """Not so the tensors that stand for others in torch.func."""
    try:
        return t.data_ptr() != 0 or not t.numel()
    except RuntimeError:
        return False


def add_cut(grad: Tensor, z: Tensor, penalty: Penalty, width: float, force: float) -> bool:
    """``grad += force·(z − prox(z))`` in place; False, and nothing done, where it is not for here."""
    if not fits(penalty) or not plain(grad, z):
        return False

    def part(grad: Array, z: Array) -> None:
        if mix is not None:
            shrink.add_cut(grad, z, width, *mix, force)
        else:
            shrink_groups.add_cut(grad, z, _sizes(shape, penalty), width * (penalty.norm_weight or 0.0), force)

    mix, shape = penalty.mix, z.shape
    _in_threads(part, mix is not None, grad, z)
    _changed(grad)
    return True


def fits(penalty: Penalty) -> bool:
    """Whether there is a compiled loop for it."""
    return penalty.mix is not None or penalty.norm_weight is not None


def _sizes(shape: torch.Size, penalty: Penalty) -> tuple[int, int, int]:
    """(outer, groups, inner) of a weight whose slices are groups."""
    at = penalty.along or 0
    return math.prod(shape[:at]), shape[at], math.prod(shape[at + 1 :])


def plain(first: Tensor, *others: Tensor) -> bool:
    """Whether the compiled loops can read them: contiguous, on the host, of one precision, and nobody is tracing."""
    return ENABLED and not torch.compiler.is_compiling() and all(
        type(t) in (Tensor, torch.nn.Parameter) and t.device.type == "cpu" and t.is_contiguous() and not t.is_neg()
        and t.dtype == first.dtype and t.shape == first.shape and t.dtype in (torch.float32, torch.float64)
        for t in (first, *others)
    )  # fmt: skip


def _in_threads(work: Callable[..., None], apart: bool, *tensors: Tensor) -> None:
    """``work`` on arrays that share the tensors' memory; large ones are cut, a piece for each thread of torch's, where
    entries stand ``apart``.

    The threads end with the step, so that a process may fork between two.
    """
    arrays = [_array(t) for t in tensors]
    count = min(torch.get_num_threads(), arrays[0].size // SHARE) if apart else 1
    if count < 2:
        work(*arrays)
        return
    ends = [arrays[0].size * k // count for k in range(count + 1)]
    shares = [[array[a:b] for array in arrays] for a, b in itertools.pairwise(ends)]
    with ThreadPoolExecutor(count - 1) as pool:
        waiting = [pool.submit(work, *share) for share in shares[1:]]
        work(*shares[0])
        for one in waiting:
            one.result()


def _array(t: Tensor) -> Array:
    """The memory of a tensor in a row. ``t.numpy()`` would forbid torch to resize the storage, as FSDP2 does."""
    kind = "<f4" if t.dtype == torch.float32 else "<f8"
    where = {"data": (t.data_ptr(), False), "shape": (t.numel(),), "typestr": kind, "version": 3}
    return np.asarray(SimpleNamespace(__array_interface__=where)) if t.numel() else np.zeros(0, kind)


def _changed(*tensors: Tensor | None) -> None:
    """Tell autograd, which does not see what NumPy writes."""
    for t in tensors:
        if t is not None:
            torch.autograd.graph.increment_version(t)
