"""The judge: how far coefficients are from the minimum, in plain NumPy and float64; it belongs to no library.

This file is for least squares under an L1 penalty or the elastic net, benchmarks/gap_families.py for the rest.
For residual r, weights s with Σsᵢ = 1 and ‖·‖ₛ² = Σ sᵢ (·)ᵢ², with a = λ·l1_ratio and b = λ(1 − l1_ratio),

    primal  P = ½‖r‖ₛ² + a‖w‖₁ + ½b‖w‖₂²
    dual    D = t·⟨r, y⟩ₛ − ½t²(‖r‖ₛ² + b‖w‖₂²),   |t| ≤ a / maxⱼ |xⱼᵀSr − b wⱼ|

D ≤ P(any w) for every admissible t; the best t is taken, and of a Gaussian path that is the certificate that comes
with the coefficients, without help from other solutions. gap_rel = (P − D) / (objective of the model without features).
With an intercept the residual is centred for the dual, and the columns need not be.
"""

import dataclasses
from typing import Any

import numpy as np
import scipy.sparse

NUMBERS = 8_000_000  # residuals held at a time: 64 MB


@dataclasses.dataclass(frozen=True)
class Bounds:
    """Primal and dual value at each λ, and the objective of the null model."""

    primal: np.ndarray
    dual: np.ndarray
    null: float

    def gap_rel(self, dual: np.ndarray | None = None) -> float:
        """The largest relative duality gap over all λ; infinite where a coefficient was not finite.

        Any lower bound of the minimum will do: `dual` may hold better ones, from residuals nearer to the optimum.
        """
        gap = (self.primal - (self.dual if dual is None else dual)).max() / self.null
        return max(float(gap), 0.0) if np.isfinite(gap) else np.inf


def bounds(work: Any, coef: Any, intercept: np.ndarray | None = None) -> Bounds:
    """Bounds of coefficients (n_features, n_lams), with the best intercepts where none are given."""
    s = np.full(len(work.y), 1.0 / len(work.y)) if work.weights is None else work.weights / work.weights.sum()
    y = work.y - s @ work.y if work.intercept else work.y
    shift = None if intercept is None else np.asarray(intercept, np.float64) - s @ work.y
    coef = scipy.sparse.csc_array(coef, dtype=np.float64)
    step = max(1, NUMBERS // len(y))
    parts = []
    for first in range(0, len(work.lams), step):
        part = slice(first, first + step)
        b = None if shift is None else shift[part]
        parts.append(_some(work, s, y, coef[:, part].toarray(), work.lams[part], b))
    primal, dual = (np.concatenate(values) for values in zip(*parts, strict=True))
    return Bounds(primal, dual, float(0.5 * s @ y**2))


def _some(work: Any, s: np.ndarray, y: np.ndarray, w: np.ndarray, lams: np.ndarray, b: Any) -> tuple[Any, Any]:
    """(primal, dual) at a few λ; y is centred where there is an intercept, b is relative to that."""
    active = np.flatnonzero(w.any(axis=1))
    r = y[:, None] - work.X[:, active] @ w[active]
    if work.intercept:
        centred = r - s @ r
        r = centred if b is None else r - b
    else:
        centred = r
    a, ridge = lams * work.l1_ratio, lams * (1 - work.l1_ratio)
    squares = ridge * (w**2).sum(axis=0)
    primal = 0.5 * (s @ r**2 + squares) + a * np.abs(w).sum(axis=0)
    top = np.abs(work.X.T @ (s[:, None] * centred) - ridge * w).max(axis=0)
    size = s @ centred**2 + squares
    cross = (s * y) @ centred
    limit = np.divide(a, top, out=np.full_like(a, np.inf), where=top > 0)
    best = np.divide(cross, size, out=np.zeros_like(size), where=size > 0)
    t = np.clip(best, -limit, limit)
    return primal, t * cross - 0.5 * t**2 * size
