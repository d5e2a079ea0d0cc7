"""The ends of the family: least squares, ridge, single features, bounds, factors 0 and infinity, degenerate data."""

import numpy as np
import pytest

from riata.certify import certify
from riata.path import lam_grid, lam_max, make_problem, solve_path
from riata.testing import cases, check_path, slow_descent


def centred(case):
    X, y = np.asarray(case.X), case.y
    return X - X.mean(axis=0), y - y.mean()


# --- closed forms -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("standardize", [True, False])
def test_ridge_has_its_closed_form(standardize):
    case = cases()["correlated"]
    Z, r = centred(case)
    n = r.size
    t2 = np.diag(Z.var(axis=0)) if standardize else np.eye(Z.shape[1])
    problem = case.problem(l1_ratio=0.0, standardize=standardize)
    for lam in [10.0, 0.1, 1e-3]:
        found = solve_path(problem, [lam], tol=1e-14)
        closed = np.linalg.solve(Z.T @ Z / n + lam * t2, Z.T @ r / n)
        np.testing.assert_allclose(found.coef[:, 0], closed, rtol=1e-7, atol=1e-9)
    other = np.eye(Z.shape[1]) if standardize else np.diag(Z.var(axis=0))
    wrong = np.linalg.solve(Z.T @ Z / n + 1e-3 * other, Z.T @ r / n)
    if standardize:
        assert not np.allclose(found.coef[:, 0], wrong, rtol=1e-4)


def test_wide_ridge_has_its_closed_form():
    case = cases()["wide"]
    Z, r = centred(case)
    n = r.size
    found = solve_path(case.problem(l1_ratio=0.0, standardize=False), [0.5], tol=1e-14)
    dual = Z.T @ np.linalg.solve(Z @ Z.T / n + 0.5 * np.eye(n), r) / n
    np.testing.assert_allclose(found.coef[:, 0], dual, rtol=0, atol=1e-8)


@pytest.mark.parametrize("name", ["tall", "correlated", "timestamps", "one_feature"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_lambda_zero_is_least_squares(name, l1_ratio):
    case = cases()[name]
    Z, r = centred(case)
    unit = Z.std(axis=0)
    least = np.linalg.lstsq(Z / unit, r, rcond=None)[0] / unit
    problem = case.problem(l1_ratio=l1_ratio)
    found = solve_path(problem, [0.1, 0.0], tol=1e-13)
    np.testing.assert_allclose(found.coef[:, 1] * unit, least * unit, rtol=0, atol=1e-6 * np.abs(least * unit).max())
    check_path(problem, found)


def test_elastic_net_between_lasso_and_ridge():
    case = cases()["tall"]
    for l1_ratio in [1.0, 0.999999, 0.5, 1e-6, 0.0]:
        problem = case.problem(l1_ratio=l1_ratio)
        found = solve_path(problem, [0.2], tol=1e-13)
        slow = slow_descent(problem, 0.2)
        np.testing.assert_allclose(found.coef[:, 0], slow.coef, rtol=1e-6, atol=1e-10)


def test_one_feature_is_a_soft_threshold():
    case = cases()["one_feature"]
    x, r = (a.ravel() for a in centred(case))
    sd = x.std()
    c = x @ r / r.size / sd
    assert lam_max(case.problem()) == pytest.approx(abs(c), rel=1e-12)
    for lam in [0.0, 0.3 * abs(c), 0.9 * abs(c), 2 * abs(c)]:
        expected = np.sign(c) * max(abs(c) - lam, 0) / sd
        assert solve_path(case.problem(), [lam]).coef[0, 0] == pytest.approx(expected, rel=1e-9, abs=1e-14)


def test_orthonormal_columns_are_soft_thresholds():
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.normal(size=(64, 6)) - rng.normal(size=(64, 6)).mean(axis=0))[0]
    Q = np.linalg.qr(Q - Q.mean(axis=0))[0] * 8.0
    y = Q @ [3, -2, 1, 0.5, 0, 0] + rng.normal(size=64)
    c = Q.T @ (y - y.mean()) / 64
    found = solve_path(make_problem(Q, y, standardize=False), [0.7], tol=1e-14)
    np.testing.assert_allclose(found.coef[:, 0], np.sign(c) * np.maximum(np.abs(c) - 0.7, 0), atol=1e-9)


# --- penalty factors, bounds, offset ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tall", "wide", "sparse_counts"])
def test_factor_zero_is_never_penalised(name):
    case = cases()[name]
    p = case.X.shape[1]
    factor = np.where(np.arange(p) < 2, 0.0, 1.0)
    problem = case.problem(penalty_factor=factor)
    top = lam_max(problem)
    found = solve_path(problem, [top * 1.001, top * 0.3], tol=1e-12)
    assert np.all(found.coef[:2] != 0)
    assert not np.any(found.coef[2:, 0])
    dense = problem.design.columns(np.arange(2))
    residual = case.y - problem.design.dot(found.coef)[:, 0] - found.intercept[0]
    assert np.abs((dense - dense.mean(axis=0)).T @ residual).max() <= 1e-6 * np.abs(dense).max() * case.y.size
    check_path(problem, found)


@pytest.mark.parametrize("name", ["tall", "wide", "sparse_counts"])
def test_factor_infinity_is_a_column_gone(name):
    case = cases()[name]
    p = case.X.shape[1]
    out = np.arange(p) % 3 == 0
    problem = case.problem(penalty_factor=np.where(out, np.inf, 1.0))
    without = make_problem(case.X[:, ~out], case.y)
    lams = lam_grid(without, 20, 1e-2)
    np.testing.assert_allclose(lam_grid(problem, 20, 1e-2), lams, rtol=1e-12)
    one, other = solve_path(problem, lams, tol=1e-12), solve_path(without, lams, tol=1e-12)
    assert not np.any(one.coef[out])
    np.testing.assert_allclose(one.coef[~out], other.coef, rtol=0, atol=1e-7 * np.abs(other.coef).max())


def test_factors_are_used_as_given():
    """Doubling every factor is halving lambda; glmnet would rescale and see no difference."""
    case = cases()["tall"]
    once, twice = case.problem(), case.problem(penalty_factor=np.full(12, 2.0))
    np.testing.assert_allclose(
        solve_path(twice, [0.1], tol=1e-13).coef, solve_path(once, [0.2], tol=1e-13).coef, rtol=1e-8
    )
    factor = np.linspace(0.5, 2, 12)
    scaled = make_problem(case.X / case.X.std(axis=0) / factor, case.y, standardize=False)
    direct = solve_path(case.problem(penalty_factor=factor), [0.1], tol=1e-13).coef[:, 0]
    np.testing.assert_allclose(
        solve_path(scaled, [0.1], tol=1e-13).coef[:, 0] / factor / case.X.std(axis=0), direct, rtol=1e-7, atol=1e-12
    )


@pytest.mark.parametrize("name", ["tall", "wide", "correlated", "sparse_counts", "near_collinear"])
@pytest.mark.parametrize("bounds", ["positive", "negative", "box", "closed"])
def test_bounds_hold_to_the_last_bit(name, bounds):
    case = cases()[name]
    free = solve_path(case.problem(), lam_grid(case.problem(), 20, 1e-3))
    size = np.abs(free.coef[:, -1])
    low, high = {
        "positive": (0.0, np.inf),
        "negative": (-np.inf, 0.0),
        "box": (-0.3 * size.max(), 0.1 * size.max()),
        "closed": (-0.3 * size, 0.0),
    }[bounds]
    problem = case.problem(lower=low, upper=high)
    found = solve_path(problem, lam_grid(problem, 20, 1e-3))
    check_path(problem, found)
    assert np.any(free.coef < problem.lower[:, None]) or np.any(free.coef > problem.upper[:, None])
    if bounds == "box" and name == "tall":
        assert np.any(found.coef == problem.upper[:, None])


def test_nonnegative_least_squares():
    from scipy.optimize import nnls

    case = cases()["correlated"]
    Z, r = centred(case)
    found = solve_path(case.problem(lower=0.0), [0.01, 0.0], tol=1e-12)
    expected = nnls(Z, r)[0]
    assert 0 < np.count_nonzero(expected) < expected.size
    np.testing.assert_allclose(found.coef[:, 1], expected, rtol=0, atol=1e-7)


def test_offset_is_subtracted_from_y():
    case = cases()["tall"]
    offset = np.sin(np.arange(200.0))
    a = solve_path(case.problem(offset=offset), [0.1], tol=1e-12)
    b = solve_path(make_problem(case.X, case.y - offset), [0.1], tol=1e-12)
    np.testing.assert_allclose(a.coef, b.coef, rtol=1e-9)
    np.testing.assert_allclose(a.intercept, b.intercept, rtol=1e-9)
    assert not np.allclose(a.coef, solve_path(case.problem(), [0.1], tol=1e-12).coef, rtol=1e-6)


# --- degenerate data --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["duplicate_columns", "duplicate_rows", "rank_deficient", "one_hot", "constant_columns"]
)
@pytest.mark.parametrize("extra", [{}, {"lower": 0.0}, {"l1_ratio": 0.5}, {"fit_intercept": False}])
def test_rank_deficient_data_to_very_small_lambda(name, extra):
    problem = cases()[name].problem(**extra)
    found = solve_path(problem, lam_grid(problem, 60, 1e-6))
    check_path(problem, found)


def test_ridge_splits_duplicates_evenly():
    case = cases()["tall"]
    problem = make_problem(np.hstack([case.X, case.X]), case.y, l1_ratio=0.5)
    found = solve_path(problem, [0.1], tol=1e-14)
    np.testing.assert_allclose(found.coef[:12], found.coef[12:], rtol=1e-5, atol=1e-9)


def test_constant_columns_stay_out():
    case = cases()["constant_columns"]
    found = solve_path(case.problem(), lam_grid(case.problem(), 20, 1e-4))
    assert not np.any(found.coef[[1, 4, 6]])
    check_path(case.problem(), found)


def test_constant_target_gives_the_null_model():
    X = cases()["tall"].X
    for y in [np.full(200, 0.1), np.zeros(200), np.full(200, 1e200)]:
        problem = make_problem(X, y)
        assert lam_max(problem) == 0.0
        found = solve_path(problem, [0.5, 0.1])
        assert not np.any(found.coef)
        np.testing.assert_allclose(found.intercept, y[0], rtol=1e-15)
        assert np.all(found.gap_rel == 0)


def test_timestamps_keep_their_digits():
    """Means of 1e9 times the spread: the coefficients are those of the centred data."""
    case = cases()["timestamps"]
    near = make_problem(case.X - np.round(case.X.mean(axis=0)), case.y)
    lams = lam_grid(near, 20, 1e-2)
    far = case.problem()
    np.testing.assert_allclose(lam_grid(far, 20, 1e-2), lams, rtol=1e-9)
    a, b = solve_path(far, lams, tol=1e-12), solve_path(near, lams, tol=1e-12)
    np.testing.assert_allclose(a.coef, b.coef, rtol=0, atol=1e-7 * np.abs(b.coef).max())
    check_path(far, a)


def test_huge_and_tiny_columns_side_by_side():
    case = cases()["huge_and_tiny"]
    scale = 10.0 ** np.linspace(-150, 150, 7)
    near = make_problem(case.X / scale, case.y)
    lams = lam_grid(near, 20, 1e-2)
    a, b = solve_path(case.problem(), lams, tol=1e-12), solve_path(near, lams, tol=1e-12)
    np.testing.assert_allclose(a.coef * scale[:, None], b.coef, rtol=0, atol=1e-7)
    assert certify(case.problem(), a.coef[:, -1], a.intercept[-1], lams[-1]).gap_rel <= 1e-11
