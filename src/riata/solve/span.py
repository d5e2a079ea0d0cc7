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

# The newest residual and how it moved since the one before prove nearly all that more of them would: on four wide sets
# one leaves 4 to 9 % of the columns open, two leave 1.9 to 3.4 %, four 1.9 to 3.2 %.
KEEP = 3
# Directions that are this much shorter than the longest are left out: they would only amplify rounding.
FLAT = 1e-6
# Rounding in the bound, relative to the residual: single-precision entries, products and sums over KEEP columns of
# norm at most one (some 6 · 6e-8), and eps / FLAT. The table is what a proof reads: half the bytes are half the time.
SLACK = 1e-6


class Span:
    """Up to KEEP residuals (n,) and their correlations (p,), as an orthonormal basis and its table."""

    def __init__(self) -> None:
        self._residuals: list[Floats] = []
        self._correlations: list[Floats] = []
        self._basis: Floats | None = None
        self._table: NDArray[np.float32] | None = None

    def add(self, residual: Floats, correlation: Floats) -> None:
        """Learn a residual and its exact correlations with every column."""
        self._residuals.append(residual.copy())
        self._correlations.append(correlation)
        if len(self._residuals) > KEEP:
            del self._residuals[0], self._correlations[0]
        # The newest residual, and how the older ones differ from it: close residuals keep their digits.
        R = np.array(self._residuals[::-1])
        if not R[0].any():
            self._residuals, self._correlations, self._basis, self._table = [], [], None, None
            return
        R[1:] -= R[0]
        C = np.array(self._correlations[::-1])
        C[1:] -= C[0]
        # R = sizes · (orthonormal basis), from the K×K products: a singular value decomposition of R itself takes 20 ms
        # with 100 000 rows. The bound needs basis and table to be the same combinations, not the last digit of them.
        squares, left = np.linalg.eigh(R @ R.T)
        keep = squares > FLAT**2 * squares[-1]
        mix = (left[:, keep] / np.sqrt(squares[keep])).T
        self._basis = np.ascontiguousarray(mix @ R)
        self._table = (mix @ C).astype(np.float32, order="C")

    def known(self) -> tuple[NDArray[np.float32], Floats, float] | tuple[None, None, float]:
        """(table (K, p), basis (K, n), slack): what a proof needs; None before any pass."""
        return self._table, self._basis, SLACK
