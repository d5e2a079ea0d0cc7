"""Blocks: elementwise work on large tensors of the host, piece by piece, so that what lies between stays in cache.

A proximal step in Adam's metric has about ten elementwise operations. On a whole weight of ten million entries each
writes 40 MB to memory that was just mapped; on pieces of 2¹⁶ entries only the weight and the state are read and
written. Sums down the columns of a matrix are worse than that: 94 ms for torch's norm along axis 0 of 2048 × 2048
where the same sums over blocks of rows take 2 ms.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

BLOCK = 2**16  # entries; a quarter of a megabyte of float32
LINE = 64  # entries: four lines of cache


def blocks(*tensors: Tensor) -> Iterator[list[Tensor]]:
    """The tensors, which have one shape, cut alike into flat views; whole where that does not pay or cannot be."""
    first = tensors[0]
    if not all(_pays(t) for t in tensors):
        yield list(tensors)
        return
    flat = [t.detach().view(-1) for t in tensors]
    for start in range(0, first.numel(), BLOCK):
        yield [t[start : start + BLOCK] for t in flat]


def slices(axis: int, *tensors: Tensor) -> Iterator[list[Tensor]]:
    """The tensors, which have one shape, cut alike along ``axis``; whole where that does not pay or cannot be.

    Four Newton steps over groups read a whole matrix five times, and a slice of it once: the rest is in cache.
    """
    first = tensors[0]
    if not all(_pays(t) for t in tensors):
        yield list(tensors)
        return
    size = max(BLOCK * first.shape[axis] // first.numel(), LINE)
    for start in range(0, first.shape[axis], size):
        yield [t.detach().narrow(axis, start, min(size, first.shape[axis] - start)) for t in tensors]


def squares_down(x: Tensor) -> Tensor:
    """Sums of squares over the first axis, which is kept."""
    if not _pays(x):
        return x.square().sum(0, keepdim=True)
    rows = max(BLOCK * len(x) // x.numel(), 1)
    return torch.stack([part.square().sum(0) for part in x.detach().split(rows)]).sum(0, keepdim=True)


def _pays(t: Tensor) -> bool:
    plain = type(t) in (Tensor, torch.nn.Parameter) and t.is_contiguous() and t.device.type == "cpu"
    return plain and t.numel() > BLOCK and not torch.compiler.is_compiling()
