"""Groups of features that are in a model or out of it together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riata.estimators.family import FamilyModel
from riata.estimators.options import ARRAY, NONE, Rule, real
from riata.penalties import Penalty
from riata.penalties.group import Group

_NAMED = Rule(lambda value: isinstance(value, Mapping), "a dict")

GROUPS: dict[str, Rule] = {
    "groups": ARRAY | _NAMED | NONE,
    "group_weights": real(0) | ARRAY | _NAMED | NONE,
}


class GroupedModel(FamilyModel):
    """A model whose penalty is on the length of each group's coefficients."""

    l1_ratio: float
    groups: Any
    group_weights: Any

    def _penalty(self) -> Penalty:
        return Group(groups=self.groups, group_weights=self.group_weights)
