"""The laws of penalties on blocks: groups of one are the lasso, certificates hold, twins agree, folds are refits."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from riata.kernels.blocks import BlockSet

import riata
from riata import scores
from riata.certify import certify_many
from riata.core.blas import one_blas_thread
from riata.core.errors import InvalidOption
from riata.core.groups import Groups
from riata.losses import find
from riata.path import make_problem
from riata.select.cv import cross_validate
from riata.solve.blocks import BlocksEngine
from riata.solve.blocks_lane import compiled

GOAL = 5e-11


def data(n=60, p=24, seed=3):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.6 * rng.standard_normal((n, 1))
    X[:, 1::3] += X[:, ::3]
    X *= rng.uniform(0.5, 3.0, p)
    return X + rng.uniform(-2, 2, p), rng


def target(X, rng, family):
    eta = (X - X.mean(0))[:, :6] @ rng.standard_normal(6)
    eta = 1.5 * eta / eta.std()
    n = len(eta)
    if family == "binomial":
        return (eta + rng.logistic(size=n) > 0).astype(int)
    if family == "poisson":
        return rng.poisson(np.exp(0.5 * eta))
    if family == "cox":
        return np.column_stack([rng.exponential(np.exp(-eta)), rng.random(n) < 0.7])
    if family == "multinomial":
        return np.digitize(eta + rng.standard_normal(n), [-1.0, 0.3])
    if family == "multigaussian":
        return np.column_stack([eta, -0.4 * eta, rng.standard_normal(n)]) + 0.4 * rng.standard_normal((n, 3))
    return eta + rng.standard_normal(n)


def problem(X, y, family, groups=None, **options):
    loss = find(family).parse(y, **({"delta": 0.8} if family == "huber" else {}))
    base = make_problem(X, np.zeros(len(X)), **options)
    offset = np.zeros(len(X) if loss.n_outputs == 1 else (len(X), loss.n_outputs))
    return base.replace(loss=loss, groups=groups, offset=offset, family=family)


def solve(one, lams=None, folds=None, n_folds=0, score=None, tricks=None, goal=GOAL, floor=0.05):
    with one_blas_thread():
        engine = BlocksEngine(one, folds, n_folds, tricks)
        top = engine.lam_max()
        lams = top * np.geomspace(1.0, floor, 12) if lams is None else lams
        return lams, engine.run(lams, goal, 10_000, score)


def dense(one, out):
    coef = np.zeros((one.n_features, *out.coef_active.shape[1:]))
    coef[out.active] = out.coef_active
    return coef


def gaps(one, out, lams):
    return np.array([c.gap_rel for c in certify_many(one, dense(one, out), out.intercept, lams)])


def triples(p, share=0.0, sizes=(1, 3, 5)):
    index, g = [], 0
    while len(index) < p:
        index += [g] * sizes[g % len(sizes)]
        g += 1
    index = np.random.default_rng(0).permutation(np.array(index[:p]))
    return Groups(index, np.sqrt(np.bincount(index, minlength=index.max() + 1)), share)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
@pytest.mark.parametrize("standardize", [True, False])
def test_groups_of_one_are_the_lasso(l1_ratio, standardize):
    X, rng = data()
    y = target(X, rng, "gaussian")
    for groups in (None, Groups(np.arange(24), np.ones(24)), Groups(np.arange(24) // 4, np.ones(6), 1.0)):
        ratio = l1_ratio if groups is None or groups.share == 0 else 1.0
        one = problem(X, y, "gaussian", groups, l1_ratio=ratio, standardize=standardize)
        lams, (out,) = solve(one)
        path = riata.path(X, y, lams=lams, l1_ratio=ratio, standardize=standardize, tol=1e-11)
        assert np.allclose(dense(one, out), path.coef, atol=1e-6 * np.abs(path.coef).max())
        assert np.allclose(out.intercept, path.intercept, atol=1e-6)


FAMILIES = ["gaussian", "binomial", "poisson", "cox", "huber"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("share", "l1_ratio"), [(0.0, 1.0), (0.0, 0.5), (0.4, 1.0), (0.4, 0.7)])
def test_certificates_of_group_paths(family, share, l1_ratio):
    X, rng = data()
    one = problem(X, target(X, rng, family), family, triples(24, share), l1_ratio=l1_ratio)
    lams, (out,) = solve(one)
    seen = gaps(one, out, lams)
    assert out.gap_rel.max() < 1e-9
    assert np.all(seen <= out.gap_rel + 1e-13)
    assert not np.any(dense(one, out)[:, 0])  # at λ_max nothing is in, just below something is
    assert np.any(dense(one, out)[:, 1])


@pytest.mark.parametrize("family", ["multinomial", "multigaussian"])
@pytest.mark.parametrize("rows", [None, 1, 3])
@pytest.mark.parametrize(("l1_ratio", "whole"), [(1.0, True), (0.5, True), (0.7, False)])
def test_certificates_with_several_outputs(family, rows, l1_ratio, whole):
    X, rng = data()
    groups = None if rows is None else Groups(np.arange(24) // rows, np.full(24 // rows, np.sqrt(rows)))
    one = problem(X, target(X, rng, family), family, groups, l1_ratio=l1_ratio)
    lams, (out,) = solve(one, tricks={"whole": whole})
    assert out.coef_active.shape[1] == 3
    assert out.gap_rel.max() < 1e-9
    assert np.all(gaps(one, out, lams) <= out.gap_rel + 1e-13)


@pytest.mark.parametrize(
    ("family", "rows"),
    [("gaussian", 3), ("multinomial", 1), ("multinomial", None), ("multigaussian", 1), ("multigaussian", 3)],
)
def test_fast_and_slow_twins_agree(family, rows):
    X, rng = data()
    groups = None if rows is None else Groups(np.arange(24) // rows, np.ones(24 // rows))
    one = problem(X, target(X, rng, family), family, groups)
    lams, (out,) = solve(one)
    for off in ("span", "compiled_loss", "kronecker", "whole"):
        _, (twin,) = solve(one, lams, tricks={off: False})
        assert np.allclose(dense(one, out), dense(one, twin), atol=1e-5 * np.abs(out.coef_active).max())


@pytest.mark.parametrize(("rows", "l1_ratio"), [(1, 1.0), (3, 1.0), (1, 0.9)])
def test_newton_directions_of_several_responses_are_exact(rows, l1_ratio):
    """Conjugate gradients only mend rounding; near-collinear columns far down the path once took hundreds of turns."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((90, 8)) @ rng.standard_normal((8, 60)) + 0.05 * rng.standard_normal((90, 60))
    Y = X @ rng.standard_normal((60, 4)) + rng.standard_normal((90, 4))
    one = problem(X, Y, "multigaussian", Groups(np.arange(60) // rows, np.ones(60 // rows)), l1_ratio=l1_ratio)
    with one_blas_thread():
        engine = BlocksEngine(one, None, 0, None)
        lams = engine.lam_max() * np.geomspace(1.0, 1e-3, 40)
        (out,) = engine.run(lams, GOAL, 10_000, None)
    inner = engine.lanes[0].set_
    assert gaps(one, out, lams).max() < 1e-9
    assert inner.factors > 20
    assert 0.5 * inner.factors < inner.turns <= 2 * inner.factors  # no turns: they were not asked, or failed


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson", "huber", "multigaussian"])
@pytest.mark.parametrize(
    ("sizes", "options"),
    [
        ((1, 3, 5), {}),
        ((4,), {"l1_ratio": 0.8}),
        ((1,), {}),
        ((2, 6), {"sample_weight": np.where(np.arange(30) % 7, 1.0 + np.arange(30) % 3, 0.0)}),
        ((3, 5), {"fit_intercept": False, "standardize": False}),
        ((1,), {"free": 3}),
    ],
)
def test_more_members_than_rows_need_no_gram_matrix(family, sizes, options):
    """The model as A'A with Newton's direction by Woodbury's identity, proven by a certificate that knows neither."""
    X, rng = data(30, 150)
    groups, free = triples(150, 0.0, sizes), options.get("free", 0)
    factor = np.where(np.arange(len(groups.factor)) < free, 0.0, groups.factor)
    options = {name: value for name, value in options.items() if name != "free"}
    one = problem(X, target(X, rng, family), family, Groups(groups.index, factor), **options)
    with one_blas_thread():
        engine = BlocksEngine(one, None, 0, None)
        lams = engine.lam_max() * np.geomspace(1.0, 3e-3, 12)
        (out,) = engine.run(lams, GOAL, 10_000, None)
    assert engine.lanes[0].set_.by_rows
    assert gaps(one, out, lams).max() < 1e-9
    assert np.count_nonzero(out.coef_active[:, -1]) > 20
    if family != "huber":  # strictly convex: one fit
        _, (twin,) = solve(one, lams, tricks={"rows": False})
        fits = [np.tensordot(X, dense(one, which), 1) for which in (out, twin)]
        assert np.abs(fits[0] - fits[1]).max() < 1e-3 * fits[1].std()


@pytest.mark.parametrize("family", ["gaussian", "multigaussian"])
@pytest.mark.parametrize("mixed", [0, 6])
def test_many_members_are_held_by_rows_and_take_both_ways(family, mixed):
    """Descent alone where it is quick; on near-collinear columns Newton's directions, exact ones."""
    rng = np.random.default_rng(2)
    X, y, goal = rng.standard_normal((120, 600)), rng.standard_normal((120, 5)), 1e-6
    if mixed:
        X, goal = rng.standard_normal((120, mixed)) @ rng.standard_normal((mixed, 600)) + 0.05 * X, GOAL
    groups = Groups(np.arange(600) // 5, np.ones(120)) if family == "gaussian" else Groups(np.arange(600), np.ones(600))
    one = problem(X, y[:, 0] if family == "gaussian" else y, family, groups)
    with one_blas_thread():
        engine = BlocksEngine(one, None, 0, None)
        lams = engine.lam_max() * np.geomspace(1.0, 0.02, 30)
        (out,) = engine.run(lams, goal, 10_000, None)
    inner = engine.lanes[0].set_
    assert inner.by_rows
    assert len(lams) < engine.factors < 25 * len(lams) if mixed else engine.factors < len(lams)
    assert inner.turns <= engine.factors
    assert out.gap_rel.max() <= 2.1 * goal
    if mixed:
        assert gaps(one, out, lams).max() < 1e-9


def test_a_block_that_a_step_stops_at_is_zero_exactly():
    """What is left of a block that should be zero turns the harder, the less it is: 10 000 steps on smooth columns."""
    rng = np.random.default_rng(0)
    X = np.cumsum(np.cumsum(rng.standard_normal((60, 40)), axis=1), axis=1) + 1e-3 * rng.standard_normal((60, 40))
    Y = X[:, [5, 20, 33]] @ rng.standard_normal((3, 3)) / 10 + 5 * rng.standard_normal((60, 3))
    one = problem(X, Y, "multigaussian", Groups(np.arange(40), np.ones(40)))
    with one_blas_thread():
        engine = BlocksEngine(one, None, 0, None)
        lams = engine.lam_max() * np.geomspace(1.0, 1e-3, 40)
        (out,) = engine.run(lams, GOAL, 10_000, None)
    assert gaps(one, out, lams).max() < 1e-9
    assert engine.factors < 1000


def test_several_responses_on_columns_that_come_twice():
    """No direction is exact there: the solver has to find out, and go on with one factor of the whole."""
    rng = np.random.default_rng(5)
    X = np.hstack([rng.standard_normal((90, 30))] * 2)
    Y = X[:, :30] @ rng.standard_normal((30, 4)) + rng.standard_normal((90, 4))
    one = problem(X, Y, "multigaussian", Groups(np.arange(60), np.ones(60)))
    lams, (out,) = solve(one)
    assert gaps(one, out, lams).max() < 1e-9


@pytest.mark.parametrize(
    ("family", "rows"), [("gaussian", 3), ("binomial", 3), ("multinomial", 1), ("multigaussian", 1)]
)
def test_a_fold_is_a_refit_without_it(family, rows):
    X, rng = data(p=48)
    one = problem(X, target(X, rng, family), family, Groups(np.arange(48) // rows, np.ones(48 // rows)))
    folds = np.arange(60) % 3
    score = scores.find(None, family)
    lams, outs = solve(one, folds=folds, n_folds=3, score=score)
    for k in range(3):
        alone = one.train_on(folds != k)
        _, (out,) = solve(alone, lams)
        assert np.allclose(dense(one, out), dense(one, outs[k + 1]), atol=1e-5 * np.abs(out.coef_active).max())
        assert np.allclose(out.intercept, outs[k + 1].intercept, atol=1e-5)
        coef, held = dense(one, out)[..., -1], np.where(folds == k, 1.0 / 20, 0.0)
        loss = score(one.loss, X @ coef + out.intercept[..., -1], held, 1.0 / 60 - held)
        assert outs[k + 1].loss[-1] == pytest.approx(loss, rel=1e-5)


def test_unpenalised_and_excluded_groups():
    X, rng = data()
    groups = triples(24)
    factor = groups.factor.copy()
    factor[1], factor[2] = 0.0, np.inf
    for family in ("gaussian", "binomial"):
        one = problem(X, target(X, rng, family), family, Groups(groups.index, factor))
        lams, (out,) = solve(one)
        coef = dense(one, out)
        assert np.all(coef[groups.index == 1])
        assert not np.any(coef[groups.index == 2])
        assert np.all(gaps(one.replace(penalty_factor=np.where(groups.index == 2, np.inf, 1.0),
                      groups=Groups(groups.index, np.where(np.isinf(factor), 1.0, factor))), out, lams)
                      <= out.gap_rel + 1e-12)  # fmt: skip


def test_no_intercept_weights_and_repetition():
    X, rng = data()
    y = target(X, rng, "multinomial")
    weight = rng.integers(0, 3, 60).astype(float)
    rows = np.repeat(np.arange(60), weight.astype(int))
    for intercept in (True, False):
        one = problem(X, y, "multinomial", Groups(np.arange(24) // 2, np.ones(12)), fit_intercept=intercept,
                      sample_weight=weight)  # fmt: skip
        lams, (out,) = solve(one)
        again = problem(X[rows], y[rows], "multinomial", one.groups, fit_intercept=intercept)
        _, (twin,) = solve(again, lams)
        assert np.allclose(dense(one, out), dense(again, twin), atol=1e-5 * np.abs(out.coef_active).max())


def test_scale_of_the_target_changes_nothing():
    X, rng = data()
    y = target(X, rng, "multigaussian")
    groups = Groups(np.arange(24), np.ones(24))
    lams, (out,) = solve(problem(X, y, "multigaussian", groups))
    for scale in (1e-6, 1e6):
        one = problem(X, scale * y, "multigaussian", groups)
        _, (twin,) = solve(one, scale * lams)
        assert np.allclose(scale * dense(one, out), dense(one, twin), rtol=1e-5, atol=1e-7 * scale)


def test_a_constant_target_needs_no_feature():
    X, _ = data()
    _, (out,) = solve(
        problem(X, np.full((60, 2), 3.0), "multigaussian", Groups(np.arange(24), np.ones(24))), np.array([1.0])
    )
    assert out.active.size == 0
    assert np.allclose(out.intercept, 3.0)


def test_duplicated_columns_and_collinear_groups():
    X, rng = data()
    y = target(X, rng, "gaussian")
    X = np.hstack([X, X[:, :12], X[:, :3] @ rng.standard_normal((3, 4))])
    one = problem(X, y, "gaussian", Groups(np.arange(40) // 4, np.full(10, 2.0)))
    lams, (out,) = solve(one, floor=1e-3)
    assert gaps(one, out, lams).max() < 1e-8


@pytest.mark.filterwarnings("error::riata.NotConverged")
@pytest.mark.parametrize("seed", [1, 15])
def test_all_levels_of_a_factor_beside_an_intercept(seed):
    """Entry-wise penalties of several outputs: along the null direction of dependent columns a Newton step is 1e11
    times what moves, and what it stops at must not be cut off by its size: 4 λ of each of these once were."""
    rng = np.random.default_rng(0)
    Z, noise = rng.standard_normal((120, 3)), rng.standard_t(2, 120)
    X = np.column_stack([Z, np.eye(4)[np.arange(120) % 4], Z[:, 2] + np.sin(np.arange(120))])
    Y = np.column_stack([3 * Z[:, 0] + noise, Z[:, 0] + Z[:, 1]])
    rows = np.random.default_rng(seed).random(120) < 0.9
    path = riata.path(X[rows], Y[rows], family="multigaussian")
    assert path.gap_rel.max() <= 1e-8
    problem = make_problem(X[rows], Y[rows], family="multigaussian")
    assert max(c.gap_rel for c in certify_many(problem, path.coef, path.intercept, path.lams)) <= 1e-8


def test_sparse_groups_of_rows_are_refused():
    X, rng = data()
    one = problem(X, target(X, rng, "multinomial"), "multinomial", triples(24, 0.5))
    with pytest.raises(InvalidOption, match="one output"):
        solve(one)


@pytest.mark.parametrize("whole", [True, False])
def test_threads_change_no_bit(whole):
    X, rng = data(p=48)
    one = problem(X, target(X, rng, "multinomial"), "multinomial", Groups(np.arange(48) // 2, np.ones(24)))
    folds = np.arange(60) % 4
    lams, alone = solve(one, folds=folds, n_folds=4, tricks={"whole": whole})
    with one_blas_thread(), ThreadPoolExecutor(3) as pool:
        engine = BlocksEngine(one, folds, 4, {"whole": whole}, pool)
        engine.null_correlations()
        together = engine.run(lams, GOAL, 10_000)
    for a, b in zip(alone, together, strict=True):
        assert np.array_equal(dense(one, a), dense(one, b))
        assert np.array_equal(a.gap_rel, b.gap_rel)


@pytest.mark.parametrize("family", ["binomial", "multinomial"])
def test_separable_classes_far_down_the_path(family):
    rng = np.random.default_rng(0)
    X = np.vstack([rng.standard_normal((20, 5)) + 5, rng.standard_normal((20, 5)) - 5])
    one = problem(X, np.repeat([0, 1], 20), family, Groups(np.array([0, 0, 1, 1, 1]), np.ones(2)))
    lams, (out,) = solve(one, floor=1e-5, goal=5e-9)
    assert out.gap_rel.max() < 1.1e-8
    assert np.all(gaps(one, out, lams) < 1.1e-8)


def test_counts_that_are_nearly_all_zero():
    """Extrapolating u once sent e^η to 1e256 here, and no step came back from there."""
    rng = np.random.default_rng(6)
    z = np.cumsum(0.02 * rng.standard_normal((215, 100)), axis=1) + rng.standard_normal((215, 1))
    one = problem(z, np.r_[1, 3, np.zeros(213)], "poisson", Groups(np.arange(100) // 5, np.full(20, 5**0.5)))
    with one_blas_thread():
        engine = BlocksEngine(one)
        lams = engine.lam_max() * np.geomspace(1, 1e-3, 60)
        (out,) = engine.run(lams, 5e-9, 10_000)
    assert out.gap_rel.max() < 1.1e-8


@pytest.mark.parametrize(
    ("family", "rows", "measure"),
    [("gaussian", 3, "mae"), ("multinomial", 1, None), ("multinomial", None, "accuracy"), ("multigaussian", 1, None)],
)
def test_folds_in_lock_step_are_folds_one_by_one(family, rows, measure):
    X, rng = data(p=48)
    groups = None if rows is None else Groups(np.arange(48) // rows, np.ones(48 // rows))
    weight = rng.integers(0, 3, 60).astype(float)
    one = problem(X, target(X, rng, family), family, groups, sample_weight=weight)
    folds = np.append(np.arange(57) % 3, [-1, -1, -1])[None]  # three rows are never held out
    how = {"foldid": folds, "measure": measure, "n_lams": 12, "lam_min_ratio": 0.05, "tol": 1e-10}
    fast, slow = cross_validate(one, **how), cross_validate(one, **how, tricks={"lockstep": False})
    assert np.allclose(fast.loss, slow.loss, rtol=1e-5)
    assert np.allclose(fast.fold_weight, slow.fold_weight)
    assert np.allclose(fast.path.coef, slow.path.coef, atol=1e-6 * np.abs(slow.path.coef).max())
    assert fast.gap_rel.max() < 1e-10


def test_probabilities_near_one_keep_their_digits():
    """Softmax in vector code against the loss in NumPy, where rows are all but certain and weights may be zero."""
    rng = np.random.default_rng(2)
    for spread in (1.0, 30.0, 800.0):
        eta, code = spread * rng.standard_normal((300, 5)), rng.integers(0, 5, 300)
        eta[:200] += 3 * spread * np.eye(5)[code[:200]]  # these are sure
        one, s = problem(eta, code, "multinomial"), rng.integers(0, 3, 300) / 300.0
        loss, free = one.loss, np.zeros((300, 0), order="F")
        members = BlockSet(compiled(loss, one), s, eta.T.reshape(-1).copy(), free, np.zeros(0), 0.0, 1.0, 0, 0)
        assert members.value_with(s) == pytest.approx(loss.value(eta, s), rel=1e-13)
        gradient = -np.asarray(members.r).reshape(5, 300).T
        assert np.allclose(gradient, loss.gradient(eta, s), rtol=1e-12, atol=1e-300)
