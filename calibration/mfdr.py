"""Does the λ that mFDR ≤ 0.1 chooses keep the share of marginally false features?

Features with an effect lie in one block and those without in another that is independent of it, for mFDR is
about features that are independent of the target.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest import mock

import numpy as np

import riata
from calibration.designs import NAMES, features, standardised
from calibration.study import Case, Simulation, Study, shares
from riata.inference.scores import Scores

N, BLOCK, NOISE, K, LEVEL, SIZE = 200, 10, 50, 5, 0.1, 0.5


def data(design: str, family: str, null: bool, seed: int) -> tuple[np.ndarray, np.ndarray, set[str]]:
    rng = np.random.default_rng(seed)
    own = features("independent", rng, N, BLOCK)
    X = np.column_stack([own, standardised(features(design, rng, N, NOISE))])
    eta = SIZE * (not null) * own[:, :K].sum(axis=1)
    if family == "gaussian":
        y = eta + rng.standard_normal(N)
    elif family == "binomial":
        y = (rng.uniform(size=N) < 1 / (1 + np.exp(-2 * eta))).astype(float)
    elif family in ("poisson", "negative binomial"):  # the latter with a variance of μ + μ²
        more = rng.exponential(size=N) if family == "negative binomial" else 1.0
        y = rng.poisson(more * np.exp(0.5 + 0.5 * eta)).astype(float)
    else:
        time, censored = rng.exponential(np.exp(-eta)), rng.exponential(2.0, N)
        y = np.column_stack([np.minimum(time, censored), time <= censored])
    return X, y, set() if null else {f"x{j}" for j in range(BLOCK)}


def simulation(design: str, family: str, null: bool, broken: Any = None) -> Simulation:
    def run(seed: int) -> tuple[float, float]:
        X, y, real = data(design, family, null, seed)
        likelihood = "poisson" if family == "negative binomial" else family
        path = riata.path(X, y, family=likelihood, n_lams=60, lam_min_ratio=0.05, tol=1e-6)
        with broken() if broken else nullcontext():
            return shares(riata.mfdr(path, LEVEL).selected, real)

    return run


@contextmanager
def too_large() -> Iterator[None]:
    """Thresholds as of a λ that is too large by a factor √2."""
    right = Scores.__init__

    def init(self: Any, *args: Any) -> None:
        right(self, *args)
        self.threshold = self.threshold * np.sqrt(2)

    with mock.patch.object(Scores, "__init__", init):
        yield


@contextmanager
def no_dispersion() -> Iterator[None]:
    """τ = 1, as if counts varied as their mean says."""
    with mock.patch.object(Scores, "noise_of", return_value=1.0):
        yield


def _name(design: str, family: str, null: bool) -> str:
    return f"{family}, {design}, {'no effects' if null else f'{K} effects'}"


def _case(design: str, family: str, null: bool, reps: int, broken: Any = None, what: str = "") -> Case:
    return Case(_name(design, family, null), simulation(design, family, null, broken), reps, what)


OTHERS = ("binomial", "poisson", "negative binomial", "cox")
STUDIES = [
    Study(
        "mfdr", "FDR", LEVEL,
        [
            *[_case(d, "gaussian", null, 80 if d == "digits" else 250) for d in NAMES for null in (False, True)],
            *[_case("independent", f, null, 100) for f in OTHERS for null in (False, True)],
            _case("independent", "gaussian", True, 60, too_large, "λ too large by a factor √2"),
            _case("independent", "gaussian", False, 60, too_large, "λ too large by a factor √2"),
            _case("independent", "negative binomial", True, 60, no_dispersion, "no dispersion of counts"),
        ],
        100_000,  # the dispersion of counts was chosen on seeds from 50 000
    )
]  # fmt: skip
