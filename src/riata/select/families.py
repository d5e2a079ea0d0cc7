"""Which family suits a target, and what a family's loss means to a person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidOption, did_you_mean
from riata.losses import Loss, losses
from riata.table.words import shown

AUTO = "auto"
# Numbers of so few kinds, all of them whole, may be classes.
FEW = 12


def check(name: str) -> None:
    """InvalidOption for a family that there is not, with those that there are."""
    known = [AUTO, *sorted(losses())]
    if name not in known:
        raise InvalidOption(
            f'there is no family "{name}".', expected=" or ".join(known), got=name, hint=did_you_mean(str(name), known)
        )


def loss_of(name: str) -> type[Loss] | None:
    """The family's loss, for its words; None for a family that a model file knows and this riata does not."""
    return losses().get(name)


def ratio_of(name: str) -> str | None:
    """What exp(coefficient) is called."""
    loss = loss_of(name)
    return loss.ratio if loss else None


def decide(y: NDArray[np.float64], levels: Sequence[str] | None, exposure: bool) -> tuple[str, str]:
    """(family, sentence that says why) for a target of one column; ``levels`` are its words, coded 0, 1, …"""
    values = np.unique(y[np.isfinite(y)])
    if levels is not None and len(levels) > 2:
        return (
            "multinomial",
            f"family multinomial was chosen: the target has {len(levels):,} classes ({shown(levels)}).",
        )
    if len(values) == 2:
        words = levels or [f"{value:g}" for value in values]
        return "binomial", f"family binomial was chosen: the target has two values ({words[0]}, {words[1]})."
    if exposure:
        return "poisson", "family poisson was chosen: an exposure was given."
    return (
        "gaussian",
        f"family gaussian was chosen: the target has {len(values):,} different numbers.{_or_else(values)}",
    )


def _or_else(values: NDArray[np.float64]) -> str:
    """What whole numbers may be besides quantities."""
    if not values.size or values[0] < 0 or (values != np.round(values)).any():
        return ""
    said = []
    if values[0] == 0:
        said.append('if they are counts, family="poisson" models them')
    if len(values) <= FEW:
        said.append('if they are classes, family="multinomial" does')
    return f" It holds whole numbers from {values[0]:g}: {'; '.join(said)}." if said else ""
