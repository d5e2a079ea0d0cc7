"""Many monotone equations at once: h(x) = target, where one call evaluates h at many x (a path over λ).

Chandrupatla's rule (1997, Adv. Eng. Softw. 28): inverse quadratic interpolation where three points say that it is safe,
else bisection. On a linear piece of h it is exact once the bracket lies in it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from riata.core.problem import Floats

ROUNDS = 100


def solve_increasing(
    h: Callable[[Floats], Floats], target: Floats, low: Floats, high: Floats, h_low: Floats, h_high: Floats,
    rtol: float = 4e-16,
) -> Floats:  # fmt: skip
    """x with h(x) = target for an increasing h: h_low ≤ target ≤ h_high at the ends of each bracket, 0 ≤ low ≤ high.

    ``h`` maps (k,) to (k,), in any order, and is called again with those still open until the bracket or |h − target|
    is within rounding (``rtol``) of nothing.
    """
    a, b, fa, fb = high.copy(), low.copy(), h_high - target, h_low - target
    t = np.full(len(target), 0.5)
    best = np.where(np.abs(fa) < np.abs(fb), a, b)
    miss = np.minimum(np.abs(fa), np.abs(fb))
    for _ in range(ROUNDS):
        still = np.flatnonzero((miss > rtol * np.abs(target)) & (np.abs(b - a) > rtol * np.abs(best)))
        if not len(still):
            break
        A, B, FA, FB = a[still], b[still], fa[still], fb[still]
        x = A + t[still] * (B - A)
        f = h(x) - target[still]
        same = np.sign(f) == np.sign(FA)
        C, FC = np.where(same, A, B), np.where(same, FA, FB)
        B, FB = np.where(same, B, A), np.where(same, FB, FA)
        A, FA = x, f
        a[still], b[still], fa[still], fb[still] = A, B, FA, FB
        closer = np.abs(f) < miss[still]
        best[still] = np.where(closer, x, best[still])
        miss[still] = np.where(closer, np.abs(f), miss[still])
        t[still] = _share(A, B, C, FA, FB, FC, rtol)
    return best


def _share(a: Floats, b: Floats, c: Floats, fa: Floats, fb: Floats, fc: Floats, rtol: float) -> Floats:
    """Where between a and b to look next."""
    with np.errstate(divide="ignore", invalid="ignore"):
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        alpha = (c - a) / (b - a)
        t = fa / (fb - fa) * fc / (fb - fc) + alpha * fa / (fc - fa) * fb / (fc - fb)
        safe = (phi**2 < xi) & ((1.0 - phi) ** 2 < 1.0 - xi) & np.isfinite(t)
        edge = np.minimum(0.5, 2.0 * rtol * np.abs(a) / np.abs(b - a))
    t = np.where(safe, t, 0.5)
    return np.clip(t, edge, 1.0 - edge)
