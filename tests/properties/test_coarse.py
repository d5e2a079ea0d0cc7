"""The copy of X in one byte per entry proves nothing that is not so, and lanes that use it find the same answer.

What it says of a column is an interval, and the exact correlation lies in it: whatever the column's size and outliers.
What the span learns from it is as wide as it is uncertain, so that with and without it the same columns enter.
"""

import numpy as np
import pytest

from riata.kernels import gram
from riata.path import lam_grid, make_problem, solve_path
from riata.select.cv import cross_validate
from riata.testing import check_path

N = {"few rows": 37, "more than a sum of 32 bits holds": 9000}


def columns(n, rng):
    """Columns of every kind that has to be bounded."""
    X = rng.standard_normal((n, 40))
    X[:, 1] = 3.0  # constant
    X[:, 2] = rng.random(n) < 0.05  # rare
    X[:, 3] = 0.0
    X[0, 3] = 1.0  # one spike
    X[:, 4] += 1e6  # far from zero
    X[:, 5] *= 1e-25
    X[:, 6] *= 1e25
    X[:, 7] = rng.standard_cauchy(n)
    X[:, 8] *= 1e-60  # beyond single precision: given up, not wrong
    X[:, 9] *= 1e60
    X[:, 10] = flips(n)
    return np.asfortranarray(X)


def flips(n):
    """With itself the largest sum of products that there can be."""
    return np.where(np.arange(n) % 2, 1.0, -1.0)


def vectors(n, rng):
    """Residuals: plain, of mean zero, zero on the rows held out, and with a few large entries."""
    plain = rng.standard_normal(n)
    held = plain.copy()
    held[: n // 3] = 0.0
    return [plain, plain - plain.mean(), held, 1e-8 * rng.standard_cauchy(n), np.ones(n), np.eye(n)[0], flips(n)]


@pytest.mark.parametrize("rows", sorted(N))
def test_every_correlation_lies_in_its_bounds(rows):
    rng, n = np.random.default_rng(0), N[rows]
    X = columns(n, rng)
    coarse = gram.Coarse(*X.shape)
    coarse.fill(0, X)
    for v in vectors(n, rng):
        near, off = coarse.bounds(v)
        exact = X.T @ v
        size = np.linalg.norm(X, axis=0) * np.linalg.norm(v)
        # double precision rounds the one, single precision the other; what is compared in a solve is neither
        assert np.all(np.abs(near - exact) <= off + 1e-6 * np.abs(near) + 1e-11 * size)
        assert np.isinf(off[[8, 9]]).all()
        assert np.all(off[11:] <= 0.025 * size[11:])  # and they are narrow: Gaussian columns, 8 bits


@pytest.mark.parametrize("rows", sorted(N))
def test_no_column_beyond_its_threshold_is_dropped(rows):
    rng, n = np.random.default_rng(1), N[rows]
    X = columns(n, rng)
    coarse = gram.Coarse(*X.shape)
    coarse.fill(0, X)
    dropped = 0
    for v in vectors(n, rng):
        exact = np.abs(X.T @ v)
        for lam in np.quantile(exact[11:], [0.1, 0.5, 0.9, 1.0]):
            left = coarse.settle(v, lam)
            assert set(np.flatnonzero(exact > lam)) <= set(left)
            dropped += X.shape[1] - len(left)
    assert dropped > 0.3 * 40 * 4 * len(vectors(n, rng))  # it is of use


def wide(n, p, seed, corner=False):
    """Columns that share a factor; with ``corner`` also spikes, far and tiny columns."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    if corner:
        X[:, 1] = np.eye(n)[0]
        X[:, 2] *= 1e-60
        X[:, 3] *= 1e60
        X[:, 4] += 50.0
        X[:, 5:25] = np.where(rng.random((n, 20)) < 0.04, 1.0, 0.0)
    return np.asfortranarray(X), X[:, 30:40] @ rng.normal(size=10) + rng.normal(size=n)


OPTIONS = {
    "plain": {},
    "no_intercept": {"fit_intercept": False},
    "elastic_net": {"l1_ratio": 0.6},
    "positive": {"lower": 0.0},
    "box": {"lower": -0.05, "upper": 0.1},
    "weights": {"sample_weight": np.arange(90) % 4 * 1.0},
}


@pytest.mark.parametrize("by_rows", [False, True])
@pytest.mark.parametrize("options", sorted(OPTIONS))
def test_the_answer_is_the_same_without_the_copy(options, by_rows):
    """Bit for bit: the same columns enter at the same λ, only the way to know them differs."""
    X, y = wide(90, 2500, 3, corner=True)
    problem = make_problem(np.ascontiguousarray(X) if by_rows else X, y, **OPTIONS[options])
    lams = lam_grid(problem, 40, 1e-2)
    on, off = (solve_path(problem, lams, tricks={"coarse": c}) for c in (True, False))
    check_path(problem, on)
    np.testing.assert_array_equal(on.coef, off.coef)
    np.testing.assert_array_equal(on.gap_rel, off.gap_rel)


def test_it_saves_passes():
    X, y = wide(90, 2500, 3)
    problem = make_problem(X, y)
    lams = lam_grid(problem, 100, 1e-2)
    on, off = (solve_path(problem, lams, tricks={"coarse": c}).stats for c in (True, False))
    assert on["full_passes"] + on["partial_passes"] < 0.7 * (off["full_passes"] + off["partial_passes"])


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_folds_are_the_same_for_any_threads_and_switches(family):
    """Lanes gather columns in whatever order the threads run; nothing depends on it."""
    X, y = wide(90, 2500, 4)
    problem = make_problem(X, y if family == "gaussian" else (y > y.mean()) * 1.0, family=family)
    foldid = np.random.default_rng(0).permutation(np.arange(90) % 6)[None]
    first = cross_validate(problem, foldid=foldid, n_lams=30, threads=1)
    assert first.path.stats["solver"].endswith("on the working set") or family == "gaussian"
    runs = [{"threads": 4}, {"threads": 3}] + [{"tricks": {t: False}} for t in ("coarse", "own_entries", "own_reads")]
    for options in runs:
        again = cross_validate(problem, foldid=foldid, n_lams=30, **options)
        np.testing.assert_array_equal(again.path.coef, first.path.coef)
        np.testing.assert_array_equal(again.loss, first.loss)
        np.testing.assert_array_equal(again.gap_rel, first.gap_rel)


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_lanes_enter_newcomers_by_themselves(family, monkeypatch):
    """Otherwise the switch above compares a run with itself."""
    from riata.solve.walk import Walk

    X, y = wide(90, 2500, 4)
    y = y if family == "gaussian" else (y > y.mean()) * 1.0
    foldid = (np.arange(90) % 6)[None]
    calls = []
    enter = Walk.enter
    monkeypatch.setattr(Walk, "enter", lambda self, new: calls.append(1) or enter(self, new))
    counts = []
    for on in (True, False):
        calls.clear()
        cross_validate(make_problem(X, y, family=family), foldid=foldid, n_lams=50, tricks={"own_entries": on})
        counts.append(len(calls))
    assert counts[0] < 0.5 * counts[1]
