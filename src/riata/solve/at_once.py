"""Sums, scaling and Gram matrix of a small table in one compiled call: its steps cost more in Python than their work.

They are those of :mod:`riata.solve.sums` and :mod:`riata.solve.scaling` for one group of rows, in the same order and
the same to the last bit; that is the slow twin, and where a table goes that needs a second look (see there).
"""

from __future__ import annotations

import numpy as np

from riata.core.problem import Floats, Problem
from riata.kernels import moments as kernel
from riata.kernels.scaling import bounded
from riata.solve.scaling import SURE, SUSPECT, Scaling, in_rows
from riata.solve.sums import AGREE, FAR, TINY, raw_of, root_of, target_of

# Operations of the product up to which the calls saved (some 0.05 ms) are worth a product in vain.
WORK = 2e6
LIMITS = {"far": FAR, "suspect": SUSPECT, "sure": SURE, "agree": AGREE, "tiny": TINY}


def at_once(problem: Problem) -> tuple[Scaling, Floats, Floats] | None:
    """(scaling, G, q) on all rows; None where the table is sparse, large or wants the steps one by one."""
    n, p = problem.design.shape
    if problem.design.is_sparse or n * (p + 2.0) ** 2 > WORK:
        return None
    # rows: centre, a, sd, norm, b; then what the kernel needs on its way
    block, excluded = np.empty((11, p + 1)), np.empty(p, np.bool_)
    M, G, q = np.empty((p + 2, p + 2), order="F"), np.empty((p, p), order="F"), np.empty(p)
    y_norm = kernel.at_once(
        raw_of(problem), target_of(problem), root_of(problem), problem.penalty_factor, problem.l1_ratio,
        problem.standardize, problem.fit_intercept, LIMITS, block, excluded.view(np.uint8), M, G, q,
    )  # fmt: skip
    if y_norm < 0.0:
        return None
    y_mean = block.item(0, p) if problem.fit_intercept else 0.0
    limited = bounded(problem.lower, problem.upper)
    return in_rows(problem, block, excluded, limited, y_mean, y_norm), G, q
