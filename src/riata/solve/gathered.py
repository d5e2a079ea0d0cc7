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
from riata.kernels import gram as gram_kernel
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
        self.n, p = design.shape
        # what lanes add to by themselves, where columns lie in memory as they are needed
        self.store = gram_kernel.Store(self.n, p, scaling.mean, scaling.norm, root)
        self.where = np.asarray(self.store.where)  # feature → position in Z

    @property
    def size(self) -> int:
        """How many columns are here."""
        return int(self.store.size)

    @property
    def Z(self) -> Floats:
        """Their memory, with room for more."""
        return np.asarray(self.store.Z)

    def need(self, features: Ints) -> bool:
        """Gather the features that are not here yet; whether those that were have moved."""
        fresh = features[self.where[features] < 0]
        if not len(fresh):
            return False
        have = self.Z.shape[1]
        moved = self.size + len(fresh) > have
        if moved:
            # Memory that nothing was written to is only promised: room for every support there can be, and then some,
            # costs nothing until columns come, and they need not be copied over and over.
            room = max(2 * have, self.size + len(fresh), ROOM * self.n, 16)
            self.store.grow(min(room, self.design.shape[1]))
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
        self.store.added(fresh)

    def clear(self) -> None:
        """Forget all columns."""
        self.store.clear()

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
