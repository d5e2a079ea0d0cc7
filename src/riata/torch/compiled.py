"""Steps of the lasso, elastic net, group lasso and LassoNet on plain tensors of the host: one pass over memory.

A step in Adam's metric is ten operations for torch, each with a team of threads that begins and ends together; here the
weight and the state are read once and the weight is written once. Every other tensor (of a GPU, sharded, in half
precision, not contiguous, traced by a compiler) goes the way of torch's own operations, to the same values but for
rounding, and for the last digits of groups in a diagonal metric (riata.torch.newton).
"""

from __future__ import annotations

import ctypes
import functools
import math
import os
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from riata.kernels import shrink, shrink_groups, shrink_hierarchy
from riata.torch.metric import Metric, Scaled
from riata.torch.penalties.base import Penalty
from riata.torch.room import Room

ENABLED = True  # the off switch: torch's operations do the same
# Entries that are worth a thread of their own, as in torch's loops.
SHARE = 2**15

Array = np.ndarray[Any, Any]


def step(w: Tensor, penalty: Penalty, lam: float, metric: Metric) -> bool:
    """The proximal step of ``riata.torch.proximal`` in place; False, and nothing done, where it is not for here."""
    scaled = metric.step if isinstance(metric.step, Scaled) else Scaled(metric.step, None)
    numbers = (scaled.scale, scaled.correction, scaled.eps, metric.enter)
    others = [t for t in (scaled.v, metric.buffer) if t is not None]
    if not fits(penalty) or any(isinstance(n, Tensor) for n in numbers) or not plain(w, *others):
        return False
    scale, correction, eps, enter = (float(n) for n in numbers)

    v, buffer = (None if t is None else _array(t) for t in (scaled.v, metric.buffer))
    more, width, team = (v, correction * eps, scaled.rooted, buffer, enter), scale * correction, _team(w)
    if penalty.mix is not None:
        shrink.step(_array(w), lam * width, *penalty.mix, *more, **team)
    elif penalty.bound is not None:
        shrink_hierarchy.step(_array(w), *_layers(w.shape, penalty.bound), width, lam, *more, **team)
    else:
        limit = lam * (penalty.norm_weight or 0.0)
        shrink_groups.step(_array(w), _sizes(w.shape, penalty), width, limit, *more, **team)
    _changed(w, metric.buffer)
    return True


def shrunk(z: Tensor, penalty: Penalty, width: float, room: Room) -> Tensor | None:
    """``prox(z)``, λ times its step being ``width``, in memory of ``room``; None where it is not for here."""
    if not fits(penalty) or not plain(z) or _is_watched() or not _has_memory(z):
        return None
    out = room.like(z)
    if not _has_memory(out):
        return None
    if penalty.bound is not None:
        out.copy_(z)
        shrink_hierarchy.step(_array(out), *_layers(z.shape, penalty.bound), width, 1.0, **_team(z))
        return out
    if penalty.mix is None:
        limit = width * (penalty.norm_weight or 0.0)
        shrink_groups.shrunk(_array(out), _array(z), _sizes(z.shape, penalty), limit, **_team(z))
        return out
    l1, l2 = penalty.mix
    torch.ops.aten.softshrink.out(z, width * l1, out=out)  # one pass already, and in as many threads as torch has
    return out.div_(1.0 + width * l2) if l2 else out


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
    """``grad += force·(z − prox(z))`` in place, λ times its step being ``width``; False, and nothing done, as above."""
    if not fits(penalty) or not plain(grad, z):
        return False
    if penalty.mix is not None:
        shrink.add_cut(_array(grad), _array(z), width, *penalty.mix, force, **_team(z))
    elif penalty.bound is not None:
        copy, cut = z.clone(), {"buffer": _array(grad), "enter": force}
        shrink_hierarchy.step(_array(copy), *_layers(z.shape, penalty.bound), width, 1.0, **cut, **_team(z))
    else:
        limit = width * (penalty.norm_weight or 0.0)
        shrink_groups.add_cut(_array(grad), _array(z), _sizes(z.shape, penalty), limit, force, **_team(z))
    _changed(grad)
    return True


def fits(penalty: Penalty) -> bool:
    """Whether there is a compiled loop for it."""
    return penalty.mix is not None or penalty.norm_weight is not None or penalty.bound is not None


def _sizes(shape: torch.Size, penalty: Penalty) -> tuple[int, int, int]:
    """(outer, groups, inner) of a weight whose slices are groups."""
    at = penalty.along or 0
    return math.prod(shape[:at]), shape[at], math.prod(shape[at + 1 :])


def _layers(shape: torch.Size, bound: tuple[float, int]) -> tuple[tuple[int, int, int], float]:
    """(rows of the skip connection, rows of the network, features) of a weight, and M."""
    M, skip = bound
    return (skip, shape[0] - skip, shape[1]), M


def plain(first: Tensor, *others: Tensor) -> bool:
    """Whether the compiled loops can read them: contiguous, on the host, of one precision, and nobody is tracing."""
    return ENABLED and not torch.compiler.is_compiling() and all(
        type(t) in (Tensor, torch.nn.Parameter) and t.device.type == "cpu" and t.is_contiguous() and not t.is_neg()
        and t.dtype == first.dtype and t.shape == first.shape and t.dtype in (torch.float32, torch.float64)
        for t in (first, *others)
    )  # fmt: skip


def _team(t: Tensor) -> dict[str, int]:
    """The threads for a loop over a tensor: torch's own, which wait for work between two operations of torch's."""
    threads = min(torch.get_num_threads(), t.numel() // SHARE)
    return {"team": _lender(), "threads": threads} if threads > 1 else {}


@functools.cache
def _lender() -> int:
    """The address of GOMP_parallel in the OpenMP runtime that torch has loaded for all; 0 where there is none.

    Threads of any other pool would meet torch's, which spin for a while after each operation: on two cores two of them
    took as long as one.
    """
    if not torch.backends.openmp.is_available() or os.name != "posix":
        return 0
    found = getattr(ctypes.CDLL(None), "GOMP_parallel", None)
    return ctypes.cast(found, ctypes.c_void_p).value or 0 if found is not None else 0


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
