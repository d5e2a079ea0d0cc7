"""The compiled look for numbers that are not finite: every layout, every place, no false alarm."""

import numpy as np
import pytest
from riata.kernels.scan import above, every, falls, finite

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


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_numbers_and_vectors(kind):
    assert all(map(finite, (np.asarray(kind(2.0)), np.zeros(5, kind)[::2])))
    assert not any(map(finite, (np.asarray(kind(np.nan)), np.array([0.0, np.inf], kind))))


@pytest.mark.parametrize("wrong", [np.zeros(2, int), np.zeros((1, 1, 1)), np.zeros(2, ">f8")])
def test_other_kinds_are_refused(wrong):
    with pytest.raises(TypeError, match="finite looks at"):
        finite(wrong)


def test_a_limit_and_a_value():
    x = np.array([1.0, 2.0, np.nan, 3.0, 2.0])
    assert [above(x, 2.0), above(x, 1.5), above(x[::-2], 1.0)] == [1, 3, 1]
    assert all(every(ones, 1.0) for ones in (np.ones(3), np.array([1.0, 5.0, 1.0])[::2]))
    assert not any(every(others, 1.0) for others in (x[:2], x[2:3]))


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([3.0, 1.0, 0.0], True), ([1.0], True), ([1.0, 1.0], False), ([1.0, 2.0], False), ([1.0, -1.0], False),
        ([3.0, np.nan, 1.0], False), ([np.inf, 1.0], False),
        ([1.0, np.nan], False), ([np.nan, 1.0], False), ([np.nan], False), ([], False),
    ],
)  # fmt: skip
def test_a_grid_that_falls(x, expected):
    assert falls(np.array(x)) is expected
