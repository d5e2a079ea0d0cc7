"""Seeded data sets that a lasso must survive, each a `Case` of X, y and the keywords of `make_problem`.

>>> case = wide(seed=3)
>>> case.X.shape[0] < case.X.shape[1]
True
>>> sorted(cases())[:3]
['binary_columns', 'constant_columns', 'correlated']
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

Array = np.ndarray


@dataclasses.dataclass(frozen=True)
class Case:
    """One data set: design X, target y, and options for `riata.path.make_problem`.

    ``unique`` says that the minimiser is unique for λ > 0, so that coefficients may be compared.
    """

    name: str
    X: Any
    y: Array
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    unique: bool = True

    def problem(self, **more: Any) -> Any:
        """The `Problem`, with ``more`` options on top."""
        from riata.path import make_problem

        return make_problem(self.X, self.y, **{**self.options, **more})


_MAKERS: dict[str, Callable[[int], Case]] = {}


def _case(function: Callable[..., Case]) -> Callable[..., Case]:
    _MAKERS[function.__name__] = function
    return function


def cases(seed: int = 0) -> dict[str, Case]:
    """Every case below, by name."""
    return {name: make(seed) for name, make in sorted(_MAKERS.items())}


def target(X: Any, rng: np.random.Generator, support: int = 5, noise: float = 1.0) -> Array:
    """X w + noise with ``support`` coefficients of about one per standard deviation, on y's unit scale."""
    n = X.shape[0]
    dense = X.toarray() if sp.issparse(X) else np.asarray(X, dtype=np.float64)
    sd = dense.std(axis=0)
    pick = rng.permutation(np.flatnonzero(sd > 0))[:support]
    w = rng.choice([-1.0, 1.0], pick.size) * rng.uniform(0.5, 1.5, pick.size) / sd[pick]
    signal = (dense[:, pick] - dense[:, pick].mean(axis=0)) @ w
    return signal + noise * rng.normal(size=n)


@_case
def tall(seed: int = 0) -> Case:
    """200 x 12, independent columns of very different units."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(200, 12)) * 10.0 ** rng.uniform(-3, 3, 12) + rng.normal(size=12)
    return Case("tall", X, target(X, rng) + 3.0)


@_case
def correlated(seed: int = 0, n: int = 120, p: int = 40, rho: float = 0.9) -> Case:
    """Equicorrelated columns."""
    rng = np.random.default_rng(seed)
    X = np.sqrt(1 - rho) * rng.normal(size=(n, p)) + np.sqrt(rho) * rng.normal(size=(n, 1))
    return Case("correlated", X, target(X, rng, 8))


@_case
def wide(seed: int = 0, n: int = 40, p: int = 300) -> Case:
    """More features than samples, AR(0.5) columns."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    for j in range(1, p):
        X[:, j] = 0.5 * X[:, j - 1] + np.sqrt(0.75) * X[:, j]
    return Case("wide", X, target(X, rng))


@_case
def near_collinear(seed: int = 0) -> Case:
    """Smooth neighbouring channels, as in spectra: coordinate descent crawls."""
    rng = np.random.default_rng(seed)
    grid = np.linspace(0, 1, 30)
    bumps = np.exp(-(((grid[None, :] - rng.uniform(0, 1, (80, 1))) / 0.4) ** 2))
    bumps = bumps + np.exp(-(((grid[None, :] - rng.uniform(0, 1, (80, 1))) / 0.3) ** 2))
    X = bumps + 1e-4 * rng.normal(size=(80, 30))
    return Case("near_collinear", X, target(X, rng, 4, 0.1))


@_case
def sparse_counts(seed: int = 0) -> Case:
    """CSC counts, one entry in twenty."""
    rng = np.random.default_rng(seed)
    X = sp.random(150, 60, density=0.05, random_state=rng, format="csc")
    X.data = np.ceil(3 * X.data)
    return Case("sparse_counts", X, target(X, rng))


@_case
def sparse_wide(seed: int = 0) -> Case:
    """CSR, more features than samples, some of them empty."""
    rng = np.random.default_rng(seed)
    X = sp.random(50, 400, density=0.03, random_state=rng, format="csr")
    return Case("sparse_wide", X, target(X, rng), unique=False)


@_case
def one_hot(seed: int = 0) -> Case:
    """Two factors with all their levels beside a number: exactly collinear with the intercept."""
    rng = np.random.default_rng(seed)
    first, second = np.eye(5)[rng.integers(0, 5, 90)], np.eye(7)[rng.integers(0, 7, 90)]
    X = np.column_stack([first, second, rng.normal(size=90)])
    return Case("one_hot", X, target(X, rng), unique=False)


@_case
def binary_columns(seed: int = 0) -> Case:
    """0/1 columns, rare ones among them; ties in every correlation are likely."""
    rng = np.random.default_rng(seed)
    X = (rng.uniform(size=(100, 25)) < rng.uniform(0.02, 0.6, 25)).astype(float)
    return Case("binary_columns", X, target(X, rng), unique=False)


@_case
def duplicate_columns(seed: int = 0) -> Case:
    """Every column twice, once with the other sign and in another unit."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 8))
    return Case("duplicate_columns", np.hstack([X, X[:, :4], -2.0 * X[:, 4:]]), target(X, rng, 4), unique=False)


@_case
def duplicate_rows(seed: int = 0) -> Case:
    """p >> n, and every row twice."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(12, 80))
    y = target(X, rng, 3)
    return Case("duplicate_rows", np.vstack([X, X]), np.concatenate([y, y]))


@_case
def rank_deficient(seed: int = 0) -> Case:
    """Rank 6 in 20 columns, beside noise of rounding size."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(70, 6)) @ rng.normal(size=(6, 20))
    return Case("rank_deficient", X, target(X, rng), unique=False)


@_case
def timestamps(seed: int = 0) -> Case:
    """Columns whose mean is 1e3 to 1e9 times their spread."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(100, 8)) + 10.0 ** np.linspace(3, 9, 8)
    return Case("timestamps", X, target(X, rng) + 1e4)


@_case
def huge_and_tiny(seed: int = 0) -> Case:
    """Columns from 1e-150 to 1e150."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 7)) * 10.0 ** np.linspace(-150, 150, 7)
    unit = X / 10.0 ** np.linspace(-150, 150, 7)
    return Case("huge_and_tiny", X, target(unit, rng))


@_case
def constant_columns(seed: int = 0) -> Case:
    """A column of zeros, one of 0.1 (whose mean is not 0.1 in floating point), one of 1e9."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(50, 8))
    X[:, 1], X[:, 4], X[:, 6] = 0.0, 0.1, 1e9
    return Case("constant_columns", X, target(X, rng))


@_case
def one_feature(seed: int = 0) -> Case:
    """p = 1."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 1))
    return Case("one_feature", X, target(X, rng, 1))


@_case
def two_samples(seed: int = 0) -> Case:
    """n = 2."""
    rng = np.random.default_rng(seed)
    return Case("two_samples", rng.normal(size=(2, 6)), rng.normal(size=2))


@_case
def everything(seed: int = 0) -> Case:
    """Weights (zeros among them), offset, penalty factors 0 and infinity, bounds, elastic net: all at once."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(90, 15)) * 10.0 ** rng.uniform(-2, 2, 15) + 1.0
    factor = rng.uniform(0.5, 2.0, 15)
    factor[2], factor[3], factor[7] = 0.0, 0.0, np.inf
    lower, upper = np.full(15, -np.inf), np.full(15, np.inf)
    lower[:5], upper[5:8] = 0.0, 0.02
    options = {
        "sample_weight": rng.integers(0, 4, 90).astype(float),
        "offset": rng.normal(size=90),
        "penalty_factor": factor,
        "lower": lower,
        "upper": upper,
        "l1_ratio": 0.7,
    }
    return Case("everything", X, target(X, rng, 8), options)
