"""Walk all lanes down the λ grid in lock-step: one pass over X serves every fold.

for each λ:   every lane solves on its working set            (threads over lanes)
              lanes that need one share a full pass X'[e₁ … e_m]
              unproven columns are read once for all lanes
              violators enter; their Gram blocks are built for all lanes together; repeat where any entered
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.solve.gathered import Gathered
from riata.solve.lane import Lane
from riata.solve.passes import Passes

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

MAX_ROUNDS = 1000
# Flops of one lane's task from which threads pay: below, the interpreter's lock is what lanes wait for.
THREADED = 1e5


@dataclasses.dataclass
class Walk:
    """The lanes of one lock-step run and what they share."""

    lanes: list[Lane]
    held: list[slice | None]
    gathered: Gathered | None  # None where the inner solver needs no Gram blocks
    passes: Passes
    pool: ThreadPoolExecutor | None

    def _each(self, task: Callable[[Lane], Any], lanes: Iterable[Lane]) -> list[Any]:
        lanes = list(lanes)
        if self.pool is None or len(lanes) == 1 or self._flops(lanes) < THREADED:
            return [task(lane) for lane in lanes]
        return list(self.pool.map(task, lanes))

    @staticmethod
    def _flops(lanes: list[Any]) -> float:
        """About what a lane's inner solve and its proof cost."""
        lane = lanes[0][0] if isinstance(lanes[0], tuple) else lanes[0]
        n, p = lane.problem.design.shape
        return float(len(lane.inner.W) * (n + len(lane.inner.W)) + 10 * p)

    def run(self, lams: Floats, goal: float, max_iter: int, measure: str | None) -> None:
        """Solve at every λ of the decreasing grid."""
        for lam in lams:
            self._one(float(lam), goal, max_iter)
            for lane, held in zip(self.lanes, self.held, strict=True):
                lane.finish(measure if held is not None else None)

    def _one(self, lam: float, goal: float, max_iter: int) -> None:
        busy = [lane for lane in self.lanes if not lane.trivial]
        self.enter([(lane, lane.start(lam)) for lane in busy])
        for _ in range(MAX_ROUNDS):
            if not busy:
                return
            self._each(lambda lane: lane.solve(goal, max_iter), busy)
            newcomers = self._violators(busy)
            self.enter(newcomers)
            busy = [lane for lane, features in newcomers if len(features)]

    def _violators(self, busy: list[Lane]) -> list[tuple[Lane, Ints]]:
        """For each lane the columns outside its working set that violate optimality."""
        doubts = self._each(Lane.unproven, busy)
        # one product serves any number of lanes: where one wants a full pass, all that are at work take part
        whole = busy if any(doubt is None for doubt in doubts) else []
        found: dict[int, Ints] = {}
        if whole:
            C = self.passes.full([lane.inner.train for lane in whole], [lane.scaling for lane in whole])
            for lane, c in zip(whole, C, strict=True):
                found[id(lane)] = lane.learn(c)
            return [(lane, found[id(lane)]) for lane in busy]
        part = [(lane, doubt) for lane, doubt in zip(busy, doubts, strict=True) if doubt is not None and len(doubt)]
        for (lane, doubt), c in zip(part, self.passes.partial(part), strict=True):
            found[id(lane)] = lane.judge(doubt, c)
        return [(lane, found.get(id(lane), np.zeros(0, np.intp))) for lane in busy]

    def enter(self, newcomers: list[tuple[Lane, Ints]]) -> None:
        """Take newcomers into the working sets; blocks of the Gram matrices are products over all lanes' newcomers."""
        newcomers = [(lane, features) for lane, features in newcomers if len(features)]
        if not newcomers:
            return
        gathered = self.gathered
        if gathered is None:
            for lane, features in newcomers:
                lane.enter(features, None, None)
            return
        union = np.unique(np.concatenate([features for _, features in newcomers]))
        gathered.need(union)
        union = union[np.argsort(gathered.where[union])]
        total = gathered.total_block(union)
        rank = np.empty(len(gathered.where), np.intp)
        rank[union] = np.arange(len(union))
        rows = dict(zip(map(id, self.lanes), self.held, strict=True))

        def take(task: tuple[Lane, Ints]) -> None:
            lane, features = task
            held = rows[id(lane)]
            block = None if held is None else gathered.held_block(features, held)
            lane.enter(features, total[:, rank[features]], block)

        self._each(take, newcomers)  # type: ignore[arg-type]
