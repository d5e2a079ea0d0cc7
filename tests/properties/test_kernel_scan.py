"""The compiled look for numbers that are not finite: every layout, every place, no false alarm."""

import numpy as np
import pytest
from riata.kernels.scan import finite

LAYOUTS = {
    "fortran": np.asfortranarray,
    "c": np.ascontiguousarray,
    "every other row": lambda X: np.repeat(X, 2, axis=0)[::2],
    "every other column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "a field of records": lambda X: np.rec.fromarrays([np.zeros(X.shape, np.int8), X])["f1"],
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_place_is_looked_at(layout, dtype):
    X = np.random.default_rng(0).normal(size=(13, 5)).astype(dtype)
    assert finite(LAYOUTS[layout](X))
    for bad in (np.nan, np.inf, -np.inf):
        for row, col in np.ndindex(X.shape):
            spoilt = X.copy()
            spoilt[row, col] = bad
            assert not finite(LAYOUTS[layout](spoilt))


def test_large_numbers_are_finite():
    """Their sum is not."""
    X = np.full((50, 3), np.finfo(np.float64).max)
    with np.errstate(over="ignore"):
        assert np.isinf(X.sum())  # otherwise this tests nothing
    assert finite(X)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1)])
def test_small_and_empty(shape):
    assert finite(np.zeros(shape))


def test_read_only():
    X = np.zeros((3, 2))
    X.flags.writeable = False
    assert finite(X)
