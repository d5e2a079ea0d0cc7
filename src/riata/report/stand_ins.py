"""Clusters of features that say the same: each selected one with those that could have taken its place."""

from __future__ import annotations

import dataclasses
from typing import Any

MOST = 12  # clusters on the page


@dataclasses.dataclass(frozen=True)
class Member:
    """A feature of a cluster, its correlation with the first one, and whether it is in the model."""

    feature: str
    r: float
    selected: bool


@dataclasses.dataclass(frozen=True)
class Cluster:
    """``members``, the first of them selected; ``more`` unnamed features are as close to it."""

    members: tuple[Member, ...]
    more: int


def clusters(features: list[str], similar: dict[str, dict[str, Any]]) -> list[Cluster]:
    """Around each selected feature, the strongest first, that is not yet in the cluster of a stronger one."""
    chosen, placed = set(features), set()
    out = []
    for name in features:
        like = similar.get(name)
        if like is None or name in placed:
            continue
        others = [Member(other, r, other in chosen) for other, r in like["named"] if other not in placed]
        if not others:
            continue
        placed |= {name, *(member.feature for member in others if member.selected)}
        out.append(Cluster((Member(name, 1.0, True), *others), like["count"] - len(like["named"])))
    return out
