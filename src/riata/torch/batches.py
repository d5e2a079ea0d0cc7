"""Batches of tensors that are in memory already: a loader without workers, collation or a Python call for each row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


class Batches:
    """Iterates over rows of tensors, in a new order every time if ``shuffle``; what is random comes from ``generator``.

    ``noise`` adds to each number of the first tensor, anew every time, a normal one of so many of its column's standard
    deviations. Training with it is a penalty on how fast the output changes with the input (Bishop 1995, Neural Comput.
    7). Integers stay as they are.
    """

    def __init__(
        self, *tensors: Tensor, size: int = 256, shuffle: bool = False, seed: int | None = None, noise: float = 0.0
    ) -> None:
        self.tensors, self.size, self.shuffle = tensors, size, shuffle
        first = tensors[0]
        self.spread = noise * first.std(0, correction=0) if noise and first.is_floating_point() else None
        self.generator: torch.Generator | None = None if seed is None else torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return -(-len(self.tensors[0]) // self.size)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        rows = len(self.tensors[0])
        order: Any = torch.randperm(rows, generator=self.generator) if self.shuffle else None
        for start in range(0, rows, self.size):
            which = slice(start, start + self.size) if order is None else order[start : start + self.size]
            first, *others = (t[which] for t in self.tensors)
            yield (first if self.spread is None else first + self.spread * self._normal(first), *others)

    def _normal(self, like: Tensor) -> Tensor:
        """The same numbers on every device."""
        return torch.randn(like.shape, generator=self.generator, dtype=like.dtype).to(like.device)
