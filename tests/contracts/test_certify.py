"""Does `certify` keep its promise: a lower bound that is one, tight at the optimum, blind to units and storage?"""

import subprocess
import sys
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp

pytest.importorskip("hypothesis", reason="hypothesis is not installed (pip install 'riata[test]')")
from hypothesis import given, settings
from hypothesis import strategies as st

import riata
from riata.certify import Certificate, certify, certify_many
from riata.certify.columns import columns_of, weighted_moments
from riata.certify.dual import Point, gap_along
from riata.certify.penalty import Penalty
from riata.path import make_problem
from riata.testing import brute_force, cases, slow_descent, strategies

LAMS = st.sampled_from([0.0, 1e-6, 1e-3, 0.05, 0.2, 0.5, 2.0])


def null_objective(problem):
    """Objective of the model without coefficients: sets the size of what rounding may do."""
    rows = problem.sample_weight > 0
    s = problem.sample_weight[rows] / problem.sample_weight[rows].sum()
    y = (problem.y - problem.offset)[rows]
    return float(0.5 * s @ (y - (s @ y if problem.fit_intercept else 0.0)) ** 2)


# --- the bound is a bound, and it is tight ----------------------------------------------------------------------------


@settings(max_examples=150, deadline=None, derandomize=True)
@given(strategies.problems(max_n=12, max_p=3), LAMS)
def test_gap_vanishes_at_the_minimum_by_brute_force(problem, lam):
    best = brute_force(problem, lam)
    found = certify(problem, best.coef, best.intercept, lam)
    assert -1e-13 <= found.gap_rel <= 1e-10
    assert found.primal == pytest.approx(best.objective, rel=1e-9, abs=1e-12 * null_objective(problem))
    assert found.kkt <= 1e-7


@settings(max_examples=150, deadline=None, derandomize=True)
@given(strategies.problems(max_n=12, max_p=3), LAMS, st.integers(0, 10**6), st.sampled_from([1.0, 1e-2, 1e-4]))
def test_dual_never_exceeds_the_minimum(problem, lam, seed, size):
    """The heart of the matter: D <= P* <= P at any coefficients, however bad."""
    rng = np.random.default_rng(seed)
    best = brute_force(problem, lam)
    spread = np.abs(best.coef).max() or 1.0
    coef = np.clip(best.coef + size * spread * rng.normal(size=best.coef.size), problem.lower, problem.upper)
    coef = np.where(np.isinf(problem.penalty_factor) | ((best.coef == 0) & (rng.random(coef.size) < 0.5)), 0.0, coef)
    if problem.standardize:
        coef[np.ptp(problem.design.columns(np.arange(coef.size))[problem.sample_weight > 0], axis=0) == 0] = 0.0
    intercept = best.intercept + size * rng.normal() if problem.fit_intercept else 0.0
    found = certify(problem, coef, intercept, lam)
    room = 1e-11 * (null_objective(problem) + found.primal)
    assert found.dual <= best.objective + room
    assert best.objective <= found.primal + room
    assert found.gap >= found.primal - best.objective - room


@pytest.mark.parametrize("name", ["tall", "correlated", "one_hot", "everything", "sparse_counts", "binary_columns"])
@pytest.mark.parametrize("lam", [0.5, 0.05])
def test_slow_descent_is_certified(name, lam):
    case = cases()[name]
    problem = case.problem()
    slow = slow_descent(problem, lam)
    assert certify(problem, slow.coef, slow.intercept, lam).gap_rel <= 1e-12


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # the gap says how well it did
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_scikit_learn_at_its_tightest_is_certified(l1_ratio):
    from sklearn.linear_model import ElasticNet

    case = cases()["correlated"]
    problem = case.problem(standardize=False, l1_ratio=l1_ratio)
    for lam in [1.0, 0.1, 0.01, 1e-3]:
        model = ElasticNet(alpha=lam, l1_ratio=l1_ratio, tol=1e-15, max_iter=10**6).fit(case.X, case.y)
        assert certify(problem, model.coef_, model.intercept_, lam).gap_rel <= 1e-13


def test_least_squares_and_nonnegative_least_squares():
    from scipy.optimize import nnls

    case = cases()["tall"]
    X, y = case.X, case.y
    centre = X.mean(axis=0)
    free = np.linalg.lstsq(X - centre, y - y.mean(), rcond=None)[0]
    assert certify(case.problem(), free, y.mean() - centre @ free, 0.0).gap_rel <= 1e-14
    positive = nnls((X - centre) / X.std(axis=0), y - y.mean())[0] / X.std(axis=0)
    bounded = case.problem(lower=np.zeros(X.shape[1]))
    assert np.any(positive == 0)
    assert certify(bounded, positive, y.mean() - centre @ positive, 0.0).gap_rel <= 1e-12


# --- test data can tell: every wrong variant is seen ------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_weight": np.ones(90)},
        {"offset": np.zeros(90)},
        {"penalty_factor": np.where(np.arange(15) == 7, np.inf, 1.0)},
        {"l1_ratio": 1.0},
        {"l1_ratio": 0.69},
        {"standardize": False},
        {"lower": np.full(15, -np.inf)},
    ],
    ids=lambda wrong: next(iter(wrong)) + str(next(iter(wrong.values())))[:4],
)
def test_solution_of_another_problem_is_not_certified(wrong):
    problem = cases()["everything"].problem()
    right = slow_descent(problem, 0.05)
    other = slow_descent(problem.replace(**wrong), 0.05)
    assert certify(problem, right.coef, right.intercept, 0.05).gap_rel <= 1e-12
    assert certify(problem, other.coef, other.intercept, 0.05).gap_rel > 1e-7


def test_perturbed_solution_shows_about_its_true_loss():
    problem = cases()["tall"].problem()
    best = slow_descent(problem, 0.1)
    for size in [1e-1, 1e-3, 1e-5]:
        coef = best.coef * (1 + size)
        found = certify(problem, coef, best.intercept, 0.1)
        truth = found.primal - best.objective
        assert truth * (1 - 1e-6) <= found.gap
        assert 1e-3 * size**2 < found.gap_rel < 10 * size
    assert certify(problem, best.coef, best.intercept + 0.1, 0.1).gap >= 0.0049
    assert certify(problem, best.coef, best.intercept, 0.11).gap_rel > 1e-5


def test_what_breaks_a_rule_has_an_infinite_gap():
    case = cases()["tall"]
    coef = slow_descent(case.problem(), 0.1).coef
    j = int(np.argmax(np.abs(coef)))
    out = np.where(np.arange(coef.size) == j, np.inf, 1.0)
    tight = np.full(coef.size, np.inf)
    tight[j] = max(0.0, np.nextafter(coef[j], -np.inf))
    negated = np.full(coef.size, -np.inf)
    negated[j] = min(0.0, np.nextafter(coef[j], np.inf))
    assert certify(case.problem(penalty_factor=out), coef, 0.0, 0.1).gap == np.inf
    assert certify(case.problem(upper=tight, lower=negated), coef, 0.0, 0.1).gap_rel == np.inf
    assert certify(case.problem(fit_intercept=False), coef, 0.5, 0.1).gap == np.inf
    assert certify(case.problem(), np.where(np.arange(coef.size) == j, np.nan, coef), 0.0, 0.1).gap == np.inf
    assert certify(case.problem(), coef, 0.0, 0.1).gap < np.inf
    constant = cases()["constant_columns"]
    touched = np.zeros(8)
    touched[4] = 1e-9
    assert certify(constant.problem(), touched, 0.0, 0.1).gap == np.inf
    assert certify(constant.problem(standardize=False), touched, 0.0, 0.1).gap < np.inf


def test_constant_target_is_handled():
    X = cases()["tall"].X
    problem = make_problem(X, np.full(X.shape[0], 0.1))
    assert certify(problem, np.zeros(X.shape[1]), 0.1, 0.5) == Certificate(0.0, 0.0, 0.0, 0.0, 0.0)
    assert certify(problem, np.ones(X.shape[1]), 0.1, 0.5).gap_rel == np.inf


def test_wrong_shapes_and_lambda_are_refused():
    problem = cases()["tall"].problem()
    with pytest.raises(ValueError, match="coef must be"):
        certify(problem, np.zeros(3), 0.0, 0.1)
    with pytest.raises(ValueError, match="lambda >= 0"):
        certify(problem, np.zeros(12), 0.0, np.nan)


# --- units, storage, rows without weight ------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [2.0**-490, 1e-150, 1e-6, 1e6, 1e150, 2.0**490])
@pytest.mark.parametrize("sparse", [False, True])
def test_units_do_not_matter(factor, sparse):
    case = cases()["correlated"]
    wrap = sp.csc_matrix if sparse else np.asarray
    coef = slow_descent(case.problem(), 0.1).coef * (1 + 1e-4)
    b = case.y.mean() - case.X.mean(axis=0) @ coef
    base = certify(make_problem(wrap(case.X), case.y), coef, b, 0.1)
    scaled_y = certify(make_problem(wrap(case.X), case.y * factor), coef * factor, b * factor, 0.1 * factor)
    scaled_x = certify(make_problem(wrap(case.X * factor), case.y), coef / factor, b, 0.1)
    raw = certify(make_problem(wrap(case.X), case.y, standardize=False), coef, b, 0.1)
    raw_x = certify(make_problem(wrap(case.X * factor), case.y, standardize=False), coef / factor, b, 0.1 * factor)
    assert base.gap_rel > 1e-9
    for one, other in [(base, scaled_y), (base, scaled_x), (raw, raw_x)]:
        assert other.gap_rel == pytest.approx(one.gap_rel, rel=1e-9)
        assert other.kkt == pytest.approx(one.kkt, rel=1e-9)


@pytest.mark.parametrize("shift", [1e3, 1e6, 1e9])
@pytest.mark.parametrize("sparse", [False, True])
def test_mean_far_above_spread_costs_no_digits(shift, sparse):
    case = cases()["tall"]
    X = case.X / case.X.std(axis=0)
    moved = np.round((X + shift) * 2**16) / 2**16  # exactly representable, so that moving back is exact
    near = moved - shift
    wrap = sp.csr_matrix if sparse else np.asarray
    problem, far = make_problem(near, case.y), make_problem(wrap(moved), case.y)
    best = slow_descent(problem, 0.1)
    intercept = best.intercept - shift * best.coef.sum()
    found = certify(far, best.coef, intercept, 0.1)
    # the intercept itself cannot be stored more finely than eps*shift
    assert found.gap_rel <= 1e-13 + (1e-16 * shift * np.abs(best.coef).sum()) ** 2 * 10
    off = certify(far, best.coef * 1.0001, intercept, 0.1)
    assert off.gap_rel > 1e-10 or shift > 1e6


STORAGE = {
    "fortran": np.asfortranarray,
    "c": np.ascontiguousarray,
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2],
    "csc": sp.csc_matrix,
    "csr": sp.csr_matrix,
    "csc_array": sp.csc_array,
    "csc64": lambda X: _wide_indices(sp.csc_matrix(X)),
    "csr64": lambda X: _wide_indices(sp.csr_matrix(X)),
    "unsummed": lambda X: _split_entries(X),
}


def _wide_indices(X):
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


def _split_entries(X):
    """Every entry stored as two halves: squares of stored values are not squares of entries."""
    coo = sp.coo_matrix(X)
    rows, cols, half = np.tile(coo.row, 2), np.tile(coo.col, 2), np.tile(coo.data / 2, 2)
    order = np.argsort(cols, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(cols, minlength=X.shape[1]))])
    return sp.csc_matrix((half[order], rows[order], indptr), shape=X.shape)


@pytest.mark.parametrize("name", list(STORAGE))
@pytest.mark.parametrize("intercept", [True, False])
def test_storage_does_not_matter(name, intercept):
    rng = np.random.default_rng(0)
    X = cases()["sparse_counts"].X.toarray()
    X[:, :3] += 1000.0  # full columns beside empty ones
    y = cases()["sparse_counts"].y
    weight = rng.integers(0, 3, X.shape[0]).astype(float)
    problem = make_problem(X, y, sample_weight=weight, fit_intercept=intercept)
    coef = rng.normal(size=X.shape[1]) * (rng.random(X.shape[1]) < 0.2)
    b = 0.3 if intercept else 0.0
    one = certify(problem, coef, b, 0.02)

    class Raw:
        raw, shape = STORAGE[name](X), X.shape

    other = certify(problem.replace(design=Raw), coef, b, 0.02)
    assert other.gap_rel == pytest.approx(one.gap_rel, rel=1e-10)
    assert other.primal == pytest.approx(one.primal, rel=1e-10)
    assert other.kkt == pytest.approx(one.kkt, rel=1e-10)


def test_float32_is_its_float64_value():
    case = cases()["tall"]
    X = case.X.astype(np.float32)
    coef = slow_descent(case.problem(), 0.1).coef
    assert certify(make_problem(X, case.y), coef, 0.0, 0.1) == certify(
        make_problem(X.astype(np.float64), case.y), coef, 0.0, 0.1
    )


@pytest.mark.parametrize("sparse", [False, True])
def test_row_without_weight_is_a_row_gone(sparse):
    wrap = sp.csr_matrix if sparse else np.asarray
    case = cases()["tall"]
    X, y = case.X.copy(), case.y.copy()
    X[:5], y[:5] = 1e200, -1e200
    X[5:, 3] = 0.7  # constant once the first rows are gone
    weight = np.where(np.arange(200) < 5, 0.0, 2.0)
    coef = np.where(np.arange(12) == 3, 0.0, 0.01)
    with_rows = certify(make_problem(wrap(X), y, sample_weight=weight), coef, 1.0, 0.1)
    without = certify(make_problem(wrap(X[5:]), y[5:]), coef, 1.0, 0.1)
    assert with_rows.gap_rel == pytest.approx(without.gap_rel, rel=1e-12)
    assert without.gap_rel < np.inf
    coef[3] = 1e-3
    assert certify(make_problem(wrap(X), y, sample_weight=weight), coef, 1.0, 0.1).gap == np.inf


def test_many_at_once_are_the_same_as_one_by_one():
    problem = cases()["everything"].problem()
    lams = np.array([0.3, 0.1, 0.03])
    slow = [slow_descent(problem, lam, epochs=5) for lam in lams]
    coef, intercept = np.column_stack([s.coef for s in slow]), np.array([s.intercept for s in slow])
    many = certify_many(problem, coef, intercept, lams)
    for k, lam in enumerate(lams):
        one = certify(problem, coef[:, k], intercept[k], lam)
        assert many[k].gap_rel == pytest.approx(one.gap_rel, rel=1e-9)


# --- corners that only a mutation of the code had shown ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["rank_deficient", "one_hot", "duplicate_columns"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
def test_least_squares_with_dependent_columns(name, l1_ratio):
    case = cases()[name]
    centre = case.X.mean(axis=0)
    unit = case.X.std(axis=0)
    least = np.linalg.lstsq((case.X - centre) / unit, case.y - case.y.mean(), rcond=1e-10)[0] / unit
    problem = case.problem(l1_ratio=l1_ratio)
    assert certify(problem, least, case.y.mean() - centre @ least, 0.0).gap_rel <= 1e-13
    half = certify(problem, least / 2, case.y.mean() - centre @ least / 2, 0.0)
    truth = certify(problem, least, case.y.mean() - centre @ least, 0.0).primal
    assert half.dual <= truth * (1 + 1e-12)
    assert half.dual >= truth * (1 - 1e-9)  # the projection does not depend on w: the bound is exact


def test_what_a_projection_leaves_of_a_vector_in_the_span_is_no_direction():
    """n = 2 and one free column: the residual lies in the span, and its rounding must not be scaled up."""
    problem = make_problem(np.array([[0.1], [1.43]]), np.array([0.64042265, 0.10490012]), standardize=False)
    for b in np.linspace(-3, 3, 50):
        assert certify(problem, np.array([0.3 * b]), b, 0.0).dual <= 1e-15


@pytest.mark.parametrize("p2", [0.0, 0.5])
@pytest.mark.parametrize("upper", [np.inf, 0.3])
def test_best_scale_beats_a_grid(p2, upper):
    rng = np.random.default_rng(0)
    s = np.full(30, 1 / 30)
    for _ in range(20):
        Z, w, theta = rng.normal(size=(30, 4)), np.minimum(rng.normal(size=4), upper), 3.0 * rng.normal(size=30)
        residual = theta * rng.choice([0.3, 1.0, 4.0]) + 0.3 * rng.normal(size=30)
        penalty = Penalty(np.full(4, 0.4), np.full(4, p2), np.full(4, -np.inf), np.full(4, upper))
        point = Point(s, residual, theta, Z.T @ (s * theta))

        def gap(a, point=point, penalty=penalty, w=w):
            return point.distance(a) + penalty.fenchel_young(w, a * point.c).sum()

        grid = min(gap(a) for a in np.linspace(0, 6, 3001))
        found = gap_along(point, penalty, w)
        assert 0 <= found <= grid * (1 + 1e-12)
        assert gap_along(point, penalty, w, doubt=1.0) >= found


def test_moments_are_those_of_exact_arithmetic():
    rng = np.random.default_rng(0)
    weight = np.full(100, 0.01)
    for size in [1.0, 1e6, 1e12, 1e14]:
        column = size + rng.integers(0, 8, 100) / 8.0
        exact = [Fraction(float(v)) for v in column]
        mean = sum(exact) / 100
        variance = float(sum((v - mean) ** 2 for v in exact) / 100)
        _, unit, sd, constant = weighted_moments(column[:, None], weight)
        assert float(sd[0] * unit[0]) ** 2 == pytest.approx(variance, rel=1e-12)
        assert not constant[0]


# --- the pieces -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p1", [0.0, 0.7])
@pytest.mark.parametrize("p2", [0.0, 0.4])
@pytest.mark.parametrize("box", [(-np.inf, np.inf), (0.0, np.inf), (-0.5, 1.0), (-1.0, 0.0), (0.0, 0.0)])
def test_conjugate_is_the_numerical_supremum(p1, p2, box):
    one = Penalty(*(np.array([v]) for v in (p1, p2, *box)))
    grid = np.clip(np.linspace(-60, 60, 240_001), *box)
    h = p1 * np.abs(grid) + 0.5 * p2 * grid**2
    for z in np.linspace(-3, 3, 25):
        supremum = np.max(z * grid - h)
        for w in np.clip([-2.0, -0.3, 0.0, 0.2, 1.5], *box):
            got = one.fenchel_young(np.array([w]), np.array([z]))[0]
            expected = p1 * abs(w) + 0.5 * p2 * w**2 + supremum - z * w
            open_side = np.isinf(box[1]) if z > 0 else np.isinf(box[0])
            if p2 == 0 and open_side and abs(z) > p1:  # the supremum grows with the grid
                assert got == np.inf
            else:
                assert got == pytest.approx(expected, abs=1e-6)
                assert got >= 0


@pytest.mark.parametrize("centre", [True, False])
@pytest.mark.parametrize("sparse", [False, True])
def test_columns_predict_and_correlate(centre, sparse):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 6)) * [1, 1e-3, 1e5, 1, 1, 1] + [0, 0, 0, 1e6, 5, 0]
    X[rng.random(X.shape) < 0.3] = 0.0
    X[:, 3] = 1e6 + rng.normal(size=30)
    weight = rng.integers(0, 3, 30).astype(float)
    weight /= weight.sum()

    class Raw:
        raw, shape = (sp.csr_matrix(X) if sparse else X), X.shape

    columns = columns_of(Raw, weight, centre)
    mean = weight @ X
    Z = (X - (mean if centre else 0.0)) / columns.unit
    Z[weight == 0] = 0.0
    w, q = rng.normal(size=(6, 2)), rng.normal(size=(30, 2)) * weight[:, None]
    keep = weight > 0
    np.testing.assert_allclose(columns.predict(w)[keep], (Z @ w)[keep], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(columns.correlate(q), Z.T @ q, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(columns.sd * columns.unit, np.sqrt(weight @ (X - mean) ** 2), rtol=1e-9)
    np.testing.assert_allclose(columns.gather(np.array([4, 3])), Z[:, [4, 3]], rtol=1e-9, atol=1e-8)
    np.testing.assert_allclose(columns.norm, np.sqrt(weight @ Z**2), rtol=1e-9)


def test_callable_package():
    problem = cases()["tall"].problem()
    assert riata.certify(problem, np.zeros(12), 0.0, 0.1) == certify(problem, np.zeros(12), 0.0, 0.1)


def test_certify_imports_no_kernel_and_no_solver():
    code = (
        "import sys, riata.certify\n"
        "above = ('riata.kernels', 'riata.solve', 'riata.path', 'riata.design')\n"
        "bad = [m for m in sys.modules if m.startswith(above)]\n"
        "sys.exit(', '.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_dense_design_is_never_copied():
    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.normal(size=(20_000, 1_000)))  # 160 MB
    problem = make_problem(X, rng.normal(size=20_000))
    tracemalloc.start()
    try:
        certify(problem, np.where(np.arange(1_000) < 5, 0.1, 0.0), 0.0, 0.1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.5 * X.nbytes, f"{peak / 1e6:.0f} MB for a design of {X.nbytes / 1e6:.0f} MB"
