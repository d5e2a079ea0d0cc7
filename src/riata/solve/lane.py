"""One training set on its way down the λ grid: working set, proof that nothing outside it matters, results."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.kernels import span as span_kernel
from riata.solve.scaling import Scaling
from riata.solve.span import Span

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# Beyond this share of unproven columns a full pass costs less than reading them one by one, and it feeds the span.
READ_SHARE = 0.05
# A feature is taken in before the first solve where its correlation will probably come this close to its threshold, in
# shares of the step to the next λ.
EAGER = 0.5


class Lane:
    """Solve at one λ by rounds: inner solve on W, prove the rest inactive, let violators into W, repeat."""

    def __init__(self, problem: Problem, scaling: Scaling, inner: Any, use_span: bool = True):
        self.problem, self.scaling, self.inner, self.use_span = problem, scaling, inner, use_span
        # thresholds at λ/σ = 1 of the columns that are not in W and may ever be; ∞ for the others
        self.unit = np.where(scaling.excluded, np.inf, scaling.a)
        self.left = int(np.count_nonzero(~scaling.excluded))  # how many are outside W
        self.always = np.flatnonzero(self.unit == 0)  # no threshold: in W from the start
        self.room = np.empty(int(max(32, READ_SHARE * len(self.unit))), np.intp)
        self.threshold = self.unit
        self.span = Span()
        self.lam = np.inf
        self.seen: tuple[float, Floats] | None = None  # λ and correlations at the end of the λ before
        self.gap = 0.0
        self.here = 0  # inner rounds at this λ
        self.rounds: list[int] = []
        self.trivial = scaling.y_norm == 0.0  # the null model fits exactly: nothing to solve
        self.coefs: list[tuple[Ints, Floats]] = []
        self.gaps: list[float] = []
        self.losses: list[float] = []
        self.deviance: list[float] = []

    # -- one λ -----------------------------------------------------------------------------------------------
    def start(self, lam: float) -> Ints:
        """Set λ; features that must be in W before the first solve."""
        before, self.lam, self.here = self.lam, lam, 0
        if not self.trivial:
            self.threshold = self.strength()[0] * self.unit if lam > 0 else np.where(np.isinf(self.unit), np.inf, 0.0)
        first = self.always[np.isfinite(self.unit[self.always])]
        if self.trivial or not self.inner.eager or not lam < before < np.inf:
            return first
        return np.union1d(first, self._expected(before))

    def _expected(self, before: float) -> Ints:
        """Features that will probably enter at this λ: linear extrapolation of the correlations that the span knows.

        An inner solve without Gram matrix costs the more the tighter it is, and one feature too many costs it nothing.
        """
        known = self.span.project(self.inner.train) if self.use_span else None
        if known is None or self.left == 0:
            return np.zeros(0, np.intp)
        table, a, _ = known
        c = a @ table
        old, self.seen = self.seen, (before, c)
        if old is not None and old[0] > before:
            c = c + (c - old[1]) * ((before - self.lam) / (old[0] - before))
        cols = np.flatnonzero(np.isfinite(self.unit))
        over = self._excess(c[cols], EAGER * (1.0 - self.lam / before) * self.threshold[cols], cols) > 0
        return cols[over]

    def enter(self, features: Ints, total: Floats | None, held: Floats | None) -> None:
        self.unit[features] = np.inf
        self.threshold[features] = np.inf
        self.left -= len(features)
        self.inner.grow(features, total, held)

    def solve(self, goal: float, max_iter: int) -> None:
        """Inner solve; the gap is in units where the null model's objective is ½."""
        rounds, self.gap = self.inner.solve(*self.strength(), goal, max_iter)
        self.here += rounds

    def strength(self) -> tuple[float, float]:
        """λ on the canonical scale: (λ/σ, λ)."""
        return self.lam / self.scaling.y_norm, self.lam

    def unproven(self) -> Ints | None:
        """Columns outside W that the span bound cannot prove inactive; None where a full pass is wanted."""
        if self.left == 0:
            return np.zeros(0, np.intp)
        known = self.span.project(self.inner.train) if self.use_span else None
        if known is None:
            return None
        table, a, off = known
        if self.scaling.bounded:
            which = np.flatnonzero(self._excess(a @ table, off) > 0)
            return which if len(which) <= len(self.room) else None
        count = span_kernel.suspects(table, a, self.threshold, off, self.room)
        return self.room[:count].copy() if count <= len(self.room) else None

    def _excess(self, c: Floats, off: float, cols: Ints | slice = slice(None)) -> Floats:
        """How far |c| + off is above its threshold, in the directions that the bounds allow."""
        if not self.scaling.bounded:
            return np.abs(c) + off - self.threshold[cols]
        rise = np.where(self.scaling.up[cols] > 0, c, -np.inf)
        fall = np.where(self.scaling.lo[cols] < 0, -c, -np.inf)
        return np.maximum(rise, fall) + off - self.threshold[cols]

    def learn(self, c: Floats) -> Ints:
        """Take exact correlations of all columns (a full pass); violators outside W, largest first."""
        if self.use_span:
            self.span.add(self.inner.train, c)
        which = np.flatnonzero(self._excess(c, 0.0) > 0)
        return self._largest(which, c[which])

    def judge(self, cols: Ints, c: Floats) -> Ints:
        """Take exact correlations of some columns; the violators among them, largest first."""
        over = self._excess(c, 0.0, cols) > 0
        return self._largest(cols[over], c[over])

    def _largest(self, cols: Ints, c: Floats) -> Ints:
        """At most as many newcomers as W has members (at least 32): the strongest, relative to their threshold."""
        most = max(32, len(self.inner.W))
        if len(cols) <= most:
            return cols
        values = np.abs(c) / np.maximum(self.unit[cols], 1e-12)
        return np.sort(cols[np.argsort(-values, kind="stable")[:most]])

    def finish(self, measure: str | None) -> None:
        """Record the solution at this λ."""
        self.rounds.append(self.here)
        if self.trivial:
            self.coefs.append((np.zeros(0, np.intp), np.zeros(0)))
            self.gaps.append(0.0)
            self.deviance.append(0.0)
        else:
            self.coefs.append(self.inner.coefficients())
            self.gaps.append(2.0 * self.gap)
            self.deviance.append(1.0 - self.inner.square)
        if measure is not None:
            unit = self.scaling.y_norm if not self.trivial else 1.0
            power = 2 if measure == "mse" else 1
            self.losses.append(self._held_loss(measure) * unit**power)

    def _held_loss(self, measure: str) -> float:
        """Weighted mean loss on the held-out rows, in units of the training target's norm."""
        rows, root = self.inner.residual[self.inner.held], self.inner.root[self.inner.held]
        weight = float(root @ root)
        if weight == 0.0:
            return float("nan")
        return float(rows @ rows) / weight if measure == "mse" else float(root @ np.abs(rows)) / weight
