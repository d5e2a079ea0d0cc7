"""Do the laws of the lasso hold? On drawn problems, and by a certificate that the solver never saw."""

import numpy as np
import pytest
import scipy.sparse as sp

pytest.importorskip("hypothesis", reason="hypothesis is not installed (pip install 'riata[test]')")
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes

from riata.certify import certify
from riata.path import lam_grid, lam_max, make_problem, solve_path
from riata.path.front import path
from riata.testing import brute_force, cases, check_path, strategies

FEW = settings(max_examples=60, deadline=None, derandomize=True)


def same_fit(problem, one, other, atol=1e-7):
    """Equal predictions on the problem's scale; coefficients too where they are unique."""
    rows = problem.sample_weight > 0
    size = np.std(problem.y[rows]) or 1.0
    ours = problem.design.dot(one.coef) + one.intercept
    theirs = problem.design.dot(other.coef) + other.intercept
    np.testing.assert_allclose(ours[rows] / size, theirs[rows] / size, rtol=0, atol=atol)


# --- optimality -------------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None, derandomize=True)
@given(strategies.problems(), st.sampled_from([1e-2, 1e-4]))
def test_every_path_is_certified(problem, ratio):
    check_path(problem, solve_path(problem, lam_grid(problem, 12, ratio), tol=1e-9), tol=1e-9)


@pytest.mark.parametrize("name", sorted(cases()))
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_hard_cases_are_certified(name, standardize, l1_ratio):
    problem = cases()[name].problem(standardize=standardize, l1_ratio=l1_ratio)
    check_path(problem, solve_path(problem, lam_grid(problem, 50, 1e-4)))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(strategies.problems(max_n=12, max_p=3), st.sampled_from([1e-3, 0.03, 0.3]))
def test_minimum_by_brute_force(problem, lam):
    found = solve_path(problem, [lam], tol=1e-12)
    assert (
        certify(problem, found.coef[:, 0], found.intercept[0], lam).primal
        <= brute_force(problem, lam).objective + 1e-10
    )


@FEW
@given(strategies.problems(max_p=12), st.integers(0, 1000))
def test_gap_is_never_negative(problem, seed):
    rng = np.random.default_rng(seed)
    coef = np.clip(rng.normal(size=problem.n_features), problem.lower, problem.upper)
    coef[np.isinf(problem.penalty_factor)] = 0.0
    intercept = rng.normal() if problem.fit_intercept else 0.0
    found = certify(problem, coef, intercept, 0.1)
    assert found.gap >= -1e-12 * found.primal


# --- lambda_max -------------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None, derandomize=True)
@given(strategies.problems(l1_ratio=1.0))
def test_zero_exactly_from_lambda_max_on(problem):
    """λ ≥ λ_max ⇔ no penalised coefficient; weights, factors, bounds and offsets included."""
    top = lam_max(problem)
    if top <= 1e-12:  # rounding: what is unpenalised explains y wholly (y is of size one)
        return
    penalised = problem.penalty_factor > 0
    above = solve_path(problem, [top * (1 + 1e-9), top * 2])
    assert not np.any(above.coef[penalised])
    below = solve_path(problem, [top * (1 - 1e-4)], tol=1e-13)
    assert np.any(below.coef[penalised])


def test_lambda_max_would_notice_a_wrong_formula():
    """The law above can tell: halving, ignoring weights, factors or signs all give another λ_max."""
    case = cases()["everything"]
    top = lam_max(case.problem())
    for wrong in [
        {"sample_weight": None},
        {"penalty_factor": None},
        {"offset": None},
        {"lower": None},
        {"l1_ratio": 1.0},
    ]:
        assert abs(lam_max(case.problem(**wrong)) / top - 1) > 1e-4, wrong


# --- units ------------------------------------------------------------------------------------------------------------

FACTORS = [1e-150, 1e-100, 1e-6, 3.7, 1e6, 1e100, 1e150]


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("name", ["tall", "correlated", "wide", "sparse_counts", "timestamps"])
def test_units_of_y_change_nothing(factor, name):
    case = cases()[name]
    one = case.problem()
    other = make_problem(case.X, case.y * factor)
    lams = lam_grid(one, 30, 1e-3)
    np.testing.assert_allclose(lam_grid(other, 30, 1e-3) / factor, lams, rtol=1e-9)
    a, b = solve_path(one, lams), solve_path(other, lams * factor)
    assert np.array_equal(a.coef != 0, b.coef != 0)
    size = np.abs(a.coef).max(axis=1, keepdims=True)
    assert np.all(np.abs(b.coef / factor - a.coef) <= 1e-6 * size)
    check_path(other, b)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("name", ["tall", "correlated", "wide", "sparse_counts"])
@pytest.mark.parametrize("standardize", [True, False])
def test_units_of_x_change_nothing(factor, name, standardize):
    case = cases()[name]
    one = case.problem(standardize=standardize)
    other = make_problem(case.X * factor, case.y, standardize=standardize)
    lams = lam_grid(one, 30, 1e-3)
    a, b = solve_path(one, lams), solve_path(other, lams if standardize else lams * factor)
    assert np.array_equal(a.coef != 0, b.coef != 0)
    check_path(other, b)


def test_units_of_single_columns_change_nothing_when_standardising():
    case = cases()["tall"]
    scale = 10.0 ** np.linspace(-150, 150, case.X.shape[1])
    lams = lam_grid(case.problem(), 30, 1e-3)
    a, b = solve_path(case.problem(), lams), solve_path(make_problem(case.X * scale, case.y), lams)
    assert np.array_equal(a.coef != 0, b.coef != 0)
    raw = solve_path(make_problem(case.X * scale, case.y, standardize=False), lams)
    assert not np.array_equal(a.coef != 0, raw.coef != 0)  # without standardising, units do matter


@FEW
@given(strategies.problems(fit_intercept=True), st.sampled_from([-100.0, 3.0, 1e4]))
def test_shifting_y_and_x_moves_only_the_intercept(problem, shift):
    lams = lam_grid(problem, 8, 1e-2)
    X = problem.design.columns(np.arange(problem.n_features))
    kept = {
        k: getattr(problem, k)
        for k in ("sample_weight", "offset", "penalty_factor", "lower", "upper", "l1_ratio", "standardize")
    }
    moved = make_problem(X + shift * np.abs(X).max(axis=0), problem.y + shift, **kept)
    one, other = solve_path(problem, lams, tol=1e-12), solve_path(moved, lams, tol=1e-12)
    rows = problem.sample_weight > 0
    ours = problem.design.dot(one.coef) + one.intercept + shift
    theirs = moved.design.dot(other.coef) + other.intercept
    np.testing.assert_allclose(theirs[rows], ours[rows], rtol=0, atol=1e-4 * (np.std(problem.y[rows]) + 1e-9))


# --- order and repetition ---------------------------------------------------------------------------------------------


@FEW
@given(strategies.problems(), st.integers(0, 1000))
def test_order_of_features_and_samples_does_not_matter(problem, seed):
    rng = np.random.default_rng(seed)
    rows, cols = rng.permutation(problem.n_samples), rng.permutation(problem.n_features)
    X = problem.design.columns(np.arange(problem.n_features))
    kept = {"l1_ratio": problem.l1_ratio, "fit_intercept": problem.fit_intercept, "standardize": problem.standardize}
    shuffled = make_problem(
        X[rows][:, cols],
        problem.y[rows],
        sample_weight=problem.sample_weight[rows],
        offset=problem.offset[rows],
        penalty_factor=problem.penalty_factor[cols],
        lower=problem.lower[cols],
        upper=problem.upper[cols],
        **kept,
    )
    lams = lam_grid(problem, 8, 1e-2)
    one, other = solve_path(problem, lams, tol=1e-12), solve_path(shuffled, lams, tol=1e-12)
    ours = (problem.design.dot(one.coef) + one.intercept)[rows]
    theirs = shuffled.design.dot(other.coef) + other.intercept
    live = shuffled.sample_weight > 0
    np.testing.assert_allclose(theirs[live], ours[live], rtol=0, atol=1e-5 * (np.std(problem.y) + 1e-9))


@pytest.mark.parametrize("name", ["tall", "correlated", "wide", "sparse_counts", "one_hot"])
def test_weights_are_repetitions(name):
    case = cases()[name]
    rng = np.random.default_rng(1)
    weight = rng.integers(0, 4, case.y.size)
    index = np.repeat(np.arange(case.y.size), weight)
    weighted = make_problem(case.X, case.y, sample_weight=weight)
    repeated = make_problem(case.X[index], case.y[index])
    lams = lam_grid(weighted, 20, 1e-2)
    np.testing.assert_allclose(lam_grid(repeated, 20, 1e-2), lams, rtol=1e-9)
    one, other = solve_path(weighted, lams, tol=1e-12), solve_path(repeated, lams, tol=1e-12)
    same_fit(weighted, one, other)
    plain = solve_path(make_problem(case.X, case.y), lams, tol=1e-12)
    with pytest.raises(AssertionError):  # the data can tell: without the weights it is another model
        same_fit(weighted, one, plain)


@pytest.mark.parametrize("name", ["tall", "wide", "sparse_counts"])
def test_weight_zero_is_a_row_gone_and_weights_have_no_scale(name):
    case = cases()[name]
    weight = np.where(np.arange(case.y.size) % 5 == 0, 0.0, 1.0)
    y = np.where(weight > 0, case.y, 1e6)  # what stands in a dropped row must not matter
    dropped = make_problem(case.X[weight > 0], y[weight > 0])
    zeroed = make_problem(case.X, y, sample_weight=weight)
    lams = lam_grid(dropped, 20, 1e-2)
    np.testing.assert_allclose(lam_grid(zeroed, 20, 1e-2), lams, rtol=1e-9)
    one, other = solve_path(zeroed, lams, tol=1e-12), solve_path(dropped, lams, tol=1e-12)
    same_fit(dropped, one, other)
    for scale in [1e-200, 1e-3, 1e200]:
        scaled = solve_path(make_problem(case.X, y, sample_weight=weight * scale), lams, tol=1e-12)
        same_fit(dropped, scaled, other)
        check_path(dropped, scaled)


# --- storage ----------------------------------------------------------------------------------------------------------


def _wide(X):
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


def _memmap(X):
    import tempfile

    stored = np.lib.format.open_memmap(tempfile.mkdtemp() + "/x.npy", mode="w+", dtype=X.dtype, shape=X.shape)
    stored[:] = X
    stored.flush()
    return np.load(stored.filename, mmap_mode="r")


def _read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


STORAGE = {
    "c": np.ascontiguousarray,
    "fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "reversed": lambda X: np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
    "memmap": _memmap,
    "read_only": _read_only,
    "csc": sp.csc_matrix,
    "csr": sp.csr_matrix,
    "coo": sp.coo_matrix,
    "csc_array": sp.csc_array,
    "csr_array": sp.csr_array,
    "csc64": lambda X: _wide(sp.csc_matrix(X)),
    "csr64": lambda X: _wide(sp.csr_matrix(X)),
}


@pytest.mark.parametrize("storage", list(STORAGE))
@pytest.mark.parametrize("name", ["tall", "wide", "binary_columns", "everything"])
def test_storage_changes_nothing(storage, name):
    case = cases()[name]
    plain = case.problem()
    lams = lam_grid(plain, 25, 1e-2)
    reference = solve_path(plain, lams, tol=1e-12)
    other = make_problem(STORAGE[storage](np.asarray(case.X)), case.y, **case.options)
    np.testing.assert_allclose(lam_grid(other, 25, 1e-2), lams, rtol=1e-9)
    found = solve_path(other, lams, tol=1e-12)
    check_path(other, found, tol=1e-11)
    same_fit(plain, found, reference)


@pytest.mark.parametrize("name", ["tall", "wide", "correlated"])
def test_float32_is_solved_as_the_numbers_it_holds(name):
    case = cases()[name]
    X = case.X.astype(np.float32)
    single, double = make_problem(X, case.y), make_problem(X.astype(np.float64), case.y)
    lams = lam_grid(double, 25, 1e-2)
    found = solve_path(single, lams, tol=1e-9)
    check_path(double, found, tol=1e-9)  # certified in float64
    same_fit(double, found, solve_path(double, lams, tol=1e-12), atol=1e-4)


@pytest.mark.parametrize("name", ["integers", "booleans"])
def test_integers_and_booleans(name):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 9, (60, 8)) if name == "integers" else rng.random((60, 8)) < 0.4
    y = rng.normal(size=60)
    one, other = make_problem(X, y), make_problem(X.astype(float), y)
    lams = lam_grid(other, 20, 1e-2)
    np.testing.assert_array_equal(solve_path(one, lams).coef, solve_path(other, lams).coef)


# --- paths ------------------------------------------------------------------------------------------------------------


@FEW
@given(strategies.problems(), st.integers(0, 1000))
def test_point_of_a_path_is_a_single_fit(problem, seed):
    lams = lam_grid(problem, 10, 1e-2)
    path = solve_path(problem, lams, tol=1e-12)
    k = int(np.random.default_rng(seed).integers(lams.size))
    single = solve_path(problem, [lams[k]], tol=1e-12)
    rows = problem.sample_weight > 0
    ours = (problem.design.dot(path.coef[:, k]) + path.intercept[k])[rows]
    alone = (problem.design.dot(single.coef[:, 0]) + single.intercept[0])[rows]
    np.testing.assert_allclose(alone, ours, rtol=0, atol=1e-5 * (np.std(problem.y) + 1e-9))


@pytest.mark.parametrize("name", ["tall", "wide", "everything"])
def test_given_grids_in_any_order(name):
    problem = cases()[name].problem()
    lams = lam_grid(problem, 15, 1e-2)
    down = solve_path(problem, lams)
    for order in [lams[::-1], np.random.default_rng(0).permutation(lams), list(lams), np.concatenate([lams, lams])]:
        other = solve_path(problem, order)
        assert np.array_equal(other.lams, down.lams)
        np.testing.assert_array_equal(other.coef, down.coef)


@pytest.mark.parametrize(
    "name", ["tall", "wide", "sparse_counts", "sparse_wide", "one_hot", "everything", "near_collinear"]
)
def test_threads_change_no_bit(name):
    problem = cases()[name].problem()
    lams = lam_grid(problem, 40, 1e-3)
    one, two = solve_path(problem, lams, threads=1), solve_path(problem, lams, threads=2)
    assert np.array_equal(one.coef, two.coef)
    assert np.array_equal(one.intercept, two.intercept)
    assert np.array_equal(one.gap_rel, two.gap_rel)


@pytest.mark.parametrize("name", sorted(cases()))
def test_inputs_are_never_changed(name):
    import hashlib
    import pickle

    case = cases()[name]
    given_data = (case.X, case.y, case.options)
    before = hashlib.sha256(pickle.dumps(given_data)).digest()
    problem = case.problem()
    lams = lam_grid(problem, 10, 1e-2)
    path = solve_path(problem, lams)
    certify(problem, path.coef[:, -1], path.intercept[-1], path.lams[-1])
    assert hashlib.sha256(pickle.dumps(given_data)).digest() == before
    assert np.array_equal(lams, lam_grid(problem, 10, 1e-2))


def test_a_path_that_stops_early_is_the_beginning_of_the_whole_one():
    X, y = load_diabetes(return_X_y=True)
    whole, first = (path(X, y, early_stop=early) for early in (False, True))
    count = len(first.lams)
    assert 5 <= count < 100  # otherwise this tests nothing
    assert (first.early_stopped, whole.early_stopped) == (True, False)
    assert (str(first.status)[:7], str(whole.status)[:5]) == ("The pat", "Every")
    for name in ("lams", "intercept", "gap_rel", "dev_ratio"):
        np.testing.assert_array_equal(getattr(first, name), getattr(whole, name)[:count])
    np.testing.assert_array_equal(first.coef, whole.coef[:, :count])
    assert len(first.stats["n_iter"]) == count
    assert first.problem.n_samples == len(y)
