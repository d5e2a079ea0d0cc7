"""Dense design matrices: C or Fortran order, float64 or float32, read-only or memory-mapped."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.design.base import Design, Floats, Ints
from riata.kernels.scan import finite

# A block this large stays in the second-level cache while it is converted, centred or squared.
BLOCK_BYTES = 1 << 20
# Columns that are read out of order are gathered this many bytes at a time.
GATHERED = 1 << 23


class Dense(Design):
    """A NumPy array. float32 is converted block by block, so that every product is taken in float64."""

    is_sparse = False

    def __init__(self, X: NDArray[Any], names: tuple[str, ...] | None = None):
        # A memory map behaves as an array but its slices are slow to make; the view costs nothing.
        self.raw = X if type(X) is np.ndarray else X.view(np.ndarray)
        self.shape = X.shape
        self.names = names
        self._double = X.dtype == np.float64

    def _column_blocks(self) -> Any:
        """Slices of columns whose float64 copy fits in cache; fixed by the shape alone."""
        n, p = self.shape
        width = max(1, BLOCK_BYTES // (8 * max(n, 1)))
        for start in range(0, p, width):
            yield slice(start, min(p, start + width))

    def _row_blocks(self) -> Any:
        n, p = self.shape
        height = max(1, BLOCK_BYTES // (8 * max(p, 1)))
        for start in range(0, n, height):
            yield slice(start, min(n, start + height))

    def dot(self, coef: Floats) -> Floats:
        if self._double:
            return self.raw @ coef
        out = np.empty((self.shape[0],) + coef.shape[1:])
        for block in self._row_blocks():
            out[block] = self.raw[block].astype(np.float64) @ coef
        return out

    def correlate(self, R: Floats, cols: Ints | None = None) -> Floats:
        if cols is not None:
            out = np.empty((len(cols),) + R.shape[1:])
            width = max(16, GATHERED // max(8 * self.shape[0], 1))
            for start in range(0, len(cols), width):
                out[start : start + width] = self.columns(cols[start : start + width]).T @ R
            return out
        if self._double:
            return self.raw.T @ R
        out = np.empty((self.shape[1],) + R.shape[1:])
        for block in self._column_blocks():
            out[block] = self.raw[:, block].astype(np.float64).T @ R
        return out

    def columns(self, cols: Ints) -> Floats:
        out = np.empty((self.shape[0], len(cols)), order="F")
        np.take(self.raw.T, cols, axis=0, out=out.T) if self._double else np.copyto(out, self.raw[:, cols])
        return out

    def rows(self, index: Ints) -> Floats:
        return self.raw[index].astype(np.float64, copy=False)

    def group_moments(self, weights: Floats, groups: Ints, n_groups: int) -> tuple[Floats, Floats]:
        if n_groups == 1:
            return self.subset_moments(weights[None, :])
        member = np.zeros((n_groups, self.shape[0]))
        member[groups, np.arange(self.shape[0])] = weights
        return self.subset_moments(member)

    def subset_moments(self, member: Floats) -> tuple[Floats, Floats]:
        p = self.shape[1]
        total = member.sum(axis=1)
        safe = np.where(total > 0, total, 1.0)
        mean, m2 = np.zeros((len(member), p)), np.zeros((len(member), p))
        with np.errstate(over="ignore", invalid="ignore"):  # columns of extreme size are looked at again
            if self.raw.flags.f_contiguous or not self.raw.flags.c_contiguous:  # by columns
                for block in self._column_blocks():
                    self._block_moments(np.array(self.raw[:, block], np.float64), member, safe, block, mean, m2)
            else:
                self._moments_by_rows(member, total, safe, mean, m2)
        return mean, m2

    def _block_moments(self, B, member, safe, block, mean, m2) -> None:
        centre = B[0].copy() if len(B) else 0.0
        B -= centre  # shifted sums: no digits lost where mean ≫ sd
        first = member @ B
        shift = first.sum(axis=0) / max(member.sum(), 1e-300)
        B -= shift
        first = (member @ B) / safe[:, None]
        np.multiply(B, B, out=B)
        m2[:, block] = np.maximum(member @ B - safe[:, None] * first**2, 0.0)
        mean[:, block] = first + shift + centre

    def _moments_by_rows(self, member, total, safe, mean, m2) -> None:
        centre = self.raw[0].astype(np.float64)
        shift = np.zeros(self.shape[1])
        weight = member.sum(axis=0)
        for block in self._row_blocks():
            shift += weight[block] @ (self.raw[block] - centre)
        centre = centre + shift / max(total.sum(), 1e-300)
        for block in self._row_blocks():
            B = self.raw[block] - centre
            mean += member[:, block] @ B
            np.multiply(B, B, out=B)
            m2 += member[:, block] @ B
        mean /= safe[:, None]
        np.maximum(m2 - safe[:, None] * mean**2, 0.0, out=m2)
        mean += centre

    def first_non_finite(self) -> tuple[int, int] | None:
        if finite(self.raw):
            return None
        bad = np.argwhere(~np.isfinite(self.raw))[0]
        return int(bad[0]), int(bad[1])
