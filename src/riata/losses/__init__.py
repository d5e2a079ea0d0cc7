"""Losses: what a model pays for missing its target. The folder is the registry: one file a loss.

A loss file holds one final subclass of :class:`riata.losses.base.Loss`. Files without one (helpers) are passed over.

>>> sorted(losses())[:3]
['binomial', 'cox', 'gaussian']
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import lru_cache

from riata.core.errors import InvalidOption, did_you_mean
from riata.losses.base import Loss

__all__ = ["Loss", "find", "losses"]


@lru_cache(maxsize=1)
def losses() -> dict[str, type[Loss]]:
    """Every loss of this folder by name."""
    found: dict[str, type[Loss]] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for member in vars(module).values():
            if not inspect.isclass(member) or not issubclass(member, Loss) or member.__module__ != module.__name__:
                continue
            if not inspect.isabstract(member):
                found[member.name] = member
    return found


def find(name: str) -> type[Loss]:
    """The loss called ``name``, or InvalidOption with the names there are."""
    known = losses()
    if name not in known:
        raise InvalidOption(
            f"There is no family {name!r}.",
            expected=" or ".join(sorted(known)),
            got=name,
            hint=did_you_mean(name, known),
        )
    return known[name]
