"""The inner solve of one lane on its working set, by Gram matrix.

A lane is one training set (all rows, or all rows outside one fold). Its working set W only grows along the path; the
Gram matrix on W grows by blocks, and gradients are taken afresh from the residual, so that rounding in the Gram
matrix slows convergence but never moves the solution.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riata.kernels import gram as gram_kernel
from riata.solve.gathered import Gathered
from riata.solve.scaling import CANCELS, Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# A re-solve with fresh gradients stops paying once it no longer halves the gap.
REFINEMENTS = 6
# Columns of a Gram matrix that are built again at a time.
REBUILT = 256


class GramInner:
    """Solve on W with G_W in memory; ``solve`` leaves u, the correlations c and the residual in step."""

    name = "gram"
    eager = False

    def __init__(self, gathered: Gathered, scaling: Scaling, target: Floats, held: slice | None):
        self.gathered, self.scaling, self.held = gathered, scaling, held
        self.root = gathered.root
        self.share = 1.0 - (float(self.root[held] @ self.root[held]) if held is not None else 0.0)
        self.work = gram_kernel.Workspace()
        self.W = np.zeros(0, np.intp)
        self.at = np.zeros(0, np.intp)  # where W stands among the gathered columns
        self.ratio = np.zeros(0)  # norm in the full data / norm here, for W
        self.shift = np.zeros(0)  # mean here − mean in the full data, in norms here, for W
        self.weights = (np.zeros(0),) * 4  # a, b, lo, up of W
        self.ridge = bool(scaling.b.any())
        self.G = np.zeros((0, 0), order="F")
        self.u = np.zeros(0)
        self.c = np.zeros(0)
        first, last = (held.start, held.stop) if held is not None else (0, 0)
        self.e = gram_kernel.Residual(target, self.root, first, last, gathered.centred, self.share)
        self.residual = np.asarray(self.e.full)  # on all rows, in root-weighted fold order
        self.train = np.asarray(self.e.train)  # held-out rows zeroed, unit norm at the null model
        self.e.begin(np.zeros(0))

    # -- growing ---------------------------------------------------------------------------------------------
    def grow(self, features: Ints, total: Floats, held: Floats | None) -> None:
        """Take features into W; ``total`` and ``held`` are the blocks of Gathered for exactly these features."""
        old, new = len(self.W), len(features)
        W, s, base = np.concatenate([self.W, features]), self.scaling, self.gathered.scaling
        if old + new > self.G.shape[0]:
            self._make_room(old, old + new)
        self.W, self.at = W, self.gathered.where[W]
        self.ratio = base.norm[W] / s.norm[W]
        self.shift = (s.mean[W] - base.mean[W]) / s.norm[W]
        self.weights = (s.a[W], s.b[W], s.lo[W], s.up[W])
        block = self._scaled_block(slice(old, None), total[self.at], None if held is None else held[self.at])
        self.G[: old + new, old : old + new] = block
        self.G[old : old + new, :old] = block[:old].T
        for i in range(old, old + new):
            self.G[i, i] = 1.0
        self.e.columns(self.gathered.Z, self.at, self.ratio)
        self.e.measure(old, old + new, self.c)

    @property
    def nbytes(self) -> int:
        """Memory of the Gram matrix and of its factor."""
        return 16 * len(self.W) ** 2

    def release(self) -> None:
        """Give the Gram matrix and its factor back; ``rebuild`` makes them again."""
        self.G = np.zeros((0, 0), order="F")
        self.work = gram_kernel.Workspace()
        # the residual would keep the gathered columns alive
        self.e.columns(np.empty((len(self.root), 0), order="F"), np.empty(0, np.intp), np.empty(0))

    def rebuild(self) -> None:
        """Gather W and make its Gram matrix again, some columns at a time: little is held twice."""
        m = len(self.W)
        if m == 0:
            return
        self.gathered.need(self.W)
        self.at = self.gathered.where[self.W]
        room = m + m // 4 + 32
        self.G = np.zeros((room, room), order="F")
        Z = self.gathered.columns(self.W)
        for start in range(0, m, REBUILT):
            part = slice(start, min(m, start + REBUILT))
            total = Z.T @ Z[:, part]
            held = None if self.held is None else Z[self.held].T @ Z[self.held, part]
            self.G[:m, part] = self._scaled_block(part, total, held)
        np.fill_diagonal(self.G[:m, :m], 1.0)
        self.u = np.concatenate([self.u[:m], np.zeros(room - m)])
        self.c = np.concatenate([self.c[:m], np.zeros(room - m)])

    def _make_room(self, old: int, size: int) -> None:
        # a half more each time: copying stays cheap, and no lane holds twice what it needs
        room = max(self.G.shape[0] * 3 // 2, size, 32)
        G = np.zeros((room, room), order="F")
        G[:old, :old] = self.G[:old, :old]
        self.G = G
        self.u = np.concatenate([self.u, np.zeros(room - len(self.u))])
        self.c = np.concatenate([self.c, np.zeros(room - len(self.c))])

    def _scaled_block(self, fresh: slice, total: Floats, held: Floats | None) -> Floats:
        """Inner products of W with its newest members, on this lane's scale; ``total`` and ``held`` have W's rows."""
        if held is None:
            return total
        if self.ratio.max() > CANCELS:
            return self._direct_block(fresh)
        block = (total - held) / self.share
        block *= self.ratio[:, None]
        block *= self.ratio[fresh]
        block -= np.outer(self.shift, self.shift[fresh])
        return block

    def _direct_block(self, fresh: slice) -> Floats:
        """Where nearly all of a column lies in the held-out rows, T − H would cancel: multiply the rows out."""
        root = self.root.copy()
        root[self.held] = 0.0
        Z = np.array(self.gathered.columns(self.W))
        Z[self.held] = 0.0
        if self.gathered.centred:
            Z -= np.outer(root, root @ Z) / self.share
        Z *= self.ratio
        return Z.T @ Z[:, fresh] / self.share

    # -- solving ---------------------------------------------------------------------------------------------
    def solve(self, lam1: float, lam2: float, goal: float, max_iter: int) -> tuple[int, float]:
        """Bring u to the solution on W; returns (rounds, gap on W). gap is in units where the null model has ½."""
        m = len(self.W)
        if m == 0:
            return 0, 0.0
        a, b, lo, up = self.weights
        l1, l2 = lam1 * a, lam2 * b
        if self.ridge:
            l1[np.isposinf(l2)] = np.inf
            l2[np.isposinf(l2)] = 0.0
        self.e.columns(self.gathered.Z, self.at, self.ratio)  # gathering may have moved them
        rounds, gap = self.work.advance(self.G, m, self.u, self.c, l1, l2, lo, up, goal, max_iter, REFINEMENTS, self.e)
        return abs(rounds), gap

    def begin(self, u: Floats) -> None:
        """Start from u (n_features,), whose support is in W."""
        m = len(self.W)
        self.u[:m] = u[self.W]
        self.e.columns(self.gathered.Z, self.at, self.ratio)
        self.e.begin(self.u[:m])
        self.e.measure(0, m, self.c)

    @property
    def square(self) -> float:
        """‖e‖² on the training rows, 1 at the null model."""
        return self.e.square

    def coefficients(self) -> tuple[Ints, Floats]:
        """Non-zero features and their u."""
        (on,) = self.u[: len(self.W)].nonzero()
        return self.W[on], self.u[on]
