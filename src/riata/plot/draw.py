"""Which picture belongs to which result: the files of this package register theirs here."""

from __future__ import annotations

from functools import singledispatch
from typing import Any


@singledispatch
def draw(result: Any, ax: Any = None, **options: Any) -> Any:
    """The picture of a result (Path, CVResult, Selection, …) on ``ax`` or new axes; returns the axes."""
    raise TypeError(f"riata.plot draws results of riata; there is no picture of {type(result).__name__}")
