"""Euclidean projections onto the sets that bound what the penalties price. All exact, by sorting, O(n log n).

l1_ball     Σ aⱼ|xⱼ| ≤ r              (Duchi, Shalev-Shwartz, Singer & Chandra 2008)
simplex     x ≥ 0, Σ xⱼ = r           (Held, Wolfe & Crowder 1974)
l2_ball     ‖x‖₂ ≤ r, of the whole or of every group
group_ball  Σ_g a_g ‖x_g‖₂ ≤ r
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData, InvalidOption

Floats = NDArray[np.float64]


def l1_ball(z: Any, radius: float = 1.0, weight: Any = None) -> Floats:
    """The nearest point of {x : Σ aⱼ|xⱼ| ≤ radius} to each row z, along the last axis.

    Parameters
    ----------
    z : (..., n);  radius : ≥ 0
    weight : a, (n,) ≥ 0, by default 1; 0 leaves a coordinate as it is, inf makes it 0

    Examples
    --------
    >>> l1_ball([3.0, -1.0], 2.0).tolist()
    [2.0, 0.0]
    >>> l1_ball([[1.0, -1.0], [0.5, 0.2]], 1.0).tolist()
    [[0.5, -0.5], [0.5, 0.2]]
    """
    z, r = _points(z), _radius(radius)
    a = _weights(weight, z.shape[-1])
    gone, paid = np.isinf(a), np.isfinite(a) & (a > 0)
    out = np.where(gone, 0.0, z)
    size = np.abs(z[..., paid])
    out[..., paid] = np.sign(z[..., paid]) * _lowered(size, a[paid], r) + 0.0
    return out


def simplex(z: Any, total: float = 1.0) -> Floats:
    """The nearest point of {x : x ≥ 0, Σ xⱼ = total} to each row z, along the last axis; total > 0.

    >>> simplex([0.5, 0.3, -2.0]).tolist()
    [0.6, 0.4, 0.0]
    """
    z, r = _points(z), _radius(total)
    # shifting a row moves nothing on the simplex: from here on the sum is at least the total, as for a ball
    shift = z.max(axis=-1, keepdims=True) - r
    moved = z - shift
    ones = np.ones(z.shape[-1])
    return _lowered(np.maximum(moved, 0.0), ones, r)


def l2_ball(z: Any, radius: float = 1.0, groups: Any = None) -> Floats:
    """The nearest point with ‖x‖₂ ≤ radius to each row z; with ``groups`` (n,) labels, with ‖x_g‖₂ ≤ radius in each.

    >>> l2_ball([0.0, -4.0], 2.0).tolist()
    [0.0, -2.0]
    """
    z, r = _points(z), _radius(radius)
    code = _codes(groups, z.shape[-1])
    return z * _shrunk(_lengths(z, code), r)[..., code]


def group_ball(z: Any, groups: Any, radius: float = 1.0, weight: Any = None) -> Floats:
    """The nearest point of {x : Σ_g a_g ‖x_g‖₂ ≤ radius} to each row z, along the last axis.

    Parameters
    ----------
    z : (..., n);  groups : (n,) labels;  radius : ≥ 0
    weight : a, one for each label in sorted order, ≥ 0, by default 1

    Examples
    --------
    >>> group_ball([0.0, 4.0, 1.0], [0, 0, 1], 3.0).tolist()
    [0.0, 3.0, 0.0]
    """
    z = _points(z)
    code = _codes(groups, z.shape[-1])
    size = _lengths(z, code)
    kept = l1_ball(size, radius, weight)
    share = np.divide(kept, size, out=np.zeros_like(size), where=size > 0)
    return z * share[..., code]


def _level(size: Floats, a: Floats, r: float) -> Floats:
    """θ ≥ 0 with Σ aⱼ (sizeⱼ − θ aⱼ)₊ = r, for every row; 0 where the row lies inside.

    With sizeⱼ/aⱼ in falling order the first k count, k the largest with (sizeₖ/aₖ) Σ_{i≤k} a² > Σ_{i≤k} a·size − r.
    """
    if size.shape[-1] == 0:
        return np.zeros(size.shape[:-1])
    order = np.argsort(-size / a, axis=-1)
    long, factor = np.take_along_axis(size, order, -1), a[order]
    reach, square = np.cumsum(factor * long, -1) - r, np.cumsum(factor * factor, -1)
    counts = long / factor * square > reach
    last = long.shape[-1] - 1 - np.argmax(counts[..., ::-1], axis=-1)
    last = np.where(counts.any(axis=-1), last, 0)[..., None]
    level = np.take_along_axis(reach, last, -1) / np.take_along_axis(square, last, -1)
    return np.maximum(level[..., 0], 0.0)


def _lowered(size: Floats, a: Floats, r: float) -> Floats:
    """(size − θa)₊ for every row; where θ > 0 the bounded sum is r to the last digits, however small beside size."""
    level = _level(size, a, r)[..., None]
    low = np.maximum(size - level * a, 0.0)
    total = (low @ a)[..., None]
    return low * np.divide(r, total, out=np.ones_like(total), where=(level > 0) & (total > 0))


def _lengths(z: Floats, code: NDArray[np.intp]) -> Floats:
    """‖z_g‖₂ of every group (..., n_groups), safe for numbers of any size."""
    out = np.zeros((*z.shape[:-1], int(code.max(initial=-1)) + 1))
    for g in range(out.shape[-1]):
        part = z[..., code == g]
        top = np.abs(part).max(axis=-1, keepdims=True)
        unit = part / np.where(top > 0, top, 1.0)
        out[..., g] = top[..., 0] * np.sqrt(np.sum(unit * unit, axis=-1))
    return out


def _shrunk(size: Floats, r: float) -> Floats:
    return np.divide(r, size, out=np.ones_like(size), where=size > r)


def _codes(groups: Any, n: int) -> NDArray[np.intp]:
    if groups is None:
        return np.zeros(n, np.intp)
    labels = np.asarray(groups)
    if labels.shape != (n,):
        raise InvalidOption("groups must have one label for each coordinate.", expected=f"shape ({n},)",
                            got=f"shape {labels.shape}")  # fmt: skip
    return np.unique(labels, return_inverse=True)[1].astype(np.intp)


def _points(z: Any) -> Floats:
    out = np.array(z, np.float64)
    if out.ndim == 0 or out.shape[-1] == 0:
        raise InvalidData("A projection wants at least one coordinate.", expected="shape (..., n)", got=out.shape)
    if not np.isfinite(out).all():
        raise InvalidData("A projection wants finite coordinates.", got="NaN or infinity")
    return out


def _radius(radius: Any) -> float:
    r = float(radius)
    if not (np.isfinite(r) and r >= 0):
        raise InvalidOption("A radius is a finite number ≥ 0.", got=radius)
    return r


def _weights(weight: Any, n: int) -> Floats:
    if weight is None:
        return np.ones(n)
    a = np.asarray(weight, np.float64)
    if a.shape != (n,) or not (a >= 0).all():
        raise InvalidOption("weight must have one number ≥ 0 for each coordinate.", expected=f"shape ({n},)",
                            got=f"shape {a.shape}")  # fmt: skip
    return a
