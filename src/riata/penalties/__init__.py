"""Penalties: what a model pays for its coefficients. The folder is the registry: one file a penalty.

A penalty file holds one final subclass of :class:`riata.penalties.base.Penalty`. Files without one (helpers) are passed
over.

>>> sorted(penalties())[:2]
['adaptive', 'l1']
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import lru_cache
from typing import Any

from riata.core.errors import InvalidOption, did_you_mean
from riata.penalties.base import Concave, Penalty

__all__ = ["Concave", "Penalty", "find", "penalties", "take"]


@lru_cache(maxsize=1)
def penalties() -> dict[str, type[Penalty]]:
    """Every penalty of this folder by name."""
    found: dict[str, type[Penalty]] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for member in vars(module).values():
            if not inspect.isclass(member) or not issubclass(member, Penalty) or member.__module__ != module.__name__:
                continue
            if not inspect.isabstract(member) and "name" in vars(member):
                found[member.name] = member
    return found


def find(name: str) -> type[Penalty]:
    """The penalty called ``name``, or InvalidOption with the names there are."""
    known = penalties()
    if name not in known:
        raise InvalidOption(
            f"There is no penalty {name!r}.", expected=" or ".join(sorted(known)), got=name,
            hint=did_you_mean(str(name), known),
        )  # fmt: skip
    return known[name]


def take(penalty: str | Penalty, options: dict[str, Any]) -> tuple[Penalty, dict[str, Any]]:
    """(the penalty with those of ``options`` that are its own, the rest); a penalty that is made already takes none.

    >>> take("mcp", {"gamma": 2.0, "delta": 1.0})
    (MCP(gamma=2.0), {'delta': 1.0})
    """
    if not isinstance(penalty, str) and isinstance(penalty, Penalty):
        return penalty, dict(options)
    cls = find(penalty)
    if not options:
        return cls(), options
    own = cls.options()
    return cls(**{k: v for k, v in options.items() if k in own}), {k: v for k, v in options.items() if k not in own}
