"""The few columns that the lanes work with: copied once, centred, scaled, shared by every fold.

Rows are sorted by fold and multiplied by the root of their weight, so that each fold's held-out rows are one slice
and every Gram block is one matrix product:

    T = Zᵀ Z_N on all rows,   H_k = Zᵀ Z_N on the rows that fold k holds out,   training block of fold k = T − H_k

All folds together cost two products instead of K (DESIGN section 4).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riata.design import Design
from riata.solve.scaling import Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


# Columns copied at a time: their float64 copies on the way are small beside the data.
AT_ONCE = 128
# Columns there is room for at first, in multiples of the number of rows (a support has at most as many features).
ROOM = 4


class Gathered:
    """Columns z_j = root ∘ (x_j − m_j)/d_j in fold order, on the scaling of the full data."""

    def __init__(self, design: Design, scaling: Scaling, root: Floats, order: Ints | None, centred: bool):
        self.design, self.scaling, self.root, self.order = design, scaling, root, order
        self.centred = centred  # with an intercept: residuals have weighted mean zero
        self.where = np.full(design.shape[1], -1, np.intp)  # feature → position in Z
        self.size = 0
        self.n = design.shape[0]
        self.Z = np.empty((design.shape[0], 0), order="F")

    def need(self, features: Ints) -> bool:
        """Gather the features that are not here yet; whether those that were have moved."""
        fresh = features[self.where[features] < 0]
        if not len(fresh):
            return False
        moved = self.size + len(fresh) > self.Z.shape[1]
        if moved:
            # Memory that nothing was written to is only promised: room for every support there can be, and then some,
            # costs nothing until columns come, and they need not be copied over and over.
            room = max(2 * self.Z.shape[1], self.size + len(fresh), ROOM * self.n, 16)
            grown = np.empty((self.n, min(room, self.design.shape[1])), order="F")
            grown[:, : self.size] = self.Z[:, : self.size]
            self.Z = grown
        for start in range(0, len(fresh), AT_ONCE):
            self._take(fresh[start : start + AT_ONCE])
        return moved

    def _take(self, fresh: Ints) -> None:
        block = self.design.columns(fresh)
        block -= self.scaling.mean[fresh]
        block /= self.scaling.norm[fresh]
        if self.order is not None:
            block = block[self.order]
        np.multiply(block, self.root[:, None], out=self.Z[:, self.size : self.size + len(fresh)])
        self.where[fresh] = np.arange(self.size, self.size + len(fresh))
        self.size += len(fresh)

    def clear(self) -> None:
        """Forget all columns."""
        self.where[:] = -1
        self.size = 0
        self.Z = np.empty((self.Z.shape[0], 0), order="F")

    def columns(self, features: Ints) -> Floats:
        """The gathered columns of ``features``: a view where they lie side by side, else a copy."""
        at = self.where[features]
        if len(at) and at[-1] - at[0] == len(at) - 1 and np.all(np.diff(at) == 1):
            return self.Z[:, at[0] : at[-1] + 1]
        return self.Z[:, at]

    def total_block(self, features: Ints) -> Floats:
        """T: inner products of everything gathered with ``features``, over all rows."""
        return self.Z[:, : self.size].T @ self.columns(features)

    def held_block(self, features: Ints, rows: slice) -> Floats:
        """H: the same over one slice of rows."""
        return self.Z[rows, : self.size].T @ self.columns(features)[rows]
