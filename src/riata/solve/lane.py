"""One training set on its way down the λ grid: working set, proof that nothing outside it matters, results.

Where the inner solver is compiled, so is the walk (:class:`riata.kernels.gram.Track`): it stops only for what lanes
share, a pass over X or newcomers to the working set.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem
from riata.kernels import gram as gram_kernel
from riata.solve.outcome import Outcome, from_points
from riata.solve.scaling import Scaling

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# what Track.advance returns
DONE, SOLVE, PASS, READ, ENTER, SCORE = (
    gram_kernel.DONE,
    gram_kernel.SOLVE,
    gram_kernel.PASS,
    gram_kernel.READ,
    gram_kernel.ENTER,
    gram_kernel.SCORE,
)
# Beyond this share of unproven columns a full pass costs less than reading them one by one, and it feeds the span.
READ_SHARE = 0.4
# A feature is taken in before the first solve where its correlation will probably come this close to its threshold, in
# shares of the step to the next λ.
EAGER = 0.5
MEASURES = {None: 0, "mse": 1, "mae": 2}
SCORED, COUNTED = 3, 4  # by a score in Python, by the inner solver itself
NONE = np.zeros(0, np.intp)
# Under a loss of its own `certify` looks for no sharper dual point from here on: what is stored is not below that.
TOLD = 1e-10


class Lane:
    """Solve at one λ by rounds: inner solve on W, prove the rest inactive, let violators into W, repeat."""

    def __init__(self, problem: Problem, scaling: Scaling, inner: Any, use_span: bool = True):
        self.problem, self.scaling, self.inner, self.use_span = problem, scaling, inner, use_span
        # thresholds at λ/σ = 1 of the columns that are not in W and may ever be; ∞ for the others
        self.unit = np.where(scaling.excluded, np.inf, scaling.a)
        self.trivial = scaling.y_norm == 0.0  # the null model fits exactly: no feature is needed
        if self.trivial:
            self.unit[:] = np.inf
        self.sigma = scaling.y_norm or 1.0
        # of an inner solver that is not compiled: (features, u) at each λ, and where correlations were last foreseen
        self.points: list[tuple[Ints, Floats]] = []
        self.seen = 0.0
        self.track = gram_kernel.Track(
            getattr(inner, "set", None), inner.train, inner.residual, inner.root, inner.held, inner.share, scaling,
            self.unit, int(max(32, READ_SHARE * len(self.unit))), use_span,
        )  # fmt: skip

    def begin(self, lams: Floats, goal: float, max_iter: int, measure: Any, keep: bool) -> None:
        """Start at the top of a decreasing grid; ``keep`` says whether coefficients are recorded."""
        held = measure if self.inner.held is not None else None
        self.goal, self.max_iter, self.keep, self.measured = goal, max_iter, keep, held is not None
        self.score = held if callable(held) else None
        self.points = []
        if self.score:
            code = COUNTED if self.inner.counts(self.score) else SCORED
        else:
            code = MEASURES[held]
        self.track.grid(np.ascontiguousarray(lams), goal, max_iter, code, keep)

    def free(self) -> Ints:
        """Features without a threshold that are not in W."""
        return np.flatnonzero(self.unit == 0)

    def enter(self, features: Ints, *blocks: Any) -> None:
        """Take features into W; ``blocks`` is what the inner solver's ``grow`` wants beside them."""
        self.track.enter(features)
        self.inner.grow(features, *blocks)

    def advance(self) -> int:
        """Go down the grid until help is wanted: DONE, PASS, READ or ENTER."""
        track = self.track
        while True:
            event = track.advance()
            if event == ENTER and self.inner.alone:
                newcomers = self.violators()
                if len(newcomers):
                    self.enter(newcomers)
                continue
            if event == SCORE:
                track.scored(self.inner.held_score(self.score))
                continue
            if event != SOLVE:
                return event
            self._expect()
            lam = float(track.lams[track.k])
            rounds, gap = self.inner.solve(lam / self.sigma, lam, self.goal, self.max_iter)
            which, u = self.inner.coefficients()
            del self.points[track.k :]
            self.points.append((which, u))
            track.solved(rounds, gap, self.inner.square, float(np.abs(u).sum()), self.inner.level)

    def _expect(self) -> None:
        """Take in what will probably enter at a new λ: linear extrapolation of the correlations that the span knows.

        An inner solve without Gram matrix costs the more the tighter it is, and one feature too many costs it nothing.
        """
        k, lams = self.track.k, self.track.lams
        if k == 0 or k < len(self.points) or not self.inner.eager:
            return
        lam, before = float(lams[k]), float(lams[k - 1])
        ratio = (before - lam) / (self.seen - before) if self.seen > before else 0.0
        if self.track.expect(lam * (1.0 - EAGER * (1.0 - lam / before)), ratio):
            self.seen = before
            cols = self.track.asked
            if len(cols):
                self.enter(cols)

    def _over(self, lam: float, c: Floats, cols: Ints) -> Ints:
        """Which of these correlations are beyond their thresholds at λ, in a direction that the bounds allow."""
        over = np.abs(c) > lam / self.sigma * self.unit[cols]
        if self.scaling.bounded:
            over &= np.where(c > 0, self.scaling.up[cols] > 0, self.scaling.lo[cols] < 0)
        return np.flatnonzero(over)

    def learn(self, c: Floats) -> Ints:
        """Take exact correlations of all columns (a full pass); the violators that could not enter by themselves."""
        self.track.learn(c)
        return self.violators() if self.track.compare(c) else NONE

    def judge(self, cols: Ints, c: Floats) -> Ints:
        """Take exact correlations of some columns; the violators among them, largest first."""
        which = self._over(float(self.track.lams[self.track.k]), c, cols)
        return self._newcomers(cols[which], c[which])

    def violators(self) -> Ints:
        """Those that the lane found by itself, largest first."""
        return self._newcomers(self.track.asked, self.track.found)

    def _newcomers(self, cols: Ints, c: Floats) -> Ints:
        """At most as many newcomers as W has members (at least 32): the strongest, relative to their threshold.

        Where there are none, the λ is done.
        """
        if not len(cols):
            self.track.passed()
            return cols
        most = max(32, len(self.inner.W))
        if len(cols) <= most:
            return cols
        values = np.abs(c) / np.maximum(self.unit[cols], 1e-12)
        return np.sort(cols[np.argsort(-values, kind="stable")[:most]])

    def outcome(self) -> Outcome:
        """What this lane found, on the caller's scale."""
        track = self.track
        gaps, deviance = 2.0 * np.asarray(track.gaps), 1.0 - np.asarray(track.square)
        if self.scaling.null is not None:
            gaps = np.where(gaps > 0.0, np.maximum(gaps, min(TOLD, self.goal)), gaps)
        if self.trivial:
            deviance = np.zeros(len(gaps))
        loss = np.asarray(track.loss) if self.measured else None
        points = self._points() if self.keep else []
        return from_points(
            self.scaling, points, np.asarray(track.length), gaps, deviance, loss, np.asarray(track.rounds),
            np.asarray(track.levels) if self.scaling.null is not None else None,
        )  # fmt: skip

    def _points(self) -> list[tuple[Ints, Floats]]:
        """(features, u) of the coefficients that are not zero, at each λ."""
        if self.points or not len(self.track.lams):
            return self.points
        where, u = self.track.points
        ends = np.asarray(self.track.ends)
        which = self.inner.W[where]
        return [(which[a:b], u[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
