"""Rules that choose a λ from a cross-validation. The folder is the registry: one file a rule.

A rule file holds ``name`` (what users type) and ``index(cv) -> int`` (the position of the chosen λ).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def rules() -> dict[str, Callable[[Any], int]]:
    """Every rule of this folder by name."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        found[module.name] = module.index
    return found
