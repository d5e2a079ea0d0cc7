"""Rules that choose a λ from a cross-validation. The folder is the registry: one file a rule.

A rule file holds ``name`` (what users type) and ``index(cv) -> int`` (the position of the chosen λ). One that needs no
folds also holds ``criterion(fit) -> (n_lams,)``, of which it takes the smallest: see :mod:`riata.select.criteria`.
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
    return {module.name: module.index for module in _modules()}


def criteria() -> dict[str, Callable[[Any], Any]]:
    """The information criteria among them: functions of a :class:`riata.select.criteria.Fit`."""
    return {module.name: module.criterion for module in _modules() if hasattr(module, "criterion")}


def _modules() -> list[Any]:
    return [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
