"""Scores: how good predictions for held-out rows are. The folder is the registry: one file a score.

A score file holds ``NAME`` (what users type as ``measure``), ``WORDS``, ``LARGER`` (whether larger is better),
``FAMILIES`` (where it makes sense) and ``score(loss, eta, held, train) -> float``: η and the weights of the rows held
out and of those trained on, in the target's own order, all weights together summing to 1. NaN where nothing can be
said (no events held out). ``weight(loss, held)`` is how much a fold counts in the mean over folds.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidOption, did_you_mean

Floats = NDArray[np.float64]

__all__ = ["DEFAULT", "Score", "find", "scores"]

DEFAULT = "deviance"
# The score that a Gaussian fit takes by default.
SQUARES = "mse"


@dataclasses.dataclass(frozen=True)
class Score:
    """One score: its name, one line of words, whether larger is better, and its functions."""

    name: str
    words: str
    larger: bool
    families: tuple[str, ...]
    of: Callable[[Any, Floats, Floats, Floats], float]
    weight: Callable[[Any, Floats], float]

    def __call__(self, loss: Any, eta: Floats, held: Floats, train: Floats) -> float:
        return self.of(loss, eta, held, train)


def _mass(loss: Any, held: Floats) -> float:
    """The weight of the rows held out."""
    return float(held.sum())


@lru_cache(maxsize=1)
def scores() -> dict[str, Score]:
    """Every score of this folder by name."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        weight = getattr(module, "weight", _mass)
        found[module.NAME] = Score(module.NAME, module.WORDS, module.LARGER, module.FAMILIES, module.score, weight)
    return found


def find(name: str | None, family: str) -> Score:
    """The score called ``name`` for a family; by default the deviance, for Gaussian fits the mean squared error.

    A family that no score speaks of, being new, has its deviance.
    """
    known = scores()
    fitting = sorted(key for key, score in known.items() if family in score.families) or [DEFAULT]
    name = name or (SQUARES if family in ("gaussian", "multigaussian", "sqrt") else DEFAULT)
    if name not in fitting:
        what = f"There is no measure {name!r}" if name not in known else f"{name} does not apply"
        raise InvalidOption(
            f"{what} for the family {family!r}.", expected=" or ".join(fitting), got=name,
            hint=did_you_mean(name, fitting),
        )  # fmt: skip
    return known[name]
