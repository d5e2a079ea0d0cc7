"""Orders of rows and columns, and directions of columns, that units, places and storage do not change.

What is drawn at random, or drawn for some columns only, goes by these, so that it follows the data when they are
permuted. A key alone may tie: columns of zeros and ones with as many ones have the same moments. Then rows tell them
apart, each by its own size.
"""

from __future__ import annotations

import numpy as np

from riata.core.problem import Floats

DIGITS = 9  # of a key: beyond, rounding could decide an order


def row_order(Z: Floats, y: Floats | None = None) -> np.ndarray:
    """Rows by the size of Σ_j z_ij², then by |y|."""
    size = _rounded((Z**2).sum(axis=1))
    far = np.zeros(len(Z)) if y is None else _rounded(np.abs(y - y.mean()) / (y.std() or 1.0))
    return np.lexsort((far, size))


def column_order(Z: Floats) -> np.ndarray:
    """Columns of mean square 1 by their fourth moment, then by |correlation| with the size of the rows."""
    return np.lexsort((np.abs(_with_size(Z)), _rounded((Z**4).sum(axis=0))))


def directions(Z: Floats) -> Floats:
    """(p,) 1 or −1, turning as a column does: by its third moment, else by its correlation with rows' sizes."""
    third = np.round((Z**3).mean(axis=0), DIGITS)
    return np.where(np.where(third == 0, _with_size(Z), third) < 0, -1.0, 1.0)


def _with_size(Z: Floats) -> Floats:
    size = (Z**2).sum(axis=1)
    spread = size - size.mean()
    if spread.std() <= 10.0**-DIGITS * size.mean():
        return np.zeros(Z.shape[1])
    return np.round(spread @ Z / (len(Z) * spread.std()), DIGITS)


def _rounded(key: Floats) -> Floats:
    top = float(np.abs(key).max(initial=0.0))
    return np.round(key / top, DIGITS) if top > 0 else key
