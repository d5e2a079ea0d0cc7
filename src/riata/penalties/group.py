"""The group lasso: groups of coefficients are zero together; with l1_ratio below 1 the group elastic net."""

from __future__ import annotations

import dataclasses
from typing import Any

from riata.core.problem import Problem
from riata.penalties.base import Penalty


@dataclasses.dataclass(frozen=True, eq=False)
class Group(Penalty):
    """p(u_g) = λ v_g (l1_ratio ‖u_g‖₂ + ½(1 − l1_ratio) ‖u_g‖²), v_g = √size unless ``group_weights`` says otherwise.

    With several linear predictors u_g holds the coefficients of all of them: groups of one feature (``groups=None``)
    are the rows of the multi-task lasso and of the grouped multinomial, there with v the ``penalty_factor``.

    Parameters
    ----------
    groups : (n_features,) labels; a list of lists of positions or names; {group: names or patterns}; None
    group_weights : a number, one for each group, or {group: number}; 0 is never penalised, inf left out

    References
    ----------
    Yuan & Lin (2006), J. R. Stat. Soc. B 68; Obozinski, Taskar & Jordan (2010), Stat. Comput. 20.
    """

    name = "group"
    words = "group lasso: groups of features in or out together; rows of several outputs"
    formula = "λv(ρ‖u‖₂ + ½(1−ρ)‖u‖²) over each group, ρ = l1_ratio"
    separable = False
    outputs = "any"

    groups: Any = None
    group_weights: Any = None

    def on(self, problem: Problem) -> Problem:
        return self.grouped(problem, self.groups, self.group_weights)
