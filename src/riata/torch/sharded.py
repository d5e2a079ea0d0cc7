"""Parameters that FSDP2 spreads over processes (DTensor): what is done on the shards, and what on the whole tensor.

A sum over entries is worked on shard by shard. Groups lie across shards, some shards are empty, and a label or a sort
knows no shards: for them, and for what is measured, the whole tensor is gathered. Each process comes to the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor


def whole(t: Any) -> Any:
    """The whole tensor of a sharded one; every other thing as it is."""
    return t.full_tensor() if hasattr(t, "full_tensor") else t


def local(t: Any) -> Any:
    """The shard of a sharded tensor, which knows of changes that FSDP2 makes to it; every other thing as it is."""
    return getattr(t, "_local_tensor", t)


def on_whole(function: Callable[..., Tensor], like: Tensor, *others: Any) -> Tensor:
    """``function(like, *others)`` on whole tensors, spread as ``like`` is."""
    if not hasattr(like, "full_tensor"):
        return function(like, *others)
    from torch.distributed.tensor import distribute_tensor

    out = function(whole(like), *map(whole, others))
    sharded: Any = like
    return distribute_tensor(out, sharded.device_mesh, sharded.placements, src_data_rank=None)
