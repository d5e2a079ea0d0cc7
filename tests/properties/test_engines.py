"""Every engine and every trick gives the same answer, and a certified one.

Which engine runs depends on shape and storage; the private switches of `solve_path` turn each trick off. The data here
are large enough for each engine to be the one that is chosen, with every option of the model.
"""

import numpy as np
import pytest
import scipy.sparse as sp

from riata.path import lam_grid, make_problem, solve_path
from riata.select.cv import cross_validate
from riata.testing import cases, certify_folds, check_path

OPTIONS = {
    "plain": {},
    "raw": {"standardize": False},
    "no_intercept": {"fit_intercept": False},
    "elastic_net": {"l1_ratio": 0.5},
    "ridge": {"l1_ratio": 0.0},
    "positive": {"lower": 0.0},
    "box": {"lower": -0.05, "upper": 0.1},
    "weights": {"sample_weight": "weights"},
    "offset": {"offset": "offset"},
    "factors": {"penalty_factor": "factors"},
    "unpenalised_positive": {"penalty_factor": "factors", "lower": 0.0},
}


def sparse_tall(n=2_500, p=700, seed=0):
    """More rows than an engine gathers densely, more columns than a Gram of all features is made for."""
    rng = np.random.default_rng(seed)
    X = sp.random(n, p, density=0.01, random_state=rng, format="csc")
    X.data = np.ceil(4 * X.data)
    w = np.where(rng.random(p) < 0.05, rng.normal(size=p), 0.0)
    return X, X @ w + rng.normal(size=n) + 2.0


def wide(n=80, p=900, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    return np.asfortranarray(X), X[:, :6] @ rng.normal(size=6) + rng.normal(size=n)


def wide_by_rows():
    """Single columns do not lie in memory as lanes could read them by themselves: they ask for them."""
    X, y = wide()
    return np.ascontiguousarray(X), y


def filled(options, n, p):
    rng = np.random.default_rng(3)
    factor = rng.uniform(0.5, 2.0, p)
    factor[:2], factor[5] = 0.0, np.inf
    vectors = {"weights": rng.integers(0, 3, n).astype(float), "offset": np.sin(np.arange(n)), "factors": factor}
    return {k: vectors[v] if isinstance(v, str) else v for k, v in options.items()}


DATA = {
    "descent on the sparse residual": sparse_tall,
    "gram of the working set": wide,
    "gram of the working set, asked for columns": wide_by_rows,
}


@pytest.mark.parametrize("engine", sorted(DATA))
@pytest.mark.parametrize("options", sorted(OPTIONS))
def test_large_engines_are_certified(engine, options):
    X, y = DATA[engine]()
    problem = make_problem(X, y, **filled(OPTIONS[options], *X.shape))
    found = solve_path(problem, lam_grid(problem, 20, 2e-2))
    assert engine.startswith(found.stats["solver"]) or options == "ridge"  # which has an engine of its own
    check_path(problem, found)


@pytest.mark.parametrize("engine", sorted(DATA))
@pytest.mark.parametrize("options", ["plain", "weights", "elastic_net", "factors", "no_intercept"])
def test_folds_of_large_engines_are_certified(engine, options):
    X, y = DATA[engine]()
    problem = make_problem(X, y, **filled(OPTIONS[options], *X.shape))
    foldid = np.random.default_rng(0).permutation(np.arange(y.size) % 3)
    found = certify_folds(problem, foldid, n_lams=12, lam_min_ratio=5e-2)
    assert engine.startswith(found.solver)
    found.check(1e-8)


TRICKS = [
    "moments",
    "one_pass",
    "at_once",
    "foretell",
    "span",
    "own_reads",
    "own_entries",
    "coarse",
    "matrix_free",
    "factor",
    "eager",
    "compiled",
]


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("name", ["tall", "wide", "sparse_counts", "everything", "sparse_tall", "timestamps"])
def test_answer_does_not_move_when_a_trick_is_off(trick, name):
    case = cases().get(name)
    problem = case.problem() if case else make_problem(*sparse_tall())
    lams = lam_grid(problem, 12, 3e-2)
    on = solve_path(problem, lams, tol=1e-11)
    off = solve_path(problem, lams, tol=1e-11, tricks={trick: False})
    check_path(problem, off, tol=1e-11)
    sd = on.scale[:, None]
    size = np.max(np.abs(on.coef * sd))
    np.testing.assert_allclose(off.coef * sd, on.coef * sd, rtol=0, atol=2e-5 * size)


def test_switches_do_switch():
    """Otherwise the test above compares a path with itself."""
    tall, sparse = cases()["tall"].problem(), make_problem(*sparse_tall())
    lams = [0.3, 0.1, 0.05]
    names = [solve_path(tall, lams, tricks={"moments": m}).stats["solver"] for m in (True, False)]
    assert names[0] != names[1]
    names = [solve_path(sparse, lams, tricks={"matrix_free": m}).stats["solver"] for m in (True, False)]
    assert names[0] != names[1]
    problem = make_problem(*wide())
    grid = lam_grid(problem, 30, 1e-2)
    full = [solve_path(problem, grid, tricks={"span": s}).stats["full_passes"] for s in (True, False)]
    assert full[0] < full[1]
    grid = lam_grid(sparse, 30, 1e-2)
    passes = [solve_path(sparse, grid, tricks={"eager": e}).stats for e in (True, False)]
    assert passes[0]["rounds"] < passes[1]["rounds"]  # fewer solves that the next newcomers undo


def test_compiled_descent_does_switch(monkeypatch):
    from riata.solve import residual

    tried = []
    solve = residual.ResidualInner._solve_compiled
    monkeypatch.setattr(
        residual.ResidualInner, "_solve_compiled", lambda *args: tried.append(solve(*args)) or tried[-1]
    )
    problem = make_problem(*sparse_tall())
    for on in (True, False):
        tried.clear()
        solve_path(problem, [0.3, 0.1, 0.05], tricks={"compiled": on})
        assert tried
        assert all(done for *_, done in tried) if on else not any(done for *_, done in tried)


@pytest.mark.parametrize("options", ["plain", "no_intercept", "weights", "box", "elastic_net", "factors"])
def test_folds_on_sparse_columns_agree_without_each_trick(options):
    """Lanes that go on by themselves, in any number of threads, end where lanes in step do."""
    X, y = sparse_tall()
    problem = make_problem(X, y, **filled(OPTIONS[options], *X.shape))
    foldid = np.random.default_rng(1).permutation(np.arange(y.size) % 4)[None]
    found = cross_validate(problem, foldid=foldid, n_lams=12, tol=1e-11, threads=1)
    again = cross_validate(problem, foldid=foldid, n_lams=12, tol=1e-11, threads=3)
    np.testing.assert_array_equal(found.loss, again.loss)
    np.testing.assert_array_equal(found.path.coef, again.path.coef)
    for trick in ("apart", "compiled", "own_reads", "matrix_free"):
        off = cross_validate(problem, foldid=foldid, n_lams=12, tol=1e-11, tricks={trick: False})
        np.testing.assert_allclose(off.loss, found.loss, rtol=1e-6)


def test_lanes_on_sparse_columns_do_not_wait():
    problem = make_problem(*sparse_tall())
    foldid = np.random.default_rng(1).permutation(np.arange(problem.n_samples) % 4)[None]
    passes = [
        cross_validate(problem, foldid=foldid, n_lams=12, tricks={"apart": apart}).path.stats["full_passes"]
        for apart in (True, False)
    ]
    assert passes[0] > passes[1]  # they shared none


@pytest.mark.parametrize(("n", "density", "folds", "free"), [(300, 0.05, 3, False), (900, 0.005, 3, True)])
def test_short_columns_want_no_gram_matrix(n, density, folds, free):
    X = sp.random(n, 1_500, density=density, random_state=np.random.default_rng(0), format="csc")
    y = np.asarray(X[:, :20].sum(axis=1)).ravel() + 0.1 * np.random.default_rng(1).normal(size=n)
    problem = make_problem(X, y)
    assert (solve_path(problem, lam_grid(problem, 5)).stats["solver"] == "descent on the sparse residual") == free
    certify_folds(problem, np.arange(n) % folds, n_lams=8, lam_min_ratio=5e-2).check(1e-8)


@pytest.mark.parametrize(("rare", "pull", "free"), [(400, 800, True), (40, 152, False)])
def test_a_rare_class_wants_a_gram_matrix(rare, pull, free):
    """It bounds the support: the same columns, short for 800 rows of two classes, are long for 40 of one."""
    from riata.solve.scaling import scalings
    from riata.solve.sparse_newton import pulling

    X = sp.random(800, 1_500, density=0.02, random_state=np.random.default_rng(0), format="csc")
    y = (np.argsort(np.argsort(np.asarray(X[:, :20].sum(axis=1)).ravel())) >= 800 - rare).astype(float)
    problem = make_problem(X, y, family="binomial")
    groups = np.zeros(800, np.intp)
    assert pulling(problem, scalings(problem, groups, 1)[0]) == pytest.approx(pull)  # 4 n share (1 − share)
    assert (solve_path(problem, n_lams=5).stats["solver"] == "newton on the sparse predictor") == free
    foldid = np.arange(800)[None] % 3
    options = {"foldid": foldid, "n_lams": 8, "tol": 1e-11}
    found = [cross_validate(problem, **options, tricks={"matrix_free": on}).loss for on in (True, False)]
    np.testing.assert_allclose(*found, rtol=1e-6)


def sparse_twins(n=2_500, p=600, seed=0):
    """Columns in pairs that differ in few entries: conjugate gradients crawl, and a factor is made."""
    X, _ = sparse_tall(n, p // 2, seed)
    rng = np.random.default_rng(seed + 1)
    other = X.copy()
    other.data = other.data + 1e-2 * rng.normal(size=X.nnz)
    X = sp.hstack([X, other], format="csc")
    w = np.where(rng.random(p) < 0.3, rng.normal(size=p), 0.0)
    return X, X @ w + 0.1 * rng.normal(size=n)


@pytest.mark.parametrize("options", ["plain", "no_intercept", "weights", "box"])
def test_a_factor_speeds_up_and_does_not_move_the_answer(options, monkeypatch):
    from riata.solve import residual

    made, steps = [], []
    kept, walked = residual.Factor, residual.ResidualInner._steps
    monkeypatch.setattr(residual, "Factor", lambda *args: made.append(kept(*args)) or made[-1])
    monkeypatch.setattr(residual.ResidualInner, "_steps", lambda *args: steps.append(walked(*args)) or steps[-1])
    X, y = sparse_twins()
    problem = make_problem(X, y, **filled(OPTIONS[options], *X.shape))
    lams = lam_grid(problem, 12, 1e-2)
    python = {"compiled": False}
    on = solve_path(problem, lams, tol=1e-10, tricks=python)
    count, taken = len(made), sum(steps)
    assert count > 0
    assert all(one.ok for one in made)
    steps.clear()
    off = solve_path(problem, lams, tol=1e-10, tricks=python | {"factor": False})
    assert len(made) == count  # the switch does switch
    assert taken < 0.5 * sum(steps)
    check_path(problem, on, tol=1e-10)
    check_path(problem, off, tol=1e-10)
    np.testing.assert_allclose(on.dev_ratio, off.dev_ratio, rtol=0, atol=1e-9)
    steps.clear()
    compiled = solve_path(problem, lams, tol=1e-10)
    assert len(made) > count  # compiled descent hands over to one that has a factor
    check_path(problem, compiled, tol=1e-10)


def test_a_factor_inverts_the_gram_matrix():
    from riata.solve.factor import Factor
    from riata.solve.scaling import scalings

    X, y = sparse_tall(400, 60)
    weight = np.random.default_rng(5).uniform(0.0, 1.0, 400)
    problem = make_problem(X, y, sample_weight=weight)
    (scaling,) = scalings(problem, np.zeros(400, np.intp), 1)
    cols = np.array([50, 3, 17, 20])
    s = problem.sample_weight / problem.sample_weight.sum()
    Z = (X.toarray()[:, cols] - scaling.mean[cols]) / scaling.norm[cols]
    l2 = np.array([0.0, 0.1, 0.2, 0.3])
    factor = Factor(problem.design.raw, cols, scaling, s, l2)
    g = np.array([1.0, -2.0, 0.5, 3.0])
    expected = np.linalg.solve(Z.T @ (s[:, None] * Z) + np.diag(l2), g)
    np.testing.assert_allclose(factor.solve(factor.place[cols], g), expected, rtol=2e-4)


def test_sparse_columns_of_any_fill():
    """Empty, full and nearly full columns, explicit zeros, one entry in a column of weight-zero rows."""
    rng = np.random.default_rng(0)
    X = sp.random(2_200, 600, density=0.02, random_state=rng, format="lil")
    X[:, 0] = rng.normal(size=(2_200, 1)) + 1e6
    X[:, 1] = rng.normal(size=(2_200, 1))
    X[:, 2] = 0.0
    X[:, 3] = 0.0
    X[7, 3] = 5.0
    X = sp.csc_matrix(X)
    X.data[rng.random(X.nnz) < 0.01] = 0.0
    y = X[:, [1, 10, 20]].toarray() @ [1.0, 2.0, -2.0] + 1e-6 * X[:, 0].toarray().ravel() + rng.normal(size=2_200)
    weight = np.ones(2_200)
    weight[7] = 0.0
    problem = make_problem(X, y, sample_weight=weight)
    found = solve_path(problem, lam_grid(problem, 20, 1e-2))
    check_path(problem, found)
    assert not np.any(found.coef[[2, 3]])


def test_lanes_in_turn_give_the_same_answer():
    """Where the Gram matrices of all folds would not fit, lanes wait their turn; from the first λ on, or from any."""
    problem = make_problem(*wide())
    foldid = np.random.default_rng(1).permutation(np.arange(problem.n_samples) % 4)[None]
    for coarse in (True, False):
        together = cross_validate(problem, foldid=foldid, n_lams=30, tricks={"coarse": coarse})
        for budget in (0.0, 2e4, 2e5):
            apart = cross_validate(problem, foldid=foldid, n_lams=30, tricks={"coarse": coarse, "budget": budget})
            np.testing.assert_allclose(apart.loss, together.loss, rtol=1e-9)
            assert apart.gap_rel.max() <= 1e-8
            if not coarse:  # which leaves hardly any passes to share
                assert apart.path.stats["full_passes"] > together.path.stats["full_passes"]  # they shared none


@pytest.mark.parametrize("tricks", [{}, {"moments": False}])
@pytest.mark.parametrize("shape", [(30, 4), (12, 40)])
def test_a_fold_whose_training_target_is_constant_predicts_that_constant(shape, tricks):
    rng = np.random.default_rng(7)
    X, y = rng.normal(size=shape), np.full(shape[0], 2.0)
    y[:4] = [5.0, 1.0, 3.0, 2.0]
    foldid = np.repeat([0, 1, 2], [4, shape[0] // 2 - 4, shape[0] - shape[0] // 2])[None]
    cv = cross_validate(make_problem(X, y), foldid=foldid, n_lams=5, tricks=tricks)
    np.testing.assert_allclose(cv.loss[:, 0], np.mean((y[:4] - 2.0) ** 2), rtol=1e-12)
