"""Hypothesis strategies: designs, targets and whole problems. Needs `hypothesis` (`pip install 'riata[test]'`).

from hypothesis import given
from riata.testing import strategies

@given(strategies.problems())
def test_my_solver(problem): ...
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from riata.core.errors import need

st = need("hypothesis.strategies", "test")

Array = np.ndarray


def _design(seed: int, n: int, p: int, kind: str) -> Any:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    if kind == "correlated":
        X = X + 2.0 * rng.normal(size=(n, 1))
    elif kind == "units":
        X = X * 10.0 ** rng.integers(-6, 7, p) + rng.normal(size=p)
    elif kind == "binary":
        X = (X > rng.normal(size=p)).astype(float)
    elif kind == "duplicates" and p > 1:
        X[:, p // 2 :] = X[:, : p - p // 2]
    elif kind == "shifted":
        X = X + 10.0 ** rng.integers(0, 7, p)
    elif kind == "constant":
        X[:, rng.integers(p)] = rng.normal()
    elif kind == "sparse":
        X = sp.csc_matrix(np.where(rng.uniform(size=X.shape) < 0.2, X, 0.0))
    return X


KINDS = ("plain", "correlated", "units", "binary", "duplicates", "shifted", "constant", "sparse")


@st.composite
def designs(draw: Any, max_n: int = 40, max_p: int = 30, kinds: tuple[str, ...] = KINDS) -> Any:
    """A design matrix: 2 <= n <= max_n rows, 1 <= p <= max_p columns, of one of ``KINDS``."""
    n, p = draw(st.integers(2, max_n)), draw(st.integers(1, max_p))
    return _design(draw(st.integers(0, 2**31)), n, p, draw(st.sampled_from(kinds)))


@st.composite
def targets(draw: Any, X: Any) -> Array:
    """A target of scale one that depends on a few columns of X; never constant."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    dense = X.toarray() if sp.issparse(X) else X
    centred = dense - dense.mean(axis=0)
    sd = centred.std(axis=0)
    w = np.where(rng.uniform(size=sd.size) < 0.3, rng.normal(size=sd.size), 0.0)
    return (
        (centred / np.where(sd > 0, sd, 1.0)) @ w + rng.normal(size=dense.shape[0]) + draw(st.sampled_from([0.0, 5.0]))
    )


@st.composite
def options(draw: Any, n: int, p: int) -> dict[str, Any]:
    """Keywords of `make_problem`: weights, offset, penalty factors, bounds, mixing, intercept, standardising."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    out: dict[str, Any] = {
        "l1_ratio": draw(st.sampled_from([1.0, 1.0, 0.9, 0.5, 0.1, 0.0])),
        "fit_intercept": draw(st.booleans()),
        "standardize": draw(st.booleans()),
    }
    if draw(st.booleans()):
        weight = rng.integers(0, 4, n).astype(float)
        weight[rng.permutation(n)[:2]] = 1.0
        out["sample_weight"] = weight
    if draw(st.booleans()):
        out["offset"] = rng.normal(size=n)
    if draw(st.booleans()):
        out["penalty_factor"] = np.where(rng.uniform(size=p) < 0.1, np.inf, rng.uniform(0.3, 3.0, p))
        if draw(st.booleans()):
            out["penalty_factor"][rng.integers(p)] = 0.0
    bounds = draw(st.sampled_from(["none", "none", "positive", "box", "mixed"]))
    if bounds in ("positive", "box"):
        out["lower"] = np.zeros(p) if bounds == "positive" else np.full(p, -0.3)
    if bounds == "box":
        out["upper"] = np.full(p, 0.2)
    if bounds == "mixed":
        out["lower"] = np.where(rng.uniform(size=p) < 0.5, -np.inf, -0.1)
        out["upper"] = np.where(rng.uniform(size=p) < 0.5, np.inf, 0.0)
    return out


@st.composite
def problems(draw: Any, max_n: int = 40, max_p: int = 30, **fixed: Any) -> Any:
    """A whole `Problem`; ``fixed`` keywords of `make_problem` override what is drawn."""
    from riata.path import make_problem

    # without an intercept columns of mean >> sd are parallel to 1e-6 and their Gram matrix is singular in float64
    kinds = KINDS if fixed.get("fit_intercept", draw(st.booleans())) else tuple(k for k in KINDS if k != "shifted")
    fixed = {"fit_intercept": "shifted" in kinds, **fixed}
    X = draw(designs(max_n, max_p, kinds))
    chosen = draw(options(X.shape[0], X.shape[1]))
    return make_problem(X, draw(targets(X)), **{**chosen, **fixed})
