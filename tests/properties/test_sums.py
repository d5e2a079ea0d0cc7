"""The one-pass sums behind the Gram matrix of all features: any layout of X, any origin, any number of threads."""

import numpy as np
import pytest
import scipy.sparse

from riata.path import lam_grid, make_problem, solve_path
from riata.select.cv import cross_validate
from riata.solve.at_once import at_once
from riata.solve.engine import engine
from riata.testing import check_path


def tall(n=300, p=12, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.geomspace(0.1, 10.0, p) + rng.normal(size=p)
    return X, X[:, :4] @ rng.normal(size=4) + rng.normal(size=n) + 5.0


def record_field(X):
    """X as a field of records of 17 bytes: strides that are no multiple of an entry."""
    table = np.zeros(X.shape, dtype=[("flag", "i1"), ("value", "f8"), ("other", "f8")])
    table["value"] = X
    return table["value"]


def spaced(X):
    wide = np.zeros((2 * X.shape[0], 3 * X.shape[1]))
    wide[::2, ::3] = X
    return wide[::2, ::3]


LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "records": record_field,
    "spaced": spaced,
    "backwards": lambda X: np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
    "upside down F": lambda X: np.asfortranarray(X[::-1])[::-1],
}


def centred_gram(X, y, weight):
    share = weight / weight.sum()
    A = np.column_stack([X, y])
    A = (A - share @ A) * np.sqrt(share)[:, None]
    A /= np.linalg.norm(A, axis=0)
    return A.T @ A


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
@pytest.mark.parametrize("one_pass", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_gram_of_any_layout(layout, one_pass, weighted):
    X, y = tall()
    weight = np.random.default_rng(1).integers(0, 3, len(y)).astype(float) if weighted else np.ones(len(y))
    problem = make_problem(LAYOUTS[layout](X), y, sample_weight=weight)
    expected = centred_gram(X, y, weight)
    with engine(problem, tricks={"one_pass": one_pass}) as run:
        G, q = run.lane(0)
    np.testing.assert_allclose(G, expected[:-1, :-1], rtol=0, atol=1e-14)
    np.testing.assert_allclose(q, expected[:-1, -1], rtol=0, atol=1e-14)


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("order", "CF")
def test_gram_of_each_training_set(shuffled, order):
    X, y = tall()
    foldid = np.arange(len(y)) * 4 // len(y)
    if shuffled:
        np.random.default_rng(2).shuffle(foldid)
    problem = make_problem(np.asarray(X, order=order), y)
    with engine(problem, foldid, 4) as run:
        for k in range(4):
            expected = centred_gram(X, y, (foldid != k).astype(float))
            G, q = run.lane(k + 1)
            np.testing.assert_allclose(G, expected[:-1, :-1], rtol=0, atol=1e-13)
            np.testing.assert_allclose(q, expected[:-1, -1], rtol=0, atol=1e-13)


@pytest.mark.parametrize("wide_indices", [False, True])
@pytest.mark.parametrize("one_pass", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_sparse_columns_give_the_sums_of_dense_ones(weighted, one_pass, wide_indices):
    """Several blocks of rows, all rows and those of training sets, with rows that hold nothing."""
    rng = np.random.default_rng(4)
    X = scipy.sparse.random(900, 300, 0.03, "csc", random_state=rng, data_rvs=rng.standard_normal)
    y, weight = rng.normal(size=900), rng.integers(0, 3, 900).astype(float) if weighted else np.ones(900)
    X.data[:] += 0.5
    if wide_indices:
        X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    foldid = rng.permutation(np.arange(900) % 3)
    problem = make_problem(X, y, sample_weight=weight)
    assert problem.design.raw.indices.dtype == (np.int64 if wide_indices else np.int32)  # otherwise this tests less
    for folds, count in ((None, 0), (foldid, 3)):
        with engine(problem, folds, count, tricks={"one_pass": one_pass}) as run:
            assert run.name == "gram of all features"
            for k in range(count + 1):
                expected = centred_gram(X.toarray(), y, weight if k == 0 else weight * (foldid != k - 1))
                G, q = run.lane(k)
                np.testing.assert_allclose(G, expected[:-1, :-1], rtol=0, atol=1e-13)
                np.testing.assert_allclose(q, expected[:-1, -1], rtol=0, atol=1e-13)


def test_a_gram_matrix_in_the_place_of_the_sums_serves_again():
    """Without folds the sums are used up: λ_max, a path and another all go by the matrix that took their place."""
    X, y = tall(p=70)
    problem = make_problem(X, y, penalty_factor=np.where(np.arange(70) < 2, 0.0, 1.0))
    grid = lam_grid(problem, 20, 1e-3)
    with engine(problem) as run:
        run.null_correlations()
        first, again = (run.run(grid, 1e-12, 1000, None)[0] for _ in range(2))
        G, _ = run.lane(0)
        assert np.shares_memory(G, run.lane(0)[0])
    np.testing.assert_allclose(G, centred_gram(X, y, np.ones(len(y)))[:-1, :-1], rtol=0, atol=1e-14)
    alone = solve_path(problem, grid, tol=2e-12, max_iter=1000).coef_active
    for found in (first, again):
        np.testing.assert_array_equal(found.coef_active, alone)


def test_single_precision_is_multiplied_in_double():
    X, y = tall()
    X = X.astype(np.float32)
    with engine(make_problem(X, y)) as run:
        G, _ = run.lane(0)
    np.testing.assert_allclose(G, centred_gram(X.astype(float), y, np.ones(len(y)))[:-1, :-1], rtol=0, atol=1e-14)


def test_origin_moves_where_the_guess_was_far_off():
    """The rows that the guess reads are outliers: the sums are taken again about the means."""
    X, y = tall(n=3000)
    seen = np.arange(15) * 3000 // 15
    X[:, 3] += 1e4
    X[seen, 3] = 0.0
    problem = make_problem(X, y)
    with engine(problem, tricks={"at_once": False}) as run:
        assert run.sums.origin.e is None
        assert abs(run.sums.origin.m[3] - X[:, 3].mean()) < 1.0
        G, _ = run.lane(0)
    np.testing.assert_allclose(G, centred_gram(X, y, np.ones(3000))[:-1, :-1], rtol=0, atol=1e-13)


def far_guess():
    X, y = tall()
    X[:, 3] += 1e4
    X[np.arange(15) * len(y) // 15, 3] = 0.0
    return X, y


AT_ONCE = {
    "plain": lambda: (*tall(), {}),
    "float32": lambda: (tall()[0].astype(np.float32), tall()[1], {}),
    "no_intercept": lambda: (tall()[0] - tall()[0].mean(axis=0), tall()[1] - 5.0, {"fit_intercept": False}),
    "raw_scale": lambda: (*tall(), {"standardize": False, "l1_ratio": 0.3}),
    "weights": lambda: (*tall(), {"sample_weight": np.arange(300.0) % 4}),
    "offset": lambda: (*tall(), {"offset": np.linspace(0.0, 9.0, 300)}),
    "bounds": lambda: (*tall(), {"lower": -0.1, "upper": np.linspace(0.0, 1.0, 12)}),
    "factors": lambda: (*tall(), {"penalty_factor": np.array([0.0, np.inf, *range(10)])}),
    "far_guess": lambda: (*far_guess(), {}),
    **{layout: lambda make=make: (make(tall()[0]), tall()[1], {}) for layout, make in LAYOUTS.items()},
}


@pytest.mark.parametrize("case", sorted(AT_ONCE))
def test_one_call_does_what_the_steps_do_to_the_last_bit(case):
    X, y, options = AT_ONCE[case]()
    problem = make_problem(X, y, **options)
    found = at_once(problem)
    assert found is not None
    scaling, *gram = found
    with engine(problem, tricks={"at_once": False}) as run:
        for mine, theirs in zip(gram, run.lane(0), strict=True):
            np.testing.assert_array_equal(mine, theirs)
        for name in ["mean", "norm", "sd", "excluded", "a", "b", "lo", "up", "y_mean", "y_norm", "limits"]:
            np.testing.assert_equal(getattr(scaling, name), getattr(run.scaling(), name))


@pytest.mark.parametrize("case", ["nearly constant", "extreme", "constant target", "far without intercept", "sparse"])
def test_a_table_that_needs_a_second_look_takes_the_steps(case):
    X, y = tall()
    if case == "nearly constant":
        X[:, 2] = 1e7 + 1e-1 * (X[:, 2] > 0)
    elif case == "extreme":
        X[:, 2] *= 1e160
    elif case == "constant target":
        y[:] = 3.0
    elif case == "sparse":
        X = scipy.sparse.csc_matrix(X)
    else:
        X[:, 2] += 1e3
    problem = make_problem(X, y, fit_intercept=case != "far without intercept")
    assert at_once(problem) is None
    check_path(problem, solve_path(problem, [0.5, 0.1]))


@pytest.mark.parametrize("size", [1e-160, 1e-130, 1e160])
def test_extreme_sizes_fall_back(size):
    """Squares run out of exponent: the sums are taken on unit columns."""
    X, y = tall()
    X[:, 2] *= size
    problem = make_problem(X, y)
    with engine(problem) as run:
        assert run.sums.origin.e is not None
    check_path(problem, solve_path(problem, n_lams=20))


def test_a_mean_without_an_intercept_falls_back():
    """The origin must be 0, and a standard deviation far below the mean cannot be told from sums about 0."""
    X, y = tall()
    X[:, 1] += 1e5
    problem = make_problem(X, y, fit_intercept=False)
    with engine(problem) as run:
        assert run.sums.origin.e is not None
        np.testing.assert_allclose(run.scaling().sd, X.std(axis=0), rtol=1e-9)
    check_path(problem, solve_path(problem, n_lams=20))


def test_threads_do_not_show():
    X, y = tall(n=3000, p=200)
    problem = make_problem(X, y)
    lams = lam_grid(problem, 10, 1e-2)
    one, two = (solve_path(problem, lams, threads=t) for t in (1, 2))
    assert np.array_equal(one.coef, two.coef)
    foldid = np.arange(3000)[None] % 5
    one, two = (cross_validate(problem, lams, foldid=foldid, threads=t) for t in (1, 2))
    assert np.array_equal(one.loss, two.loss)


def test_supports_foretold_take_fewer_rounds():
    X, y = tall(n=600, p=80)
    problem = make_problem(X, y)
    lams = lam_grid(problem, 60, 1e-3)
    on, off = (solve_path(problem, lams, tricks={"foretell": f}) for f in (True, False))
    assert on.stats["rounds"] < off.stats["rounds"]
    np.testing.assert_allclose(on.coef, off.coef, rtol=0, atol=1e-9 * np.abs(off.coef).max())
