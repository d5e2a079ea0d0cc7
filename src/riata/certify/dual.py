"""Dual feasible points for one weighted, centred least-squares problem, and their gap.

In scaled units (see ``columns``), with weights s that sum to one and a residual r = y - b - Zw,

    primal   P(w)     = ½ Σ s r² + Σ h_j(w_j)
    dual     D(theta) = Σ s (y theta - ½ theta²) - Σ h_j*(z_j' S theta),     Σ s theta = 0 with an intercept

    P - D = ½ Σ s (r - theta)² + Σ_j [ h_j(w_j) + h_j*(c_j) - c_j w_j ],     c = Z' S theta

The right-hand side is a sum of non-negative terms: no two large numbers are subtracted. Any
feasible theta bounds the minimum from below. Two directions are tried:

1. ``along``  theta = a·P r, where P projects off the columns that carry neither penalty nor
   box; the best a is found exactly (the gap is convex in a, its derivative monotone).
2. ``corrected``  the same after the correlations of the support have been moved exactly onto
   the penalty by a least-norm correction; it is what remains sharp when λ is tiny or 0.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import scipy.linalg as sl

from riata.certify.penalty import Penalty

Array = np.ndarray

LEFT_OVER = 1e-9  # a correlation that the projection should have removed, per unit of |z_j||theta|
NOTHING = 1e-12  # what a projection leaves of a vector inside the span, in units of that vector
HALVINGS = 200  # bisection ends when the bracket cannot shrink; 200 is more than double precision holds


@dataclasses.dataclass(frozen=True)
class Point:
    """Residual r, candidate direction theta, and its correlations c = Z' S theta; s sums to one."""

    weight: Array
    residual: Array
    theta: Array
    c: Array

    def distance(self, a: float) -> float:
        """½ Σ s (r - a theta)²."""
        return float(0.5 * np.sum(self.weight * (self.residual - a * self.theta) ** 2))


def largest_scale(penalty: Penalty, c: Array) -> float:
    """The largest a >= 0 for which a·c is feasible."""
    open_side = np.where(c > 0, np.isinf(penalty.upper), np.isinf(penalty.lower))
    tied = (penalty.p2 == 0) & open_side & (c != 0)
    if not np.any(tied):
        return np.inf
    with np.errstate(over="ignore"):
        return float(np.min(penalty.p1[tied] / np.abs(c[tied])))


def best_scale(point: Point, penalty: Penalty, w: Array) -> float:
    """The feasible a at which the gap of a·theta is smallest.

    derivative(a) = a Σ s theta² - Σ s r theta + Σ_j c_j (w_j*(a c_j) - w_j), never decreasing.
    """
    square = float(np.sum(point.weight * point.theta**2))
    reach = float(np.sum(point.weight * point.residual * point.theta)) + float(point.c @ w)
    if square == 0 or reach <= 0:
        return 0.0
    high = min(largest_scale(penalty, point.c), reach / square)
    lively = high * np.abs(point.c) > penalty.p1
    lively &= ~penalty.kinked(high * point.c)
    if not np.any(lively):
        return high
    some, c = penalty.rows(lively), point.c[lively]

    def slope(a: float) -> float:
        return a * square - reach + float(c @ some.maximiser(a * c))

    low = 0.0
    if slope(high) <= 0:
        return high
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if slope(middle) <= 0 else (low, middle)
    return low


def gap_along(point: Point, penalty: Penalty, w: Array, doubt: float = 0.0) -> float:
    """The smallest gap over a >= 0 of a·theta; ``doubt`` is what rounding left in c, charged as a·doubt."""
    a = best_scale(point, penalty, w)
    z = a * point.c
    rim = penalty.kinked(z)  # one rounding above p1 where a was limited by that very feature
    z = np.where(rim, np.copysign(penalty.p1, z), z)
    return point.distance(a) + float(np.sum(penalty.fenchel_young(w, z))) + a * doubt


def project(columns: Array, weight: Array, theta: Array, target: Array) -> Array:
    """theta + the least-norm correction in span(columns) with columns' S theta = target where that is possible.

    Columns are (n, k), already centred where there is an intercept. Dependent columns are told
    by a pivoted QR and left to the ones they depend on; the caller checks what was reached.
    """
    root = np.sqrt(weight)[:, None]
    A = columns * root
    norm = np.sqrt(np.sum(A * A, axis=0))
    live = norm > 0
    A, goal = A[:, live] / norm[live], target[live] / norm[live]
    x = root[:, 0] * theta
    if A.shape[1]:
        Q, R, pivot = sl.qr(A, mode="economic", pivoting=True, check_finite=False)
        d = np.abs(np.diag(R))
        rank = int(np.sum(d > 1e-13 * max(A.shape) * d[0]))
        Q, R = Q[:, :rank], R[:rank, :rank]
        aim = sl.solve_triangular(R, goal[pivot[:rank]], trans="T", check_finite=False)
        for _ in range(2):  # twice is enough
            x = x + Q @ (aim - Q.T @ x)
        if np.sqrt(x @ x) <= NOTHING * np.sqrt(weight @ theta**2):
            return np.zeros_like(theta)
    out = np.zeros_like(theta)
    np.divide(x, root[:, 0], out=out, where=weight > 0)
    return out
