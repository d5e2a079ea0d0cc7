"""The share of noise among statistics of a given size."""

from __future__ import annotations

import numpy as np

from riata.core.problem import Floats

POINTS = 1024
# The kernel is nothing beyond so many bandwidths.
REACH = 4.0


def local_rate(z: Floats) -> Floats:
    """min(1, φ(z)/f̂(z)): local false discovery rate where all features might be noise (Efron et al. 2001, π₀ = 1).

    f̂ is a Gaussian kernel estimate with Silverman's bandwidth 0.9·min(sd, IQR/1.34)·m^(−1/5), on a fine grid.

    >>> rate = local_rate(np.append(np.linspace(-2, 2, 50), 9.0))
    >>> bool(rate[-1] < 1e-6), bool(rate[25] > 0.9)
    (True, True)
    """
    if len(z) < 2 or np.ptp(z) == 0:
        return np.ones(len(z))
    with np.errstate(under="ignore"):
        return np.minimum(1.0, np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi) / _density(z))


def _density(z: Floats) -> Floats:
    """f̂ at the points that it is made of, by sharing each between its two neighbours on a grid."""
    sd, (low, high) = z.std(ddof=1), np.percentile(z, [25, 75])
    spread = min(sd, (high - low) / 1.34) or sd
    width = 0.9 * spread * len(z) ** -0.2
    left, right = z.min() - REACH * width, z.max() + REACH * width
    # a few far statistics must not make the grid coarser than the kernel
    points = min(max(POINTS, int(np.ceil(8 * (right - left) / width))), 1 << 16)
    step = (right - left) / (points - 1)
    at = (z - left) / step
    floor = np.minimum(at.astype(np.intp), points - 2)
    mass = np.bincount(floor, 1 - (at - floor), points) + np.bincount(floor + 1, at - floor, points)
    reach = int(np.ceil(REACH * width / step))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / width) ** 2)
    curve = np.convolve(mass, kernel / (width * np.sqrt(2 * np.pi) * len(z)), mode="full")[reach : reach + points]
    return np.interp(at, np.arange(points), curve)
