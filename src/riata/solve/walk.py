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
    gathered: Gathered | None  # None where the inner solver needs no Gram blocks
    passes: Passes
    pool: ThreadPoolExecutor | None
    budget: float  # bytes that the Gram matrices of all lanes may take together

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
        for k, lam in enumerate(lams):
            if len(self.lanes) > 1 and sum(lane.inner.nbytes for lane in self.lanes) > self.budget:
                self._in_turn(lams[k:], goal, max_iter, measure)
                return
            self._one(self.lanes, float(lam), goal, max_iter, measure)

    def _in_turn(self, lams: Floats, goal: float, max_iter: int, measure: str | None) -> None:
        """The rest of the grid for one lane after the other: their Gram matrices together would not fit.

        A lane that waits drops its matrix, and gathers its columns and builds it again when its turn comes.
        """
        assert self.gathered is not None  # only lanes with Gram matrices have bytes to count
        for lane in self.lanes:
            lane.inner.release()
        for lane in self.lanes:
            self.gathered.clear()
            lane.inner.rebuild()
            for lam in lams:
                self._one([lane], float(lam), goal, max_iter, measure)
            lane.inner.release()

    def _one(self, lanes: list[Lane], lam: float, goal: float, max_iter: int, measure: str | None) -> None:
        busy = [lane for lane in lanes if not lane.trivial]
        self.enter([(lane, lane.start(lam)) for lane in busy])
        for _ in range(MAX_ROUNDS):
            if not busy:
                break
            self._each(lambda lane: lane.solve(goal, max_iter), busy)
            newcomers = self._violators(busy)
            self.enter(newcomers)
            busy = [lane for lane, features in newcomers if len(features)]
        for lane in lanes:
            lane.finish(measure if lane.inner.held is not None else None)

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

        def take(task: tuple[Lane, Ints]) -> None:
            lane, features = task
            held = lane.inner.held
            block = None if held is None else gathered.held_block(features, held)
            lane.enter(features, total[:, rank[features]], block)

        self._each(take, newcomers)  # type: ignore[arg-type]
