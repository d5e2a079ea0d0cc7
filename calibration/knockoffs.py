"""The false discovery rate of the knockoff filter, with signals and without any."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np

import riata
from calibration.designs import NAMES, features, standardised
from calibration.study import Case, Simulation, Study, shares
from riata.inference import knockoff_choice, knockoff_copies

N, P, K, FDR, SIZE = 300, 40, 12, 0.2, 0.35


def data(design: str, null: bool, seed: int) -> tuple[np.ndarray, np.ndarray, set[str]]:
    """(X, y, names of the features with an effect): K effects of either sign, noise of variance 1."""
    rng = np.random.default_rng(seed)
    X = features(design, rng, N, P)
    on = rng.choice(P, K, replace=False)
    effects = SIZE * rng.choice([-1.0, 1.0], K) * (not null)
    y = standardised(X)[:, on] @ effects + rng.standard_normal(N)
    return X, y, set() if null else {f"x{j}" for j in on}


def simulation(design: str, null: bool, broken: Any = None, **how: Any) -> Simulation:
    def run(seed: int) -> tuple[float, float]:
        X, y, real = data(design, null, seed)
        with broken() if broken else mock.MagicMock():
            found = riata.knockoff_filter(X, y, fdr=FDR, seed=seed, threads=1, **how)
        return shares(found.selected, real)

    return run


@contextmanager
def no_plus_one() -> Iterator[None]:
    """The threshold without the +1 in its numerator, where knockoff+ was asked for."""
    right = knockoff_choice.threshold
    with mock.patch.object(knockoff_choice, "threshold", lambda W, fdr, offset=1: right(W, fdr, 0)):
        yield


@contextmanager
def permuted_rows() -> Iterator[None]:
    """Columns shuffled by rows in place of knockoffs: as the features among themselves, but not with them."""
    right = knockoff_copies.Maker

    def draw(self: Any, rng: np.random.Generator) -> np.ndarray:
        return self.Z[rng.permutation(len(self.Z))]

    with mock.patch.object(right, "draw", draw):
        yield


@contextmanager
def first_always() -> Iterator[None]:
    """e-BH that starts its search at k = 1 although no e-value is large enough."""

    def e_bh(e: np.ndarray, fdr: float) -> np.ndarray:
        top = np.sort(e)[::-1]
        enough = np.flatnonzero(top * fdr * np.arange(1, len(e) + 1) >= len(e))
        return np.flatnonzero(e >= top[enough[-1] if len(enough) else 0])

    with mock.patch.object(knockoff_choice, "e_bh", e_bh):
        yield


def cases(designs: tuple[str, ...], reps: int, **how: Any) -> list[Case]:
    return [
        Case(f"{design}, {'no effects' if null else f'{K} effects'}", simulation(design, null, **how), reps)
        for design in designs
        for null in (False, True)
    ]


def caught(design: str, null: bool, broken: Any, what: str, reps: int, **how: Any) -> Case:
    return Case(
        f"{design}, {'no effects' if null else f'{K} effects'}", simulation(design, null, broken, **how), reps, what
    )


_GAUSSIAN = Study(
    "knockoffs_gaussian", "FDR", FDR,
    [
        *cases(NAMES, 150, statistic="lsm"),
        caught("independent", True, no_plus_one, "+1 missing", 60, statistic="lsm"),
        caught("toeplitz 0.8", False, permuted_rows, "permuted rows for knockoffs", 100, statistic="lsm"),
    ],
)  # fmt: skip
STUDIES = [
    _GAUSSIAN,
    dataclasses.replace(_GAUSSIAN, name="knockoffs_lcd", cases=cases(NAMES[:2], 60, statistic="lcd")),
    dataclasses.replace(
        _GAUSSIAN, name="knockoffs_sdp_equi",
        cases=[*cases(NAMES[1:2], 100, statistic="lsm", construction="sdp"),
               *[dataclasses.replace(c, name=f"{c.name}, equicorrelated")
                 for c in cases(NAMES[1:2], 100, statistic="lsm", construction="equi")]],
    ),
    dataclasses.replace(
        _GAUSSIAN, name="knockoffs_fixed",
        cases=[*cases(NAMES, 150, model="fixed"),
               caught("independent", True, no_plus_one, "+1 missing", 60, model="fixed")],
    ),
    dataclasses.replace(
        _GAUSSIAN, name="knockoffs_derandomised",
        cases=[*cases(NAMES[:2], 60, statistic="lsm", draws=10),
               caught("independent", True, first_always, "e-BH starts at k = 1", 30, statistic="lsm", draws=10)],
    ),
]  # fmt: skip
