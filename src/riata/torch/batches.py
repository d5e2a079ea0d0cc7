"""Batches of tensors that are in memory already: a loader without workers, collation or a Python call for each row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


class Batches:
    """Iterates over rows of tensors, in a new order every time if ``shuffle``; the order comes from ``generator``."""

    def __init__(self, *tensors: Tensor, size: int = 256, shuffle: bool = False, seed: int | None = None) -> None:
        self.tensors, self.size, self.shuffle = tensors, size, shuffle
        self.generator: torch.Generator | None = None if seed is None else torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return -(-len(self.tensors[0]) // self.size)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        rows = len(self.tensors[0])
        order: Any = torch.randperm(rows, generator=self.generator) if self.shuffle else None
        for start in range(0, rows, self.size):
            which = slice(start, start + self.size) if order is None else order[start : start + self.size]
            yield tuple(t[which] for t in self.tensors)
