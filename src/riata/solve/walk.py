"""Walk all lanes down the λ grid together: one pass over X serves every fold.

until every lane is at the end:
    every lane goes on by itself: solve, prove, let violators in, next λ         (threads over lanes)
    where one wants a full pass, all that are not at the end share it: X'[e₁ … e_m]
    columns that lanes cannot read are read once for all of them
    violators that need memory or much work enter; their Gram blocks are built for all lanes together

From the second pass on lanes have a copy of X in one byte per entry, and hardly ever stop for another.
"""

from __future__ import annotations

import dataclasses
import heapq
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.memory import release_freed
from riata.kernels import gram as gram_kernel
from riata.solve.gathered import Gathered
from riata.solve.lane import DONE, ENTER, PASS, READ, Lane
from riata.solve.passes import Passes

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# Flops of one lane's task from which threads pay: below, the interpreter's lock is what lanes wait for.
THREADED = 1e5
# Under a loss of its own: Newton steps from one full pass to the next, and what the loss costs for each row.
STRIDE, LOSS = 20, 20
# The same in bytes of X, where lanes do not wait for each other.
WORTH_THREADS = 1e5
# A copy of X in one byte per entry may take this much: X may be mapped from a file that is larger than memory.
COARSE_BYTES = 256e6
# Multiplications up to which every lane makes its own inner products: beyond, blocks over all lanes' newcomers pay.
MULTIPLIED = 2e6


@dataclasses.dataclass
class Walk:
    """The lanes of one lock-step run and what they share."""

    lanes: list[Lane]
    gathered: Gathered | None  # None where the inner solver needs no Gram blocks
    passes: Passes
    pool: ThreadPoolExecutor | None
    budget: float  # bytes that the Gram matrices of all lanes may take together
    coarse: bool = True  # whether the lanes may have a copy of X in one byte per entry
    apart: bool = True  # whether lanes that share no Gram blocks go on without waiting for each other

    def _each(self, task: Callable[[Any], Any], lanes: Iterable[Any]) -> list[Any]:
        lanes = list(lanes)
        if self.pool is None or len(lanes) == 1 or self._flops(lanes) < THREADED:
            return [task(lane) for lane in lanes]
        return list(self.pool.map(task, lanes))

    @staticmethod
    def _flops(lanes: list[Any]) -> float:
        """About what a lane's inner solve and its proof cost until it stops."""
        lane = lanes[0][0] if isinstance(lanes[0], tuple) else lanes[0]
        (n, p), members = lane.problem.design.shape, len(lane.inner.W)
        once = float(members * (n + members) + 10 * p)
        return once if lane.problem.loss is None else STRIDE * (once + LOSS * n)

    def run(self, lams: Floats, goal: float, max_iter: int, measure: str | None, keep: bool) -> None:
        """Solve at every λ of the decreasing grid; lanes beyond the first record coefficients where ``keep``."""
        for i, lane in enumerate(self.lanes):
            lane.begin(lams, goal, max_iter, measure, keep or i == 0)
        self.enter([(lane, lane.free()) for lane in self.lanes])
        if self.gathered is None and self.apart:
            self._drive_apart(self.lanes)
        else:
            self._drive(self.lanes)

    def _drive_apart(self, lanes: list[Lane]) -> None:
        """Each lane by itself to the end of the grid: no Gram blocks to share, and a pass for one costs its share.

        Workers go on with the lane that is furthest behind, so that they end together.
        """
        behind = [(0, i) for i in range(len(lanes))]
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    if not behind:
                        return
                    _, i = heapq.heappop(behind)
                if self._further(lanes[i]):
                    with lock:
                        heapq.heappush(behind, (lanes[i].track.k, i))

        if self.pool is None or lanes[0].problem.design.nbytes < WORTH_THREADS:
            work()
            return
        for done in [self.pool.submit(work) for _ in lanes]:  # those beyond the threads find nothing left
            done.result()

    def _further(self, lane: Lane) -> bool:
        """To the next full pass, and that; whether there is more to do."""
        event = lane.advance()
        if event == DONE:
            return False
        for one, features in self._violators([lane], {id(lane): event}):
            if len(features):
                one.enter(features)
        return True

    def _drive(self, lanes: list[Lane]) -> None:
        """Take these lanes to the end of the grid."""
        while lanes:
            if len(lanes) > 1 and sum(lane.inner.nbytes for lane in lanes) > self.budget:
                self._in_turn(lanes)
                return
            self._settle(lanes)  # and say how many columns each may gather
            events = self._each(Lane.advance, lanes)
            self._settle(lanes)
            wants = {id(lane): event for lane, event in zip(lanes, events, strict=True) if event != DONE}
            lanes = [lane for lane in lanes if id(lane) in wants]
            self.enter(self._violators(lanes, wants))

    def _in_turn(self, lanes: list[Lane]) -> None:
        """The rest of the grid for one lane after the other: their Gram matrices together would not fit.

        A lane that waits drops its matrix, and gathers its columns and builds it again when its turn comes.
        """
        assert self.gathered is not None  # only lanes with Gram matrices have bytes to count
        for lane in lanes:
            lane.inner.release()
        for lane in lanes:
            self.gathered.clear()
            release_freed()
            lane.inner.rebuild()
            self._drive([lane])
            lane.inner.release()

    def _violators(self, lanes: list[Lane], wants: dict[int, int]) -> list[tuple[Lane, Ints]]:
        """For each lane the columns outside its working set that violate optimality."""
        if PASS in wants.values():  # one product serves any number of lanes, and all learn from it
            self._coarsely(lanes)
            C = self.passes.full([lane.inner.train for lane in lanes], [lane.scaling for lane in lanes])
            return [(lane, lane.learn(c)) for lane, c in zip(lanes, C, strict=True)]
        found = [(lane, lane.violators()) for lane in lanes if wants[id(lane)] == ENTER]
        part = [(lane, lane.track.asked) for lane in lanes if wants[id(lane)] == READ]
        for (lane, cols), c in zip(part, self.passes.partial(part), strict=True):
            found.append((lane, lane.judge(cols, c)))
        return found

    def _coarsely(self, lanes: list[Lane]) -> None:
        """Where lanes want a second pass, columns are looked at often: a copy of X in one byte per entry pays."""
        if self.affords_copy() and any(lane.track.span.size for lane in lanes):
            self.share(self.passes.coarse())

    def affords_copy(self) -> bool:
        """Whether the lanes may have a copy of X and have none yet."""
        n, p = self.lanes[0].problem.design.shape
        return self.coarse and n * p <= COARSE_BYTES

    def share(self, copy: gram_kernel.Coarse) -> None:
        """Give every lane this copy of X."""
        self.coarse = False
        for lane in self.lanes:
            lane.track.reads.share(copy, self.passes.order)

    def _settle(self, lanes: list[Lane]) -> None:
        """All lanes stand still: columns that they gathered get places that do not depend on who was first."""
        if self.gathered is not None and self.gathered.store.settle(len(lanes)):
            self._moved()

    def _moved(self) -> None:
        for lane in self.lanes:
            lane.inner.moved()

    def enter(self, newcomers: list[tuple[Lane, Ints]]) -> None:
        """Take newcomers into the working sets; blocks of the Gram matrices are products over all lanes' newcomers."""
        newcomers = [(lane, features) for lane, features in newcomers if len(features)]
        if not newcomers:
            return
        gathered = self.gathered
        if gathered is None:
            for lane, features in newcomers:
                lane.enter(features)
            return
        lone = len(newcomers) == 1
        union = newcomers[0][1] if lone else np.unique(np.concatenate([features for _, features in newcomers]))
        if gathered.need(union):
            self._moved()
        products = sum(len(lane.inner.W) * len(features) for lane, features in newcomers) * gathered.n
        if not newcomers[0][0].inner.shares or products <= MULTIPLIED:
            for lane, features in newcomers:
                lane.enter(features)
            return
        union = union[np.argsort(gathered.where[union])]
        total = gathered.total_block(union)
        rank = np.empty(len(gathered.where), np.intp)
        rank[union] = np.arange(len(union))
        self._each(lambda task: task[0].enter(task[1], total, rank[task[1]]), newcomers)
