"""Sums over risk sets: who is at risk at each event time, without an n × n table.

Subject k is at risk at the event times of its stratum in (start_k, stop_k]. With the E event times sorted by stratum
and time, that is one interval [low_k, high_k) of positions, so that two linear maps are all that a partial likelihood
needs:

    sums(x)_e   = Σ_{k : low_k ≤ e < high_k} x_k          spread(y)_k = Σ_{low_k ≤ e < high_k} y_e

When every interval starts at 0 (one stratum, nobody enters late) they are cumulative sums. Otherwise a tree of sums
over blocks of 1, 2, 4, … positions: an interval is the disjoint union of O(log E) blocks. Either way only additions:
a difference of two cumulative sums would lose all digits where those who left the set had the large hazards.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

Array = np.ndarray


class Cover:
    """The two maps for intervals [low, high) over ``n_events`` positions; x and y may have trailing axes."""

    def __init__(self, low: Array, high: Array, n_events: int) -> None:
        self.n_events, n = n_events, low.size
        self.high = np.where(high > low, high, 0)
        rows = np.arange(n)
        if not np.any(low[high > low]):
            one = np.ones(n)
            self.bucket = sp.csr_array((one, (self.high, rows)), shape=(n_events + 1, n))
            self.blocks = None
            return
        size = 1 << max(n_events - 1, 1).bit_length()
        at, who = _blocks(np.where(high > low, low, 0) + size, self.high + size, rows)
        self.blocks = sp.csr_array((np.ones(at.size), (at, who)), shape=(2 * size, n))
        leaf, depth = np.arange(n_events) + size, size.bit_length()
        above = np.concatenate([leaf >> level for level in range(depth)])
        position = np.tile(np.arange(n_events), depth)
        self.above = sp.csr_array((np.ones(above.size), (position, above)), shape=(n_events, 2 * size))

    def sums(self, x: Array) -> Array:
        """Σ of x (n, …) over those at risk at each event: (E, …)."""
        if self.blocks is not None:
            return self.above @ (self.blocks @ x)
        ends = self.bucket @ x  # at position h: those whose interval is [0, h)
        return np.cumsum(ends[:0:-1], axis=0)[::-1]

    def spread(self, y: Array) -> Array:
        """Σ of y (E, …) over the events at which each subject is at risk: (n, …)."""
        if self.blocks is not None:
            return self.blocks.T @ (self.above.T @ y)
        before = np.zeros((self.n_events + 1,) + y.shape[1:])
        np.cumsum(y, axis=0, out=before[1:])
        return before[self.high]


def _blocks(left: Array, right: Array, who: Array) -> tuple[Array, Array]:
    """Nodes of a binary tree that make up each [left, right) of leaves, and whose they are."""
    nodes: list[Array] = []
    owners: list[Array] = []
    while True:
        open_ = left < right
        if not np.any(open_):
            return np.concatenate(nodes), np.concatenate(owners)
        left, right, who = left[open_], right[open_], who[open_]
        odd = (left & 1) == 1
        nodes.append(left[odd])
        owners.append(who[odd])
        left = left + odd
        odd = (right & 1) == 1
        right = right - odd
        nodes.append(right[odd])
        owners.append(who[odd])
        left, right = left >> 1, right >> 1


class RiskSets:
    """Event times of survival data and who is at risk at each.

    Attributes
    ----------
    low, high : (n,) the interval of each subject, **without** its own event time
    own : (n,) the position of a subject's own event, −1 for those censored
    stratum : (n,) and ``stratum_of`` (E,) codes
    n_events : number of distinct (stratum, time) with an event
    """

    def __init__(self, start: Array | None, stop: Array, event: Array, stratum: Array) -> None:
        n = stop.size
        self.stratum, self.own = stratum, np.full(n, -1)
        self.low, self.high = np.zeros(n, np.intp), np.zeros(n, np.intp)
        total, of = 0, []
        order = np.argsort(stratum, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(stratum[order])) + 1):
            times = np.unique(stop[rows][event[rows]])
            last = np.searchsorted(times, stop[rows], side="right")
            self.high[rows] = total + last - event[rows]
            self.low[rows] = total + (0 if start is None else np.searchsorted(times, start[rows], side="right"))
            self.own[rows[event[rows]]] = total + last[event[rows]] - 1
            total += times.size
            of.append(np.full(times.size, stratum[rows[0]]))
        self.n_events, self.stratum_of = total, np.concatenate(of)
        self.cover = Cover(self.low, self.high, total)
        self.dead = np.flatnonzero(self.own >= 0)
        self.dead = self.dead[np.argsort(self.own[self.dead], kind="stable")]
        self.dead_at = self.own[self.dead]

    def at_event(self, x: Array) -> Array:
        """Σ of x (n, …) over those with their event at each time: (E, …)."""
        if x.ndim == 1:
            return np.bincount(self.dead_at, x[self.dead], self.n_events)
        out = np.zeros((self.n_events,) + x.shape[1:])
        np.add.at(out, self.dead_at, x[self.dead])
        return out

    def to_dead(self, y: Array) -> Array:
        """y (E, …) of each subject's own event, 0 for those censored: (n, …)."""
        out = np.zeros((self.own.size,) + y.shape[1:])
        out[self.dead] = y[self.dead_at]
        return out
