"""The lasso's penalty, and with l1_ratio below 1 the elastic net's."""

from __future__ import annotations

import dataclasses

from riata.core.problem import Problem
from riata.penalties.base import Penalty


@dataclasses.dataclass(frozen=True)
class L1(Penalty):
    """p(u) = λv (l1_ratio |u| + ½(1 − l1_ratio) u²): all that a problem says by itself.

    References
    ----------
    Tibshirani (1996), J. R. Stat. Soc. B 58; Zou & Hastie (2005), J. R. Stat. Soc. B 67.
    """

    name = "l1"
    words = "lasso; with l1_ratio below 1 elastic net, at 0 ridge"
    formula = "λ(ρ|u| + ½(1−ρ)u²), ρ = l1_ratio"
    outputs = "any"

    def on(self, problem: Problem) -> Problem:
        return problem
