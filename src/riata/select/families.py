"""What a family means to a person: which one suits a target, its words, its link, and the ratio of a coefficient."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidOption, did_you_mean
from riata.table.words import shown

AUTO = "auto"


@dataclasses.dataclass(frozen=True)
class Family:
    """``link``: identity, logit or log; ``ratio``: what exp(coefficient) is called, or None; ``null``: no features."""

    link: str
    ratio: str | None
    null: str


FAMILIES = {
    "gaussian": Family("identity", None, "predicting the mean"),
    "binomial": Family("logit", "odds ratio", "without features"),
    "poisson": Family("log", "rate ratio", "without features"),
    "huber": Family("identity", None, "without features"),
    "cox": Family("log", "hazard ratio", "without features"),
}


def check(name: str) -> None:
    """InvalidOption for a family that cannot be selected, with those that can."""
    known = [AUTO, *FAMILIES]
    if name not in known:
        raise InvalidOption(
            f'there is no family "{name}" to select with.', expected=" or ".join(known), got=name,
            hint=did_you_mean(str(name), known),
        )  # fmt: skip


def decide(y: NDArray[np.float64], levels: tuple[str, ...] | None, exposure: bool) -> tuple[str, str]:
    """(family, sentence that says why) for a target of one column; ``levels`` are its words, coded 0, 1, …

    Raises InvalidOption for more than two words: there is no multinomial selection yet.
    """
    values = np.unique(y[np.isfinite(y)])
    if levels is not None and len(levels) > 2:
        raise InvalidOption(
            f"the target has {len(levels)} classes, and selection knows two.",
            got=shown(levels),
            expected="a number, or two classes",
            hint="code one class against the others, as 0 and 1.",
        )
    if len(values) == 2:
        words = levels or [f"{value:g}" for value in values]
        return "binomial", f"family binomial was chosen: the target has two values ({words[0]}, {words[1]})."
    if exposure:
        return "poisson", "family poisson was chosen: an exposure was given."
    whole = bool(np.all(values >= 0) and np.all(values == np.round(values)) and values.size and values[0] == 0)
    more = ' It holds whole numbers from 0: if they are counts, family="poisson" models them.' if whole else ""
    return "gaussian", f"family gaussian was chosen: the target has {len(values):,} different numbers.{more}"
