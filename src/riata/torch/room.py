"""Memory for a tensor that is made anew at every forward pass: that of the last one, once nobody holds it.

The system hands out fresh memory page by page as it is first written to, and takes large pieces back when they are
free: where the pages of ten million weights are new at each step, they take longer than the arithmetic on them.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch
from torch import Tensor

LEAST = 2**17  # bytes: smaller pieces stay with the allocator, and cost it nothing
LINE = 64  # bytes: where torch's own memory begins
ALONE = 3  # references to an array that no tensor holds: the attribute, a variable, and the question's argument


class Room:
    """One piece of memory of the host, lent to one tensor at a time. Copies and pickles of it are empty."""

    def __init__(self) -> None:
        self.memory: np.ndarray[Any, Any] | None = None

    def __reduce__(self) -> Any:
        return Room, ()

    def like(self, z: Tensor) -> Tensor:
        """A tensor of the shape and precision of a contiguous z on the host, with anything in it."""
        size = z.numel() * z.element_size()
        if size < LEAST:
            return torch.empty_like(z)
        memory = self.memory
        # a tensor's storage, and with it a graph that will go backwards, holds a reference to the array
        if memory is None or len(memory) != size or sys.getrefcount(memory) > ALONE:
            whole = np.empty(size + LINE, np.uint8)
            start = -whole.ctypes.data % LINE
            memory = self.memory = whole[start : start + size]
        return torch.from_numpy(memory).view(z.dtype).view(z.shape)
