"""The inner solve of one lane on its working set, by Gram matrix.

A lane is one training set (all rows, or all rows outside one fold). Its working set W only grows along the path; the
Gram matrix on W grows by blocks, and gradients are taken afresh from the residual, so that rounding in the Gram
matrix slows convergence but never moves the solution.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riata.kernels import columns as column_kernel
from riata.kernels import gram as gram_kernel
from riata.solve.gathered import Gathered
from riata.solve.scaling import Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# A re-solve with fresh gradients stops paying once it no longer halves the gap.
REFINEMENTS = 6


class GramInner:
    """Solve on W with G_W in memory; ``solve`` leaves u, the correlations c and the residual in step."""

    name = "gram"

    def __init__(self, gathered: Gathered, scaling: Scaling, target: Floats, held: slice | None):
        self.gathered, self.scaling, self.target, self.held = gathered, scaling, target, held
        self.root = gathered.root
        self.share = 1.0 - (float(self.root[held] @ self.root[held]) if held is not None else 0.0)
        self.root_share = float(np.sqrt(self.share))
        self.work = gram_kernel.Workspace()
        self.W = np.zeros(0, np.intp)
        self.at = np.zeros(0, np.intp)          # where W stands among the gathered columns
        self.ratio = np.zeros(0)                # norm in the full data / norm here, for W
        self.weights = (np.zeros(0),) * 4       # a, b, lo, up of W
        self.G = np.zeros((0, 0), order="F")
        self.u = np.zeros(0)
        self.c = np.zeros(0)
        self.residual = target.copy()  # on all rows, in root-weighted fold order
        self.train = target.copy()  # the same with held-out rows zeroed, unit norm at the null model
        self.intercept = 0.0
        self.square = 0.0                       # ‖train‖²
        self._renew_residual()

    # -- growing ---------------------------------------------------------------------------------------------
    def grow(self, features: Ints, total: Floats, held: Floats | None) -> None:
        """Take features into W; ``total`` and ``held`` are the blocks of Gathered for exactly these features."""
        old, new = len(self.W), len(features)
        W = np.concatenate([self.W, features])
        if old + new > self.G.shape[0]:
            room = max(2 * self.G.shape[0], old + new, 32)
            G = np.zeros((room, room), order="F")
            G[:old, :old] = self.G[:old, :old]
            self.G = G
            self.u = np.concatenate([self.u, np.zeros(room - len(self.u))])
            self.c = np.concatenate([self.c, np.zeros(room - len(self.c))])
        block = self._scaled_block(W, features, total, held)
        self.G[: old + new, old : old + new] = block
        self.G[old : old + new, :old] = block[:old].T
        for i in range(old, old + new):
            self.G[i, i] = 1.0
        s = self.scaling
        self.W, self.at = W, self.gathered.where[W]
        self.ratio = self.gathered.scaling.norm[W] / s.norm[W]
        self.weights = (s.a[W], s.b[W], s.lo[W], s.up[W])
        self.c[old : old + new] = self._correlations(slice(old, old + new))

    def _scaled_block(self, W: Ints, features: Ints, total: Floats, held: Floats | None) -> Floats:
        at = self.gathered.where[W]
        block = total[at]
        if held is None:
            return block
        ratio = self.gathered.scaling.norm / self.scaling.norm
        if max(ratio[W].max(), ratio[features].max()) > 1e3:
            return self._direct_block(W, features)
        block = (block - held[at]) / self.share
        mu = (self.scaling.mean - self.gathered.scaling.mean) / self.scaling.norm
        block *= ratio[W][:, None]
        block *= ratio[features]
        block -= np.outer(mu[W], mu[features])
        return block

    def _direct_block(self, W: Ints, features: Ints) -> Floats:
        """Where nearly all of a column lies in the held-out rows, T − H would cancel: multiply the rows out."""
        ratio = self.gathered.scaling.norm / self.scaling.norm
        parts = []
        for cols in (W, features):
            Z = np.array(self.gathered.columns(cols))
            Z[self.held] = 0.0
            root = self._training_root()
            Z -= np.outer(root, root @ Z) / self.share if self.centred else 0.0
            parts.append(Z * ratio[cols])
        return parts[0].T @ parts[1] / self.share

    @property
    def centred(self) -> bool:
        return self.gathered.centred

    def _training_root(self) -> Floats:
        root = self.root.copy()
        if self.held is not None:
            root[self.held] = 0.0
        return root

    # -- solving ---------------------------------------------------------------------------------------------
    def solve(self, lam1: float, lam2: float, goal: float, max_iter: int) -> tuple[int, float]:
        """Bring u to the solution on W; returns (rounds, gap on W). gap is in units where the null model has ½."""
        m = len(self.W)
        if m == 0:
            return 0, 0.0
        a, b, lo, up = self.weights
        with np.errstate(over="ignore"):
            l1, l2 = lam1 * a, lam2 * b
        l1[np.isposinf(l2)] = np.inf
        l2[np.isposinf(l2)] = 0.0
        u, c, rounds, gap = self.u[:m], self.c[:m], 0, np.inf
        for _ in range(REFINEMENTS):
            before = gap
            done, _ = self.work.solve(self.G, m, u, c, self.square, l1, l2, lo, up, goal, max_iter)
            rounds += abs(done)
            self._renew_residual()
            c[:] = self._correlations(slice(0, m))      # measured: what G says of them has G's rounding
            gap = self.work.gap(self.G, m, u, c, l1, l2, lo, up, self.square)
            if gap <= goal or done < 0 or gap > 0.5 * before:
                break
        return rounds, gap

    def begin(self, u: Floats) -> None:
        """Start from u (n_features,), whose support is in W."""
        m = len(self.W)
        self.u[:m] = u[self.W]
        self._renew_residual()
        self.c[:m] = self._correlations(slice(0, m))

    def _correlations(self, part: slice) -> Floats:
        """ζᵀe for part of W, from the residual."""
        at = self.at[part]
        out = np.empty(len(at))
        column_kernel.correlate(self.gathered.Z, at, self.train, out)
        out *= self.ratio[part]
        out /= self.root_share              # train is divided by √share, and so is ζ
        return out

    def _renew_residual(self) -> None:
        """e = ỹ − ζu from the coefficients, with the intercept refitted; nothing is carried over."""
        m = len(self.W)
        self.residual[:] = self.target
        column_kernel.combine(self.gathered.Z, self.at, self.u[:m] * self.ratio, self.residual)
        train = self.train
        np.copyto(train, self.residual)
        if self.held is not None:
            train[self.held] = 0.0
        if self.centred:
            b = float(self.root @ train) / self.share
            self.residual -= b * self.root
            np.copyto(train, self.residual)
            if self.held is not None:
                train[self.held] = 0.0
        if self.held is not None:
            train /= self.root_share
        self.square = float(train @ train)

    def coefficients(self) -> tuple[Ints, Floats]:
        """Non-zero features and their u."""
        on = np.flatnonzero(self.u[: len(self.W)])
        return self.W[on], self.u[on].copy()

    def held_loss(self, measure: str) -> float:
        """Weighted mean loss on the held-out rows, in units of the training target's norm."""
        rows, root = self.residual[self.held], self.root[self.held]
        weight = float(root @ root)
        if weight == 0.0:
            return float("nan")
        return float(rows @ rows) / weight if measure == "mse" else float(root @ np.abs(rows)) / weight
