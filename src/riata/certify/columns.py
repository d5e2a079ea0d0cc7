"""The columns of a design in units of about one standard deviation, never copied whole.

For column j the certificate works with

    z_ij = (x_ij - shift_j) / unit_j,      unit_j a power of two near the largest |x_ij - shift_j|,

where ``shift`` is the weighted mean (0 without an intercept). The power of two makes the
scaling exact, so columns at 1e-150 or 1e150 meet the same arithmetic as columns at 1, and
subtracting the mean *before* multiplying keeps the digits of a column whose mean is far
larger than its spread (a timestamp).

Two implementations with the same four members (``sd``, ``norm``, ``predict``, ``correlate``):
dense data are visited in blocks of columns; sparse data keep their zeros and carry the shift
as a rank-one correction, except for those full columns with mean >> sd where that correction
would cancel all digits: they are gathered and treated as dense.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

Array = np.ndarray

BLOCK = 2_000_000  # numbers in one dense block: 16 MB, small beside the data and large beside a call
CHUNK = 1_000_000  # stored entries of a sparse matrix visited at a time
FLAT = 0.1  # below this sd/|mean| a sparse column is centred before it is multiplied


def power_of_two(size: Any) -> Any:
    """The power of two at or below each positive size; 1 where the size is 0.

    >>> power_of_two(np.array([0.0, 1.0, 5.0])).tolist()
    [1.0, 1.0, 4.0]
    """
    _, exponent = np.frexp(size)
    exponent = np.clip(exponent - 1, -1000, 1000)
    return np.where(size > 0, np.ldexp(1.0, exponent), 1.0)


def columns_of(design: Any, weight: Array, centre: bool) -> DenseColumns | SparseColumns:
    """Scaled columns of a ``riata.design.Design`` under weights that sum to one."""
    raw = getattr(design, "raw", None)
    if sp.issparse(raw):
        return SparseColumns(raw, weight, centre)
    if isinstance(raw, np.ndarray) and raw.ndim == 2:
        return DenseColumns(lambda at: raw[:, at], raw.shape, weight, centre)
    return DenseColumns(lambda at: design.columns(np.arange(design.shape[1])[at]), design.shape, weight, centre)


def weighted_moments(block: Array, weight: Array) -> tuple[Array, Array, Array, Array]:
    """(mean, unit, sd/unit, constant?) of the columns of one float64 block; constant means max == min."""
    low, high = block.min(axis=0), block.max(axis=0)
    constant = low == high
    size = power_of_two(np.maximum(np.abs(low), np.abs(high)))
    mean = (weight @ (block / size)) * size
    mean = np.where(constant, low, np.clip(mean, low, high))
    centred = block - mean
    unit = power_of_two(np.abs(centred).max(axis=0))
    centred /= unit
    off = weight @ centred  # what rounding left of the mean
    sd = np.sqrt(np.maximum(weight @ centred**2 - off**2, 0.0))
    return mean, unit, np.where(constant, 0.0, sd), constant


class DenseColumns:
    """Blocks of columns of anything that can hand out ``take(slice) -> (n, k)`` numbers."""

    def __init__(self, take: Any, shape: tuple[int, int], weight: Array, centre: bool) -> None:
        self.take, self.shape, self.weight = take, shape, weight
        self.keep = None if np.all(weight > 0) else np.flatnonzero(weight > 0)
        self.live = weight if self.keep is None else weight[self.keep]
        p = shape[1]
        self.mean, self.unit, self.sd = np.zeros(p), np.ones(p), np.zeros(p)
        self.constant = np.zeros(p, bool)
        self.norm = self.sd
        norm = np.zeros(p)
        for at, block in self._raw_blocks():
            moments = weighted_moments(block, self.live)
            self.mean[at], self.unit[at], self.sd[at], self.constant[at] = moments
            if not centre:
                size = power_of_two(np.abs(block).max(axis=0))
                self.sd[at] *= self.unit[at] / size
                self.unit[at] = size
                norm[at] = np.sqrt(self.live @ (block / size) ** 2)
        self.shift = self.mean if centre else np.zeros(p)
        self.norm = self.sd if centre else norm

    def _raw_blocks(self) -> Iterator[tuple[slice, Array]]:
        n, p = self.shape
        width = max(1, BLOCK // max(n, 1))
        for start in range(0, p, width):
            at = slice(start, min(start + width, p))
            block = np.asarray(self.take(at), dtype=np.float64)
            yield at, block if self.keep is None else block[self.keep]

    def _blocks(self) -> Iterator[tuple[slice, Array]]:
        for at, block in self._raw_blocks():
            block = block - self.shift[at]
            block /= self.unit[at]
            yield at, block

    def gather(self, index: Array) -> Array:
        """The scaled columns ``index`` as an (n, k) array, rows without weight at zero."""
        index = np.asarray(index, dtype=np.intp)
        out = np.zeros((self.shape[0], index.size), order="F")
        rows = slice(None) if self.keep is None else self.keep
        for k, j in enumerate(index):
            column = np.asarray(self.take(slice(j, j + 1)), dtype=np.float64)[:, 0]
            out[rows, k] = ((column - self.shift[j]) / self.unit[j])[rows]
        return out

    def predict(self, w: Array) -> Array:
        """Z @ w for w (p, L) in scaled units: (n, L), rows without weight at zero."""
        out = np.zeros((self.live.size, w.shape[1]), order="F")  # a λ's residual is read as one vector later
        used = np.any(w != 0, axis=1)
        for at, block in self._blocks() if np.any(used) else ():
            if np.any(used[at]):
                out += (w[at].T @ block.T).T
        if self.keep is None:
            return out
        full = np.zeros((self.shape[0], w.shape[1]), order="F")
        full[self.keep] = out
        return full

    def correlate(self, q: Array) -> Array:
        """Z' @ q for q (n, L) that already carries the weights: (p, L)."""
        q = q if self.keep is None else q[self.keep]
        out = np.empty((self.shape[1], q.shape[1]))
        for at, block in self._blocks():
            out[at] = block.T @ q
        return out


class SparseColumns:
    """CSC or CSR with any index width; only ``CHUNK`` entries are ever visited at once."""

    def __init__(self, X: Any, weight: Array, centre: bool) -> None:
        X = X if X.format in ("csc", "csr") else X.tocsc()
        if not X.has_canonical_format:  # squares of entries need the duplicates summed
            X = X.copy()
            X.sum_duplicates()
        self.X, self.shape, self.weight = X, X.shape, weight
        p = X.shape[1]
        size, stored = np.zeros(p), np.zeros(p)
        live = float(np.count_nonzero(weight > 0))
        low, high = np.full(p, np.inf), np.full(p, -np.inf)
        for col, row, val in self._entries():
            alive = weight[row] > 0
            col, val = col[alive], val[alive]
            np.minimum.at(low, col, val)
            np.maximum.at(high, col, val)
            stored += np.bincount(col, minlength=p)
        gaps = stored < live
        low, high = np.where(gaps, np.minimum(low, 0.0), low), np.where(gaps, np.maximum(high, 0.0), high)
        size = power_of_two(np.maximum(np.abs(low), np.abs(high)))
        self.constant = low == high
        self.unit = size
        self.mean, self.sd, self.norm = self._moments(centre)
        self.mean = np.where(self.constant, low, self.mean)
        self.shift = self.mean if centre else np.zeros(p)
        flat = np.flatnonzero(~gaps & ~self.constant & (self.sd * size <= FLAT * np.abs(self.mean)))
        self.flat = flat
        self.dense = DenseColumns(lambda at: self._dense(flat[at]), (X.shape[0], flat.size), weight, centre)
        for name in ("mean", "unit", "sd", "norm", "shift", "constant"):
            getattr(self, name)[flat] = getattr(self.dense, name)

    def _entries(self) -> Iterator[tuple[Array, Array, Array]]:
        """(column, row, value) of the stored entries, some at a time."""
        X = self.X
        major = X.indptr.size - 1
        start = 0
        while start < major:
            stop = int(np.searchsorted(X.indptr, X.indptr[start] + CHUNK, side="right")) - 1
            stop = min(max(stop, start + 1), major)
            a, b = int(X.indptr[start]), int(X.indptr[stop])
            outer = np.repeat(np.arange(start, stop), np.diff(X.indptr[start : stop + 1]))
            inner, val = X.indices[a:b], np.asarray(X.data[a:b], dtype=np.float64)
            yield (outer, inner, val) if X.format == "csc" else (inner, outer, val)
            start = stop

    def _moments(self, centre: bool) -> tuple[Array, Array, Array]:
        """(mean, sd/unit, norm/unit); the norm is about the mean when ``centre``, about 0 otherwise."""
        p = self.shape[1]
        mean, filled, square = np.zeros(p), np.zeros(p), np.zeros(p)
        for col, row, val in self._entries():
            s = self.weight[row]
            mean += np.bincount(col, weights=s * (val / self.unit[col]), minlength=p)
            filled += np.bincount(col, weights=s, minlength=p)
        about = np.zeros(p)
        for col, row, val in self._entries():
            s, z = self.weight[row], val / self.unit[col]
            z, d = np.where(s > 0, z, 0.0), np.where(s > 0, z - mean[col], 0.0)
            square += np.bincount(col, weights=s * d * d, minlength=p)
            about += np.bincount(col, weights=s * z * z, minlength=p)
        sd = np.sqrt(square + np.maximum(1.0 - filled, 0.0) * mean**2)
        sd = np.where(self.constant, 0.0, sd)
        return mean * self.unit, sd, sd.copy() if centre else np.sqrt(about)

    def _dense(self, index: Array) -> Array:
        return self.X[:, index].toarray() if len(index) else np.zeros((self.shape[0], 0))

    def gather(self, index: Array) -> Array:
        """The scaled columns ``index`` as an (n, k) array, rows without weight at zero."""
        index = np.asarray(index, dtype=np.intp)
        out = np.asfortranarray(self._dense(index), dtype=np.float64)
        out = (out - self.shift[index]) / self.unit[index]
        out[self.weight <= 0] = 0.0
        return out

    def predict(self, w: Array) -> Array:
        """Z @ w for w (p, L) in scaled units: (n, L)."""
        plain = w / self.unit[:, None]
        plain[self.flat] = 0.0
        out = np.asarray(self.X @ plain, order="F")
        out -= self.shift @ plain
        if self.flat.size and np.any(w[self.flat]):
            out += self.dense.predict(w[self.flat])
        return out

    def correlate(self, q: Array) -> Array:
        """Z' @ q for q (n, L) that already carries the weights: (p, L)."""
        out = np.asarray(self.X.T @ q) / self.unit[:, None]
        out -= np.outer(self.shift / self.unit, q.sum(axis=0))
        if self.flat.size:
            out[self.flat] = self.dense.correlate(q)
        return out
