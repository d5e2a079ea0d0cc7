"""Paths of losses that are not quadratic: certified from scratch, with every option, on every kind of X, in folds.

`certify` shares no line with the solver. The laws (weights are repetitions, order does not matter) are those of the
minimiser, so they hold to what the tolerance allows.
"""

import numpy as np
import pytest
import scipy.sparse as sp

from riata.core.errors import InvalidData
from riata.path import lam_grid, make_problem, solve_path
from riata.select.cv import cross_validate
from riata.testing import certify_folds, check_path

OPTIONS = {
    "plain": {},
    "raw": {"standardize": False},
    "no_intercept": {"fit_intercept": False},
    "elastic_net": {"l1_ratio": 0.5},
    "positive": {"lower": 0.0},
    "box": {"lower": -0.05, "upper": 0.1},
    "weights": {"sample_weight": "weights"},
    "offset": {"offset": "offset"},
    "factors": {"penalty_factor": "factors"},
}
FAMILIES = {
    "binomial": {},
    "poisson": {},
    "huber": {"delta": 0.7},
    "cox": {},
    "cox, Efron's ties in strata": {"ties": "efron", "strata": "strata"},
    "cox, late entry": {"late": True},
}
# "short": columns of some five entries, which losses by rows solve without a Gram matrix
SHAPES = {"wide": (60, 300), "tall": (200, 12), "by rows": (60, 300), "sparse": (150, 60), "short": (900, 700)}
SPARSE = "newton on the sparse predictor"


def features(shape, seed=0):
    rng = np.random.default_rng(seed)
    n, p = SHAPES[shape]
    if shape in ("sparse", "short"):
        X = sp.random(n, p, density=0.2 if shape == "sparse" else 0.006, random_state=rng, format="csc")
        if shape == "short":  # two columns that can be left unpenalised: classes must not be separable by them
            X = sp.hstack([sp.random(n, 2, density=0.3, random_state=rng), X[:, 2:]], format="csc")
        X.data = np.ceil(4 * X.data)
        return X
    X = rng.normal(size=(n, p)) + 0.5 * rng.normal(size=(n, 1)) + 3.0
    return np.ascontiguousarray(X) if shape == "by rows" else np.asfortranarray(X)


def target(family, X, seed=1):
    """(y, options of the family) for a signal in the first five columns."""
    rng = np.random.default_rng(seed)
    n = X.shape[0]
    eta = X[:, :5] @ np.array([1.0, -1.0, 0.5, 0.5, -0.5])
    eta = (eta - eta.mean()) / eta.std()
    options = {k: v for k, v in FAMILIES[family].items() if k != "late"}
    if options.get("strata"):
        options["strata"] = np.arange(n) % 3
    if family == "binomial":
        return np.where(rng.random(n) < 1 / (1 + np.exp(-1.5 * eta)), "yes", "no"), options
    if family == "poisson":
        return rng.poisson(np.exp(0.7 * eta + 0.3)).astype(float), options
    if family == "huber":
        return eta + rng.standard_t(2, size=n), options
    time = np.ceil(8 * rng.exponential(np.exp(-eta)) + 0.01)  # ties
    event = (rng.random(n) < 0.7).astype(float)
    if "late" in FAMILIES[family]:
        return np.column_stack([np.floor(time * rng.random(n) * 0.5), time, event]), options
    return np.column_stack([time, event]), options


def problem_of(family, shape, options="plain", **more):
    X = features(shape)
    y, own = target(family, X)
    n, p = X.shape
    rng = np.random.default_rng(3)
    factor = rng.uniform(0.5, 2.0, p)
    factor[:2], factor[5] = 0.0, np.inf
    weights = rng.integers(0, 3, n).astype(float)
    vectors = {"weights": weights, "offset": 0.3 * np.sin(np.arange(n)), "factors": factor}
    filled = {k: vectors[v] if isinstance(v, str) else v for k, v in OPTIONS[options].items()}
    return make_problem(X, y, family=family.split(",")[0], **own, **filled, **more)


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("options", sorted(OPTIONS))
def test_every_family_is_certified(family, shape, options):
    problem = problem_of(family, shape, options)
    path = solve_path(problem, lam_grid(problem, 12, 3e-2))
    assert (path.stats["solver"] == SPARSE) == (shape == "short" and problem.loss.separable)
    check_path(problem, path)


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("shape", ["wide", "sparse", "tall", "short"])
@pytest.mark.parametrize("options", ["plain", "weights", "elastic_net", "no_intercept"])
def test_folds_of_every_family_are_certified(family, shape, options):
    problem = problem_of(family, shape, options)
    foldid = np.random.default_rng(0).permutation(np.arange(problem.n_samples) % 3)
    certify_folds(problem, foldid, n_lams=8, lam_min_ratio=5e-2).check(1e-8)


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("trick", ["compiled_loss", "span", "own_reads"])
def test_answer_does_not_move_when_a_trick_is_off(family, trick):
    problem = problem_of(family, "wide")
    lams = lam_grid(problem, 10, 5e-2)
    on = solve_path(problem, lams, tol=1e-12)
    off = solve_path(problem, lams, tol=1e-12, tricks={trick: False})
    check_path(problem, off, tol=1e-12 + 1e-12)
    np.testing.assert_allclose(off.coef, on.coef, rtol=0, atol=2e-5 * np.abs(on.coef).max())


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("options", ["plain", "weights", "offset"])
def test_scores_of_the_compiled_losses_are_those_of_the_slow_ones(family, options):
    """Of the same coefficients, so that nothing but rounding may differ; some rows are never held out."""
    problem = problem_of(family, "tall", options)
    foldid = np.random.default_rng(1).permutation(np.arange(problem.n_samples) % 4)[None] - 1
    how = {"foldid": foldid, "n_lams": 8, "lam_min_ratio": 3e-2}
    on, off = (cross_validate(problem, **how, tricks={"compiled_score": fast}) for fast in (True, False))
    np.testing.assert_allclose(on.loss, off.loss, rtol=1e-11)
    assert np.ptp(on.loss, axis=0).min() > 0.01  # what is compared moves along the path


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
@pytest.mark.parametrize("shape", ["tall", "wide"])
def test_stored_gaps_bound_those_from_scratch_all_along_a_fine_path(family, shape):
    """One Newton step from λ to λ: what is stored is a bound at the point before it, and must hold after it."""
    problem = problem_of(family, shape)
    path = solve_path(problem, lam_grid(problem, 60, 1e-2))
    check_path(problem, path)


@pytest.mark.parametrize("family", ["binomial", "poisson", "huber"])
@pytest.mark.parametrize("options", ["plain", "no_intercept", "weights", "box", "elastic_net", "factors", "offset"])
def test_sparse_predictor_ends_where_a_gram_matrix_does(family, options):
    problem = problem_of(family, "short", options)
    lams = lam_grid(problem, 10, 5e-2)
    on = solve_path(problem, lams, tol=1e-12)
    # unpenalised columns count by the root of what is left of their gradient, which rounding keeps from 0
    check_path(problem, on, tol=2e-12 if options != "factors" else 1e-10)
    for trick in ("matrix_free", "eager", "compiled_loss", "span", "own_reads"):
        off = solve_path(problem, lams, tol=1e-12, tricks={trick: False})
        assert (off.stats["solver"] == SPARSE) == (trick != "matrix_free")
        # a gap of ε leaves each coefficient free by about √(ε/λ)
        np.testing.assert_allclose(off.coef, on.coef, rtol=0, atol=1e-4 * np.abs(on.coef).max())
        np.testing.assert_allclose(off.intercept, on.intercept, rtol=0, atol=1e-4)
        np.testing.assert_allclose(off.dev_ratio, on.dev_ratio, rtol=0, atol=1e-6)


@pytest.mark.parametrize("family", ["binomial", "poisson", "huber"])
@pytest.mark.parametrize("options", ["plain", "weights", "box", "factors"])
def test_folds_on_the_sparse_predictor_agree_without_each_trick(family, options):
    """Lanes that go on by themselves, in any number of threads, end where lanes in step do."""
    problem = problem_of(family, "short", options)
    # further down, training rows leave columns of two or three entries alike, and solutions that differ outside
    foldid = np.random.default_rng(1).permutation(np.arange(problem.n_samples) % 4)[None]
    found = cross_validate(problem, foldid=foldid, n_lams=8, lam_min_ratio=0.2, tol=1e-11, threads=1)
    assert found.path.stats["solver"] == SPARSE
    again = cross_validate(problem, foldid=foldid, n_lams=8, lam_min_ratio=0.2, tol=1e-11, threads=3)
    np.testing.assert_array_equal(found.loss, again.loss)
    np.testing.assert_array_equal(found.path.coef, again.path.coef)
    for trick in ("apart", "compiled_loss", "own_reads", "matrix_free"):
        off = cross_validate(problem, foldid=foldid, n_lams=8, lam_min_ratio=0.2, tol=1e-11, tricks={trick: False})
        np.testing.assert_allclose(off.loss, found.loss, rtol=1e-5)


@pytest.mark.parametrize("family", ["binomial", "poisson", "huber", "cox"])
def test_weights_are_repetitions(family):
    X = features("tall")
    y, own = target(family, X)
    times = np.random.default_rng(5).integers(0, 4, len(y))
    rows = np.repeat(np.arange(len(y)), times)
    weighted = make_problem(X, y, family=family, sample_weight=times.astype(float), **own)
    repeated = make_problem(X[rows], np.asarray(y)[rows], family=family, **own)
    lams = lam_grid(weighted, 10, 1e-2)
    a, b = (solve_path(problem, lams, tol=1e-13) for problem in (weighted, repeated))
    np.testing.assert_allclose(a.coef, b.coef, rtol=0, atol=1e-6 * np.abs(b.coef).max())
    np.testing.assert_allclose(a.intercept, b.intercept, rtol=0, atol=1e-6)


@pytest.mark.parametrize("family", ["binomial", "poisson", "huber", "cox"])
def test_dense_is_sparse_and_order_does_not_matter(family):
    X = features("sparse")
    y, own = target(family, X)
    order = np.random.default_rng(6).permutation(len(y))
    lams = lam_grid(make_problem(X, y, family=family, **own), 10, 3e-2)
    paths = [
        solve_path(make_problem(A, b, family=family, **own), lams, tol=1e-13)
        for A, b in ((X, y), (X.toarray(), y), (X[order], np.asarray(y)[order]))
    ]
    for other in paths[1:]:
        np.testing.assert_allclose(other.coef, paths[0].coef, rtol=0, atol=1e-6 * np.abs(paths[0].coef).max())


def test_top_of_the_grid_is_where_the_first_feature_enters():
    for family in ("binomial", "poisson", "huber", "cox"):
        problem = problem_of(family, "wide")
        top = lam_grid(problem, 5)[0]
        path = solve_path(problem, [top * 1.0001, top * 0.999], tol=1e-12)
        assert list(path.df) == [0, 1], family


def test_huber_with_a_large_delta_is_least_squares():
    X = features("tall")
    y, _ = target("huber", X)
    lams = lam_grid(make_problem(X, y), 10, 1e-2)
    squares = solve_path(make_problem(X, y), lams, tol=1e-13)
    huber = solve_path(make_problem(X, y, family="huber", delta=1e3), lams, tol=1e-13)
    np.testing.assert_allclose(huber.coef, squares.coef, rtol=0, atol=1e-7 * np.abs(squares.coef).max())


def test_separable_classes_end_in_finite_coefficients():
    X = np.linspace(-1, 1, 40)[:, None] + 0.001 * np.random.default_rng(0).normal(size=(40, 3))
    problem = make_problem(X, X[:, 0] > 0, family="binomial")
    path = solve_path(problem, lam_grid(problem, 30, 1e-7))
    assert np.isfinite(path.coef).all()
    assert path.dev_ratio[-1] > 0.999
    check_path(problem, path)


def test_targets_without_a_model_are_a_sentence():
    X = features("tall")
    n = len(X)
    for y, family in (
        (np.zeros(n), "poisson"),
        (np.column_stack([np.arange(1.0, n + 1), np.zeros(n)]), "cox"),
        (["a"] * n, "binomial"),
    ):
        with pytest.raises(InvalidData):
            solve_path(make_problem(X, y, family=family))


def test_rare_classes_and_empty_rows_keep_their_certificate():
    X = features("tall")
    y = np.zeros(len(X))
    y[[3, 50]] = 1.0
    problem = make_problem(X, y, family="binomial")
    check_path(problem, solve_path(problem, lam_grid(problem, 20, 1e-4)))
