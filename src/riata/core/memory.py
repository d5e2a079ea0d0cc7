"""Give freed memory back to the system."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def _trim() -> Any:
    """glibc's malloc_trim, or None where there is none."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None


def release_freed() -> None:
    """Hand the pages of freed arrays back: glibc keeps arrays of up to 32 MB in its heap once some were freed."""
    trim = _trim()
    if trim is not None:
        trim(0)
