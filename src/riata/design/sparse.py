"""Sparse design matrices: CSC, and whatever turns into it; 32- and 64-bit indices."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import scipy.sparse

from riata.core.errors import InvalidData
from riata.design.base import Design, Floats, Ints
from riata.kernels import sparse as kernel


class Sparse(Design):
    """A matrix stored by columns. CSR and others are converted once; centring is left to the caller's arithmetic."""

    is_sparse = True

    def __init__(self, X: Any, names: tuple[str, ...] | None = None):
        if X.ndim != 2:
            raise InvalidData("X must be a table of rows and columns.", got=f"{X.ndim} dimensions")
        csc = scipy.sparse.csc_array(X)
        if csc.dtype != np.float64:
            csc = csc.astype(np.float64)
        if not csc.has_canonical_format:
            csc = csc.copy() if csc.data is getattr(X, "data", None) else csc
            csc.sum_duplicates()
        self.raw = csc
        self.shape = (int(csc.shape[0]), int(csc.shape[1]))
        self.names = names

    @property
    def nbytes(self) -> int:
        return int(self.raw.data.nbytes + self.raw.indices.nbytes + self.raw.indptr.nbytes)

    @functools.cached_property
    def row_fill(self) -> float:
        """Stored entries in the row of an entry, on average over entries: the work of a Gram matrix per entry."""
        rows = np.bincount(self.raw.indices, minlength=self.shape[0]).astype(np.float64)
        return float(rows @ rows) / max(self.raw.nnz, 1)

    def dot(self, coef: Floats) -> Floats:
        return np.asarray(self.raw @ coef)

    def correlate(self, R: Floats, cols: Ints | None = None) -> Floats:
        X = self.raw if cols is None else self.raw[:, cols]
        return np.asarray(X.T @ R)

    def columns(self, cols: Ints) -> Floats:
        X, at = self.raw, np.ascontiguousarray(cols, np.intp)
        inside = len(at) == 0 or (at.min() >= 0 and at.max() < self.shape[1])
        if not inside or X.indices.dtype != X.indptr.dtype:  # the kernel checks nothing; SciPy raises IndexError
            return X[:, cols].toarray(order="F")
        out = np.zeros((self.shape[0], len(at)), order="F")
        kernel.gather(X.data, X.indices, X.indptr, at, out)
        return out

    def rows(self, index: Ints) -> Floats:
        return self.raw[index].toarray()

    def group_moments(self, weights: Floats, groups: Ints, n_groups: int) -> tuple[Floats, Floats]:
        X = self.raw
        mean, m2 = np.zeros((n_groups, self.shape[1])), np.zeros((n_groups, self.shape[1]))
        kernel.group_moments(
            X.data,
            X.indices,
            X.indptr,
            weights,
            groups.astype(np.intp),
            np.bincount(groups, weights, n_groups),
            mean,
            m2,
        )
        return mean, m2

    def first_non_finite(self) -> tuple[int, int] | None:
        bad = np.flatnonzero(~np.isfinite(self.raw.data))
        if not len(bad):
            return None
        col = int(np.searchsorted(self.raw.indptr, bad[0], side="right")) - 1
        return int(self.raw.indices[bad[0]]), col
