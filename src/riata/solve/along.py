"""What inner solves without a Gram matrix share: thresholds at a λ, and where coefficients will probably be next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riata.solve.scaling import Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
# l1, l2, lower and upper bound of each member of W
Penalty = tuple[Floats, Floats, Floats, Floats]

# An unpenalised coefficient that a bound holds back by at least this much need not be projected off the dual point.
HELD = 1e-10


def penalties(s: Scaling, W: Ints, lam1: float, lam2: float) -> Penalty:
    """Thresholds, ridge and bounds of the features W."""
    return lam1 * s.a[W], lam2 * s.b[W], s.lo[W], s.up[W]


def projected(u: Floats, c: Floats, pen: Penalty) -> NDArray[np.bool_]:
    """Unpenalised coordinates, whose columns the dual point must be orthogonal to; not those held by a bound."""
    l1, l2, lo, up = pen
    return (l1 == 0) & (l2 == 0) & ~((u <= lo) & (c < -HELD)) & ~((u >= up) & (c > HELD))


def prolonged(before: tuple[float, Floats] | None, now: float, lam1: float, u: Floats, pen: Penalty) -> Floats | None:
    """u at lam1 if it goes on as it went from λ and u ``before`` to those now; None where that is not known.

    On a fixed support u is linear in λ. Coordinates whose sign would change stay.
    """
    if before is None or not np.isfinite(before[0]) or before[0] == now:
        return None
    earlier = np.zeros_like(u)
    earlier[: len(before[1])] = before[1]
    guess = u + (lam1 - now) / (now - before[0]) * (u - earlier)
    keep = (earlier * u > 0) & (guess * u > 0)
    return np.where(keep, np.clip(guess, pen[2], pen[3]), u)
