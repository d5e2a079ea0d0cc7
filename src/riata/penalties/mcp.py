"""The minimax concave penalty."""

from __future__ import annotations

import dataclasses

import numpy as np

from riata.penalties.base import Concave, Floats, above


@dataclasses.dataclass(frozen=True)
class MCP(Concave):
    """p(u; λ) = λ|u| − u²/(2γ) up to |u| = γλ, constant ½γλ² beyond: large coefficients are not shrunk.

    γ > 1 (default 3, as in ncvreg); γ → ∞ is the lasso. For least squares with uncorrelated standardised columns the
    minimiser is the firm threshold: 0 up to λ, (|z| − λ)/(1 − 1/γ) up to γλ, z beyond.

    References
    ----------
    Zhang (2010), Ann. Statist. 38; Breheny & Huang (2011), Ann. Appl. Stat. 5 (the same λ and γ for least squares).
    """

    gamma: float = 3.0

    name = "mcp"
    words = "minimax concave: no shrinkage of coefficients beyond gamma·λ"
    formula = "λ|u| − u²/(2γ) for |u| ≤ γλ, else ½γλ²"

    def __post_init__(self) -> None:
        above("gamma", self.gamma, 1.0, "of MCP says where the penalty turns flat, in units of λ.")

    def value(self, t: Floats, lam: Floats) -> Floats:
        near = np.minimum(t, self.gamma * lam)
        return near * (lam - 0.5 * near / self.gamma)

    def slope(self, t: Floats, lam: Floats) -> Floats:
        return np.maximum(lam - t / self.gamma, 0.0)

    def prox(self, z: Floats, lam: Floats) -> Floats:
        """argmin over u of ½(u − z)² + p(|u|; λ)."""
        size = np.abs(z)
        firm = np.maximum(size - lam, 0.0) / (1.0 - 1.0 / self.gamma)
        return np.copysign(np.where(size <= self.gamma * lam, firm, size), z)
