"""The span bound: what past passes over X already prove about a new residual.

Keep residuals e₁…e_K whose correlations ζᵀe_k are known for every column. For a new e, with Q an orthonormal basis
of their span,

    ζⱼᵀe = (ζⱼᵀQ) a + ζⱼᵀe⊥,   a = Qᵀe,   |ζⱼᵀe⊥| ≤ ‖ζⱼ‖ ‖e⊥‖ = ‖e⊥‖

because columns have unit norm. Residuals move smoothly along a path, so ‖e⊥‖ is tiny and a product with a p×K table,
without a pass over X, proves nearly every column inactive.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

KEEP = 10
# Directions that are this much shorter than the longest are left out: they would only amplify rounding.
FLAT = 1e-6
# Rounding in the table, relative to the residuals in it: eps / FLAT with some room.
SLACK = 1e-9


class Span:
    """A table of residuals (n, K) and their correlations (p, K)."""

    def __init__(self) -> None:
        self._residuals: list[Floats] = []
        self._correlations: list[Floats] = []
        self._basis: Floats | None = None
        self._table: Floats | None = None

    def add(self, residual: Floats, correlation: Floats) -> None:
        """Learn a residual and its exact correlations with every column."""
        self._residuals.append(residual.copy())
        self._correlations.append(correlation)
        if len(self._residuals) > KEEP:
            del self._residuals[0], self._correlations[0]
        # newest first: the basis then resolves the latest residuals best
        R = np.column_stack(self._residuals[::-1])
        size = np.linalg.norm(R[:, 0])
        if size == 0.0:
            self._residuals, self._correlations, self._basis = [], [], None
            return
        # The newest residual, and how the older ones differ from it: close residuals keep their digits.
        R[:, 1:] -= R[:, :1]
        C = np.column_stack(self._correlations[::-1])
        C[:, 1:] -= C[:, :1]
        left, sizes, right = np.linalg.svd(R, full_matrices=False)
        keep = sizes > FLAT * sizes[0]
        self._basis = left[:, keep]
        self._table = C @ (right[keep].T / sizes[keep])

    def predict(self, residual: Floats) -> tuple[Floats, float]:
        """Predicted correlations (p,) and a bound on how far any of them is off; the bound is ∞ before any pass."""
        if self._basis is None or self._table is None:
            return np.zeros(0), np.inf
        a = self._basis.T @ residual
        off = residual - self._basis @ a
        return self._table @ a, float(np.linalg.norm(off) + SLACK * np.linalg.norm(residual))
