"""A Cholesky factor in single precision that speeds conjugate gradients up, and is never trusted further.

On text and one-hot tables some combinations of columns are nearly dependent, and plain conjugate gradients need
hundreds of steps; with the factor of ζ_B'Sζ_B on nearly the same support B they need a few. Features that left B since
are cut out of its inverse, newcomers have their diagonal. It is made anew at every λ: each feature that came or went
costs a step or two, so that an old one saves little, and keeping one for every fold would take memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

from riata.kernels import sparse as kernel
from riata.solve.scaling import Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# Ridges to try, relative to the diagonal of 1: the first lies above the rounding of single precision.
RIDGES = (1e-5, 1e-4, 1e-3, 1e-2)
# Seconds per unit of work, one core: entry of X in a product; entry of the triangle in a solve, which waits for memory;
# flop of a factorisation; term of a Gram matrix. Only their ratios matter.
ENTRY, TRIANGLE, FLOP, TERM = 1.0e-9, 0.4e-9, 1.2e-11, 1.0e-9


class Factor:
    """Lower triangle L with LL' ≈ ζ_B'Sζ_B + ridge, in float32."""

    def __init__(self, X: Any, cols: Ints, scaling: Scaling, s: Floats, l2: Floats):
        self.place = np.full(X.shape[1], -1, np.int32)
        self.place[cols] = np.arange(len(cols))
        sub = X[:, cols]
        width = np.diff(sub.indptr)
        data = sub.data * np.sqrt(s)[sub.indices] / np.repeat(scaling.norm[cols], width)
        sub.data = data.astype(np.float32)
        rows = sub.tocsr()
        self.ok = False
        mean = (scaling.mean[cols] / scaling.norm[cols]).astype(np.float32)
        for ridge in RIDGES:
            L = np.empty((len(cols), len(cols)), np.float32, order="F")
            kernel.gram(sub.data, sub.indices, sub.indptr, rows.data, rows.indices, rows.indptr, mean, L)
            L[np.diag_indices(len(cols))] = (1.0 + l2) * (1.0 + ridge)
            self.L, info = lapack.spotrf(L, lower=1, clean=0, overwrite_a=1)
            if info == 0:
                self.ok = True
                return

    def solve(self, at: Ints, x: Floats) -> Floats:
        """(LL')⁻¹ x on the members ``at``."""
        full = np.zeros(len(self.L), np.float32)
        full[at] = x
        full = blas.strsv(self.L, full, lower=1, overwrite_x=1)
        full = blas.strsv(self.L, full, lower=1, trans=1, overwrite_x=1)
        return full[at].astype(np.float64)


class Price:
    """Counted work, in seconds of one core, of steps without a factor and of making one."""

    def __init__(self, design: Any):
        self.length, self.terms = np.diff(design.raw.indptr), 0.5 * design.row_fill

    def step(self, cols: Ints) -> float:
        """One step of conjugate gradients."""
        return 2.0 * ENTRY * float(self.length[cols].sum())

    def solve(self, cols: Ints) -> float:
        """What a factor adds to a step."""
        return TRIANGLE * len(cols) ** 2

    def factor(self, cols: Ints) -> float:
        """Gram matrix and factorisation."""
        return FLOP * len(cols) ** 3 / 3.0 + TERM * self.terms * float(self.length[cols].sum())

    def in_entries(self, steps: float) -> Floats:
        """(triangle's entry, flop, Gram matrix by entry, steps with a factor), in entries as compiled code counts."""
        return np.array([TRIANGLE / ENTRY, FLOP / ENTRY, TERM * self.terms / ENTRY, steps])
