"""The inner solve of one lane on its working set, by Gram matrix.

A lane is one training set (all rows, or all rows outside one fold). Its working set W only grows along the path, and
the Gram matrix on W grows by blocks; the numbers live in a compiled :class:`riata.kernels.gram.WorkingSet`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riata.kernels import gram as gram_kernel
from riata.solve.gathered import Gathered
from riata.solve.scaling import CANCELS, Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# Columns of a Gram matrix that are built again at a time.
REBUILT = 256


class GramInner:
    """W with G_W in memory: takes features in, drops and rebuilds the matrix, starts from given coefficients."""

    name = "gram"
    shares = True  # blocks of inner products with the other lanes
    alone = False  # whether newcomers enter without what other lanes know

    def __init__(self, gathered: Gathered, scaling: Scaling, target: Floats, held: slice | None):
        self.gathered, self.scaling, self.held = gathered, scaling, held
        self.root = gathered.root
        self.share = 1.0 - (float(self.root[held] @ self.root[held]) if held is not None else 0.0)
        first, last = (held.start, held.stop) if held is not None else (0, 0)
        e = gram_kernel.Residual(target, self.root, first, last, gathered.centred, self.share)
        self.set = gram_kernel.WorkingSet(e, scaling, gathered.scaling, self.share)
        self.residual = np.asarray(e.full)  # on all rows, in root-weighted fold order
        self.train = np.asarray(e.train)  # held-out rows zeroed, unit norm at the null model
        # where some column lies nearly all in the held-out rows, blocks of it must be multiplied out
        seen = ~scaling.excluded
        ratio = gathered.scaling.norm[seen] / scaling.norm[seen]
        self.cancels = held is not None and bool((ratio > CANCELS).any())
        if not self.cancels:
            self.set.gather_in(gathered.store)

    @property
    def W(self) -> Ints:
        """The members, in the order they came."""
        return np.asarray(self.set.features)

    def grow(self, features: Ints, total: Floats | None = None, columns: Ints | None = None) -> None:
        """Take features into W; ``total[:, columns]`` are their inner products with all gathered columns, if known."""
        old = self.set.m
        self.set.enlist(features)
        self.set.place(self.gathered.where)
        self.set.e.columns(self.gathered.Z)
        self._fill(old, features, total, columns)
        self.set.measure(old)

    def _fill(self, first: int, features: Ints, total: Floats | None, columns: Ints | None) -> None:
        if self.cancels and self.set.ratios.max() > CANCELS:
            self.set.put(first, self._direct_block(slice(first, first + len(features))))
            return
        if total is None:
            self.set.multiply_out(first)
            return
        held = None if self.held is None else self.gathered.held_block(features, self.held)
        self.set.fill(first, total, columns, held, np.arange(len(features)))

    def _direct_block(self, fresh: slice) -> Floats:
        """Where nearly all of a column lies in the held-out rows, T − H would cancel: multiply the rows out."""
        root = self.root.copy()
        root[self.held] = 0.0
        Z = np.array(self.gathered.columns(self.W))
        Z[self.held] = 0.0
        if self.gathered.centred:
            Z -= np.outer(root, root @ Z) / self.share
        Z *= self.set.ratios
        return Z.T @ Z[:, fresh] / self.share

    # -- memory ----------------------------------------------------------------------------------------------
    @property
    def nbytes(self) -> int:
        """Memory of the Gram matrix and of its factor."""
        return 16 * self.set.m**2

    def moved(self) -> None:
        """The gathered columns lie elsewhere now: let go of where they were."""
        if self.set.at_work:
            self.set.place(self.gathered.where)
            self.set.e.columns(self.gathered.Z)

    def release(self) -> None:
        """Give the Gram matrix and its factor back; ``rebuild`` makes them again."""
        self.set.release()
        # the residual would keep the gathered columns alive
        self.set.e.columns(np.empty((len(self.root), 0), order="F"))

    def rebuild(self) -> None:
        """Gather W and make its Gram matrix again, some columns at a time: little is held twice."""
        W = self.W
        self.set.restore()
        self.gathered.need(W)
        self.set.place(self.gathered.where)
        self.set.e.columns(self.gathered.Z)
        for start in range(0, len(W), REBUILT):
            part = W[start : start + REBUILT]
            self._fill(start, part, self.gathered.total_block(part), np.arange(len(part)))

    # -- starting --------------------------------------------------------------------------------------------
    def begin(self, u: Floats) -> None:
        """Start from u (n_features,), whose support is in W."""
        self.set.begin(u[self.W])

    def solve(self, lam1: float, lam2: float, goal: float, max_iter: int) -> tuple[int, float]:
        """Bring u to the solution on W; returns (rounds, gap on W). gap is in units where the null model has ½."""
        return self.set.solve(lam1, lam2, goal, max_iter)

    @property
    def factors(self) -> int:
        """Cholesky factors made from scratch."""
        return self.set.factors

    @property
    def square(self) -> float:
        """‖e‖² on the training rows, 1 at the null model."""
        return self.set.e.square

    def coefficients(self) -> tuple[Ints, Floats]:
        """Non-zero features and their u."""
        u = self.set.coefficients
        (on,) = u.nonzero()
        return self.W[on], u[on]
