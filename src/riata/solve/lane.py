"""One training set on its way down the λ grid: working set, proof that nothing outside it matters, results."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.solve.scaling import Scaling
from riata.solve.span import Span

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# Beyond this share of unproven columns a full pass costs less than reading them one by one, and it feeds the span.
READ_SHARE = 0.05


class Lane:
    """Solve at one λ by rounds: inner solve on W, prove the rest inactive, let violators into W, repeat."""

    def __init__(self, problem: Problem, scaling: Scaling, inner: Any, use_span: bool = True):
        self.problem, self.scaling, self.inner, self.use_span = problem, scaling, inner, use_span
        self.outside = ~scaling.excluded  # columns that are not in W and may ever be
        self.always = np.flatnonzero((scaling.a == 0) & ~scaling.excluded)  # no threshold: in W from the start
        kept = scaling.a[~scaling.excluded]
        self.threshold = float(kept[0]) if len(kept) and kept.min() == kept.max() else None
        self.span = Span()
        self.lam = 0.0
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
        self.lam, self.here = lam, 0
        return self.always[self.outside[self.always]]

    def enter(self, features: Ints, total: Floats | None, held: Floats | None) -> None:
        self.outside[features] = False
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
        if not self.outside.any():
            return np.zeros(0, np.intp)
        if not self.use_span:
            return None
        predicted, off = self.span.predict(self.inner.train)
        if not np.isfinite(off):
            return None
        doubt = self._suspects(predicted, off)
        doubt &= self.outside
        which = np.flatnonzero(doubt)
        return None if len(which) > max(32, READ_SHARE * len(doubt)) else which

    def _suspects(self, c: Floats, off: float) -> NDArray[np.bool_]:
        """Where |c| + off exceeds the threshold; one comparison where all features have the same."""
        if self.threshold is not None and not self.scaling.bounded:
            return np.abs(c) > self.strength()[0] * self.threshold - off
        return self._excess(c, off) > 0

    def _excess(self, c: Floats, off: float, cols: Ints | slice = slice(None)) -> Floats:
        """How far |c| + off is above its threshold, in the directions that the bounds allow."""
        threshold = self.strength()[0] * self.scaling.a[cols]
        if not self.scaling.bounded:
            return np.abs(c) + off - threshold
        rise = np.where(self.scaling.up[cols] > 0, c, -np.inf)
        fall = np.where(self.scaling.lo[cols] < 0, -c, -np.inf)
        return np.maximum(rise, fall) + off - threshold

    def learn(self, c: Floats) -> Ints:
        """Take exact correlations of all columns (a full pass); violators outside W, largest first."""
        if self.use_span:
            self.span.add(self.inner.train, c)
        return self._largest(np.flatnonzero(self._suspects(c, 0.0) & self.outside), c)

    def judge(self, cols: Ints, c: Floats) -> Ints:
        """Take exact correlations of some columns; the violators among them, largest first."""
        over = self._excess(c, 0.0, cols) > 0
        return self._largest(cols[over], c[over], own=True)

    def _largest(self, cols: Ints, c: Floats, own: bool = False) -> Ints:
        """At most as many newcomers as W has members (at least 32): the strongest, relative to their threshold."""
        most = max(32, len(self.inner.W))
        if len(cols) <= most:
            return cols
        values = np.abs(c if own else c[cols]) / np.maximum(self.scaling.a[cols], 1e-12)
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
            self.deviance.append(1.0 - float(self.inner.train @ self.inner.train))
        if measure is not None:
            unit = self.scaling.y_norm if not self.trivial else 1.0
            power = 2 if measure == "mse" else 1
            self.losses.append(self.inner.held_loss(measure) * unit**power)
