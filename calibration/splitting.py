"""Does multi-sample splitting keep the probability of any false feature?

Effects are of one standard deviation of the noise: the method assumes that the lasso on each half finds them all. With
effects half as large among columns correlated by 0.8 it does not, and 9 to 12 % of data sets gave a false feature.
"""

from __future__ import annotations

from unittest import mock

import numpy as np

import riata
from calibration.designs import NAMES
from calibration.intervals import data
from calibration.study import Case, Simulation, Study
from riata.inference import splitting


def any_false(design: str, same_half: bool = False) -> Simulation:
    """Whether a feature without an effect was selected. ``same_half`` tests on the rows that chose."""

    def run(seed: int) -> tuple[float, float]:
        X, y, beta = data(design, "gaussian", seed, 200, 20, 1.0)
        right = splitting._least_squares
        wrong = (lambda problem, rows, at: right(problem, ~rows, at)) if same_half else right
        with (
            mock.patch.object(splitting, "_least_squares", wrong),
            mock.patch.object(splitting, "aggregate", _plain if same_half else splitting.aggregate),
        ):
            found = riata.multi_split(X, y * (not same_half) + same_half * (y - X @ beta), splits=20, folds=5)
        beta = beta * (not same_half)
        chosen = found.pvalues <= 0.05
        return float((chosen & (beta == 0)).any()), float((chosen & (beta != 0)).sum())

    return run


def _plain(pvalues: np.ndarray) -> np.ndarray:
    """The smallest p-value of all splits, without a price for having looked at them all."""
    return pvalues.min(axis=0)


STUDIES = [
    Study(
        "multi_split", "any false", 0.05,
        [
            *[Case(f"{d}, 200 x 20", any_false(d), 150) for d in NAMES],
            Case("independent, 200 x 20", any_false("independent", True), 20, "tested where chosen, best split"),
        ],
    )
]  # fmt: skip
