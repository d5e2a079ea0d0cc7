"""Does stability selection keep the number of false selections below the bound that it states?"""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np

import riata
from calibration.designs import NAMES, features, standardised
from calibration.study import Case, Simulation, Study
from riata.inference import stability

N, P, K, PFER, SIZE = 100, 60, 4, 1.0, 0.8


def simulation(design: str, null: bool, whole: bool = False, **how: Any) -> Simulation:
    """``whole``: the lasso sees all rows every time, in place of halves."""

    def run(seed: int) -> tuple[float, float]:
        rng = np.random.default_rng(seed)
        X = features(design, rng, N, P)
        on = rng.choice(P, K, replace=False)
        y = (not null) * SIZE * standardised(X)[:, on].sum(axis=1) + rng.standard_normal(N)
        real = set() if null else {f"x{j}" for j in on}
        right = stability.half_samples

        def all_rows(*args: Any) -> list[np.ndarray]:
            return [np.ones(N) for _ in right(*args)]

        with mock.patch.object(stability, "half_samples", all_rows if whole else right):
            found = riata.stability_selection(X, y, pfer=PFER, n_pairs=25, seed=seed, threads=1, **how)
        return float(len(set(found.selected) - real)), float(len(real & set(found.selected)))

    return run


def _cases(title: str, designs: tuple[str, ...], reps: int, **how: Any) -> list[Case]:
    return [
        Case(f"{title}, {d}, {'no effects' if null else f'{K} effects'}", simulation(d, null, **how), reps)
        for d in designs
        for null in (False, True)
    ]


STUDIES = [
    Study(
        "stability", "PFER", PFER,
        [
            *_cases("r-concave", NAMES, 40, threshold=0.75),
            *_cases("unimodal", NAMES[:2], 30, threshold=0.75, bound="unimodal"),
            *_cases("Meinshausen-Bühlmann", NAMES[:2], 30, threshold=0.75, method="mb"),
            Case("r-concave, independent, no effects", simulation("independent", True, True, threshold=0.75), 20,
                 "all rows in place of halves"),
        ],
    )
]  # fmt: skip
