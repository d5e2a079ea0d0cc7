"""How different from its feature each knockoff may be: the diagonal s with 0 ⪯ diag(s) ⪯ 2Σ, by four criteria.

    equi      all s equal: s = min(2 λ_min(Σ), 1)                                Barber & Candès (2015), section 2.1.1
    sdp       max Σ s_j with s ≤ 1, the least correlation with the own feature   the same
    mvr       min Σ 1/s_j + tr (2Σ − S)⁻¹, the least reconstructability          Spector & Janson (2022), eq. 2.6
    maxent    max Σ log s_j + log det(2Σ − S)                                    the same; Gimenez & Zou (2019)

Σ is a correlation matrix, A = 2Σ − S. The semidefinite program is solved by a barrier and Newton steps, O(p³) each; the
last two go coordinate by coordinate, every step in closed form from A⁻¹, which is kept by rank-one updates: O(p³) a
sweep.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from riata.core.errors import InvalidOption
from riata.core.problem import Floats

SWEEPS = 500
CLOSE = 1e-10  # largest change in a sweep
# Three times the barrier's weight is what it may cost of the optimum, per feature.
BARRIER, BARRIER_START, BARRIER_FALL = 1e-6, 0.3, 0.2
NEWTON_STEPS, CENTRED = 60, 1e-6

# (s_j, (A⁻¹)_jj, ‖A⁻¹e_j‖²) → change of s_j
Step = Callable[[float, float, float], float]


def _mvr(s: float, g: float, square: float) -> float:
    root = np.sqrt(square)
    return float((1.0 - root * s) / (root + g))


def _maxent(s: float, g: float, square: float) -> float:
    return (1.0 - g * s) / (2.0 * g)


def room(sigma: Floats, how: str = "mvr") -> Floats:
    """s (n_features,) for a positive definite correlation matrix.

    >>> room(np.array([[1.0, 0.5], [0.5, 1.0]]), "equi").tolist()
    [1.0, 1.0]
    """
    least = float(np.linalg.eigvalsh(sigma)[0])
    if how not in CONSTRUCTIONS:
        raise InvalidOption(f"There is no construction {how!r}.", got=how, expected=" or ".join(CONSTRUCTIONS))
    equal = np.full(len(sigma), min(2.0 * least, 1.0))
    if how == "equi":
        return equal
    if how == "sdp":
        return _sdp(sigma, 0.5 * equal)
    step = _mvr if how == "mvr" else _maxent
    s = 0.5 * equal
    for _ in range(SWEEPS):
        if _sweep(sigma, s, step) <= CLOSE:
            break
    return s


def _sdp(sigma: Floats, s: Floats) -> Floats:
    """max Σ s_j + μ (log det A + Σ log s_j + Σ log(1 − s_j)) by Newton's method while μ falls."""
    s = np.minimum(s, 0.5)
    mu = BARRIER_START
    while True:
        for _ in range(NEWTON_STEPS):
            inverse = np.linalg.inv(2.0 * sigma - np.diag(s))
            slope = 1.0 + mu * (1.0 / s - 1.0 / (1.0 - s) - np.diag(inverse))
            curve = mu * (inverse**2 + np.diag(1.0 / s**2 + 1.0 / (1.0 - s) ** 2))
            step = np.linalg.solve(curve, slope)
            fall = float(np.sqrt(slope @ step / mu))  # in the barrier's own measure: a step of length < 1 stays inside
            s = s + step / (1.0 + fall) if fall > 0.25 else s + step
            if fall <= CENTRED:
                break
        if mu <= BARRIER:
            return s
        mu = max(mu * BARRIER_FALL, BARRIER)


def _sweep(sigma: Floats, s: Floats, step: Step) -> float:
    """Every coordinate once; the largest change. A⁻¹ is made afresh, so that rounding does not pile up."""
    inverse = np.linalg.inv(2.0 * sigma - np.diag(s))
    most = 0.0
    for j in range(len(s)):
        column = inverse[:, j].copy()
        change = step(float(s[j]), float(column[j]), float(column @ column))
        if change == 0.0:
            continue
        s[j] += change
        inverse += np.outer(column, column * (change / (1.0 - change * column[j])))
        most = max(most, abs(change))
    return most


CONSTRUCTIONS = ("mvr", "sdp", "maxent", "equi")
