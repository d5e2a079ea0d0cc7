"""Who judges all solutions of one problem, whatever its family: by the best proof that any of them brought."""

from typing import Any

import numpy as np

from benchmarks import gap, gap_families


class Judge:
    """Judges all solutions of one problem, each against the best lower bound found so far.

    A solution can be nearly optimal while the dual point from its own residual proves little: the gap then shrinks like
    the root of the excess. Whoever comes later is judged by the largest dual value that anybody's residual gave, which
    is the most favourable proof there is; it is always a valid one.
    """

    def __init__(self, work: Any) -> None:
        self.work, self.best = work, np.full(len(work.lams), -np.inf)

    def gaps(self, coef: Any, intercept: np.ndarray | None = None) -> tuple[float, float]:
        """gap_rel against the best bounds, and against those of its own residual."""
        if coef.shape[1] != len(self.work.lams):  # a library that ends the path early has not solved the rest
            return np.inf, np.inf
        bounds = gap.bounds if self.work.family == "gaussian" else gap_families.bounds
        found = bounds(self.work, coef, intercept)
        self.best = np.fmax(self.best, found.dual)
        return found.gap_rel(self.best), found.gap_rel()
