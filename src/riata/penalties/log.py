"""The logarithmic penalty, whose linear approximations are the reweighted lasso."""

from __future__ import annotations

import dataclasses

import numpy as np

from riata.penalties.base import Concave, Floats, above


@dataclasses.dataclass(frozen=True)
class Log(Concave):
    """p(u; λ) = λ γ log(1 + |u|/γ): slope λ/(1 + |u|/γ), which never reaches 0.

    γ > 0 (default 1) is in units of t∘w, the change of the linear predictor for one standard deviation of a column;
    γ → ∞ is the lasso.

    References
    ----------
    Candès, Wakin & Boyd (2008), J. Fourier Anal. Appl. 14; Friedman (2012), Int. J. Forecast. 28.
    """

    gamma: float = 1.0

    name = "log"
    words = "logarithm: the reweighted lasso"
    formula = "λγ log(1 + |u|/γ)"

    def __post_init__(self) -> None:
        above("gamma", self.gamma, 0.0, "of the logarithmic penalty is where its slope has halved.")

    def value(self, t: Floats, lam: Floats) -> Floats:
        return lam * self.gamma * np.log1p(t / self.gamma)

    def slope(self, t: Floats, lam: Floats) -> Floats:
        return lam / (1.0 + t / self.gamma)
