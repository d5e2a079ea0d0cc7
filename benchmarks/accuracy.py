"""The loosest tolerance of a decade grid that is accurate enough."""

from collections.abc import Callable
from typing import NamedTuple

GAP = 1e-6  # what the whole path has to reach
TIGHTEST = 16  # decades
STALLED = 3  # tighter tolerances in a row that bring nothing: it will not get there


class Try(NamedTuple):
    """What came of one tolerance, 10**-decade; `gap` is infinite and `late` true where the time was up."""

    decade: int
    gap: float
    seconds: float
    late: bool = False

    @property
    def reached(self) -> bool:
        return self.gap <= GAP


def loosest(
    attempt: Callable[[int], Try], start: int, may_go_on: Callable[[], bool] = lambda: True, floor: int = 0
) -> Try:
    """The loosest sufficient try, beginning at `start`: looser while that suffices, else tighter until one does.

    Where none suffices: the one with the smallest gap, or the late one if there is no other. A late call ends the
    search, since tighter ones take longer; `may_go_on` ends it where its patience is over. Looser than `floor` is not
    tried.
    """
    best = attempt(start)
    if best.reached:
        while best.decade > floor and may_go_on():
            looser = attempt(best.decade - 1)
            if not looser.reached:
                break
            best = looser
        return best
    if best.late:
        return _looser(attempt, best, may_go_on)
    idle = 0
    for decade in range(start + 1, TIGHTEST + 1):
        if idle == STALLED or not may_go_on():
            break
        found = attempt(decade)
        if found.reached:
            return found
        if found.late:
            return best._replace(late=True)
        idle = 0 if found.gap < 0.7 * best.gap else idle + 1
        best = min(best, found, key=lambda one: one.gap)
    return best


def _looser(attempt: Callable[[int], Try], late: Try, may_go_on: Callable[[], bool]) -> Try:
    """The time was up at the first tolerance: the tightest of the looser ones that ends in time, if any."""
    for decade in range(late.decade - 2, -1, -2):
        if not may_go_on():
            break
        found = attempt(decade)
        if not found.late:
            return found if found.reached else found._replace(late=True)
    return late
