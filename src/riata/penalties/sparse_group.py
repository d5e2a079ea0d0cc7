"""The sparse group lasso: groups of coefficients are zero together, and single ones within a group."""

from __future__ import annotations

import dataclasses
from typing import Any

from riata.core.errors import InvalidOption
from riata.core.problem import Problem
from riata.penalties.base import Penalty


@dataclasses.dataclass(frozen=True, eq=False)
class SparseGroup(Penalty):
    """p(u_g) = λ ((1 − share) v_g ‖u_g‖₂ + share Σ v_j |u_j|), v_g = √size unless ``group_weights`` says otherwise.

    Parameters
    ----------
    groups, group_weights : as for the group lasso
    share : from 0 (group lasso) to 1 (lasso), the part of the absolute values

    References
    ----------
    Simon, Friedman, Hastie & Tibshirani (2013), J. Comput. Graph. Stat. 22.
    """

    name = "sparse_group"
    words = "sparse group lasso: groups out together, and features within groups"
    formula = "λ((1−α)v‖u‖₂ + α‖u‖₁) over each group, α = share"
    separable = False

    groups: Any = None
    group_weights: Any = None
    share: float = 0.5

    def on(self, problem: Problem) -> Problem:
        if not 0.0 <= self.share <= 1.0:
            raise InvalidOption("share is the part of the absolute values.", expected="0 to 1", got=self.share)
        return self.grouped(problem, self.groups, self.group_weights, self.share)
