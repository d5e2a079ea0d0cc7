"""Paths under concave and adaptive penalties: closed forms, limits, many starts, laws, and every loss.

References are made here: proximal gradients from many starts, thresholds of orthonormal designs, weights by hand.
"""

import numpy as np
import pytest
import scipy.sparse as sp

pytest.importorskip("hypothesis", reason="hypothesis is not installed (pip install 'riata[test]')")
from hypothesis import given, settings
from hypothesis import strategies as st

import riata
from riata.certify import certify_many
from riata.core.errors import InvalidOption, NotConverged
from riata.losses import losses
from riata.path import fit_path, learnt, make_problem
from riata.penalties import Concave, penalties
from riata.penalties.adaptive import Adaptive
from riata.penalties.log import Log
from riata.penalties.mcp import MCP
from riata.penalties.scad import SCAD
from riata.select.cv import cross_validate
from riata.select.folds import make_folds
from tools.penalty_table import combinations

CONCAVE = sorted(name for name, cls in penalties().items() if issubclass(cls, Concave))
SCALAR = [(penalty, loss) for penalty, loss in combinations() if loss not in ("multinomial", "multigaussian")]
SEEDS = st.integers(0, 10**6)


def regression(seed, n=60, p=8, noise=0.5):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.2, 4.0, p) + rng.normal(size=p)
    w = np.where(rng.random(p) < 0.5, rng.normal(size=p) * 2, 0.0)
    return X, X / X.std(axis=0) @ w + noise * rng.normal(size=n)


def target(loss, rng, n):
    """A target of that loss and what of it X may know."""
    y, options = losses()[loss].examples(rng, n)[0]
    parsed = losses()[loss].parse(y, **options)
    return y, options, parsed.y if hasattr(parsed, "y") else -parsed.stop


# --- every combination of the table -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("penalty", "loss"), SCALAR)
@pytest.mark.parametrize("wide", [False, True], ids=["tall", "wide"])
@pytest.mark.parametrize("upper", [0.03, None], ids=["box", "free"])
def test_every_penalty_goes_with_every_loss(penalty, loss, wide, upper):
    rng = np.random.default_rng(3)
    n, p = (30, 45) if wide else (60, 7)
    y, options, known = target(loss, rng, n)
    X = rng.normal(size=(n, p)) * rng.uniform(0.5, 2.0, p) + 1.0
    X[:, :2] += known[:, None] * np.array([0.8, -0.5])
    how = {"sample_weight": rng.integers(1, 4, n), "offset": 0.1 * rng.normal(size=n)}
    factor = np.ones(p)
    factor[-1], factor[-2] = 0.0 if upper is None else 2.0, np.inf
    problem = make_problem(X, y, family=loss, penalty=penalty, penalty_factor=factor, upper=upper, **how, **options)
    ratio = 0.3 if wide else 0.05
    path = fit_path(problem, n_lams=8, lam_min_ratio=ratio)
    certificates = certify_many(learnt(problem), path.coef, path.intercept, path.lams)
    concave = not penalties()[penalty].convex
    found = np.array([c.kkt if concave else c.gap_rel for c in certificates])
    assert found.max() <= 1e-8
    assert path.certificate.max() <= 1e-8
    assert np.isnan(path.gap_rel).all() == concave
    assert str(path.status).startswith("Every solution is stationary" if concave else "Every duality gap")
    # a pilot that finds nothing leaves nothing: its rule is not the subject here
    assert path.df[-1] > path.df[0] or (penalty == "adaptive" and np.isinf(path.penalty_factor).all())
    assert path.coef[-2].any() is np.False_
    assert upper is None or path.coef.max() <= upper
    assert upper is not None or path.coef[-1].all()
    assert (path.stationarity is None) != concave
    assert path.penalty == penalty


@pytest.mark.parametrize("name", CONCAVE)
def test_bounds_hold_and_bind(name):
    X, y = regression(8, n=100, p=3)
    y = y + X @ np.array([1.0, 0.0, -1.0])
    problem = make_problem(X, y, penalty=name, lower=-0.1, upper=0.2, standardize=False)
    path = fit_path(problem, n_lams=10)
    assert path.coef.max() == pytest.approx(0.2, rel=1e-14)
    assert path.coef.min() == pytest.approx(-0.1, rel=1e-14)
    assert path.coef.max() <= 0.2
    assert path.stationarity.max() <= 1e-8
    assert max(c.kkt for c in certify_many(problem, path.coef, path.intercept, path.lams)) <= 1e-8


# --- closed forms -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mcp", "scad"])
@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=SEEDS, gamma=st.sampled_from([2.2, 3.7, 20.0]))
def test_orthonormal_columns_are_thresholded_one_by_one(name, seed, gamma):
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(np.column_stack([np.ones(12), rng.normal(size=(12, 5))]))[0][:, 1:] * np.sqrt(12)
    y = rng.normal(size=12) * 3
    path = riata.path(Q, y, penalty=name, gamma=gamma, n_lams=12, lam_min_ratio=0.02)
    z, penalty = Q.T @ y / 12, penalties()[name](gamma=gamma)
    expected = np.column_stack([penalty.prox(z, np.array([lam])) for lam in path.lams])
    np.testing.assert_allclose(path.coef, expected, atol=2e-8 * np.abs(z).max())


def many_starts(problem, lam, starts=60, rounds=4000):
    """The lowest value that proximal gradients reach from random starts; columns in units of their sd, centred."""
    s = problem.sample_weight / problem.sample_weight.sum()
    X = problem.design.columns(np.arange(problem.n_features))
    X = (X - s @ X) / np.sqrt(s @ (X - s @ X) ** 2)
    y = problem.y - s @ problem.y
    step = 1.0 / np.linalg.norm((X.T * s) @ X, 2)
    rng, values = np.random.default_rng(1), []
    for k in range(starts):
        w = rng.normal(size=X.shape[1]) * (k > 0) * 2
        for _ in range(rounds):
            z, before = w + step * X.T @ (s * (y - X @ w)), w
            w = line(problem.penalty, z, lam, step)
            if np.abs(w - before).max() < 1e-13:
                break
        values.append(0.5 * s @ (y - X @ w) ** 2 + problem.penalty.value(np.abs(w), np.array([lam])).sum())
    return min(values)


def line(penalty, z, lam, step):
    """prox of step·p by Newton-free search: the stationary points of each piece, by a fine bracketed bisection."""
    size = np.abs(z)
    low, high = np.zeros_like(size), size.copy()
    for _ in range(60):  # u − |z| + step·p'(u) rises where the step is short enough
        middle = 0.5 * (low + high)
        up = middle - size + step * penalty.slope(middle, np.array([lam])) > 0
        low, high = np.where(up, low, middle), np.where(up, middle, high)
    u = 0.5 * (low + high)
    stays = 0.5 * (u - size) ** 2 + step * penalty.value(u, np.array([lam])) < 0.5 * size**2
    return np.where(stays, np.copysign(u, z), 0.0)


@pytest.mark.parametrize("penalty", [MCP(4.0), SCAD(4.5), Log(3.0)], ids=repr)
@pytest.mark.parametrize("seed", [0, 1])
def test_no_start_does_better_where_the_problem_is_nearly_convex(penalty, seed):
    X, y = regression(seed, n=200, p=4)
    problem = make_problem(X, y, penalty=penalty)
    path = fit_path(problem, n_lams=15, lam_min_ratio=0.01)
    for k in (4, 8, 14):
        (found,) = certify_many(problem, path.coef[:, [k]], path.intercept[[k]], path.lams[[k]])
        assert found.primal <= many_starts(problem, path.lams[k], starts=12) * (1 + 1e-12) + 1e-15


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["gaussian", "binomial", "sqrt"])
@pytest.mark.parametrize("name", CONCAVE)
def test_a_flat_slope_is_the_lasso(name, family):
    X, y = regression(4)
    y = (y > y.mean()).astype(int) if family == "binomial" else y
    y = np.where(np.random.default_rng(1).random(len(y)) < 0.2, 1 - y, y) if family == "binomial" else y
    lasso = fit_path(make_problem(X, y, family=family), n_lams=12, lam_min_ratio=0.05, tol=1e-18)
    path = riata.path(X, y, family=family, penalty=name, gamma=1e12, lams=lasso.lams)
    np.testing.assert_allclose(path.coef_per_sd, lasso.coef_per_sd, atol=2e-7 * np.abs(lasso.coef_per_sd).max())
    near = riata.path(X, y, family=family, penalty=name, gamma=2.5, lams=lasso.lams)
    assert np.abs(near.coef_per_sd - lasso.coef_per_sd).max() > 0.01 * np.abs(lasso.coef_per_sd).max()


def test_large_coefficients_are_not_shrunk():
    X, y = regression(7, n=300, p=3, noise=0.01)
    y = X @ np.array([3.0, 0.0, -5.0])
    path = riata.path(X, y, penalty="mcp", lam_min_ratio=0.01, n_lams=20)
    np.testing.assert_allclose(path.coef[:, -1], [3.0, 0.0, -5.0], atol=1e-9)
    assert np.abs(riata.path(X, y, lams=path.lams).coef[:, -1] - [3.0, 0.0, -5.0]).max() > 1e-3


@pytest.mark.parametrize("name", CONCAVE)
@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_newton_steps_change_the_work_and_not_the_answer(name, family):
    # rows enough that no classes are separated: a flat penalty would then let coefficients run to infinity
    X, y = regression(9, n=400 if family == "binomial" else 80, p=12 if family == "binomial" else 30)
    y = (
        (np.random.default_rng(1).random(len(y)) < 1 / (1 + np.exp(-0.2 * y))).astype(int)
        if family == "binomial"
        else y
    )
    problem = make_problem(X, y, family=family, penalty=name, gamma=5.0)
    fast, slow = (fit_path(problem, n_lams=12, lam_min_ratio=0.2, tricks={"jumps": on}) for on in (True, False))
    np.testing.assert_allclose(fast.coef_per_sd, slow.coef_per_sd, atol=1e-6 * np.abs(slow.coef_per_sd).max())
    assert fast.stats["rounds"] < slow.stats["rounds"] * (0.8 if family == "gaussian" else 1.0)
    assert max(fast.stationarity.max(), slow.stationarity.max()) <= 1e-8


# --- laws -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mcp", "scad", "adaptive"])
def test_the_unit_of_the_target_does_not_matter(name):
    X, y = regression(11)
    one, other = (riata.path(X, c * y + 3 * c, penalty=name, n_lams=10) for c in (1.0, 1e5))
    np.testing.assert_allclose(other.lams, 1e5 * one.lams, rtol=1e-9)
    np.testing.assert_allclose(other.coef, 1e5 * one.coef, rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize("name", [*CONCAVE, "adaptive"])
def test_sparse_is_dense_and_weights_are_repetitions(name):
    X, y = regression(12)
    X = np.where(np.abs(X) > 1.0, X, 0.0)
    times = np.random.default_rng(0).integers(0, 3, len(y))
    weighted = riata.path(X, y, penalty=name, sample_weight=times, n_lams=10, lam_min_ratio=0.02)
    rows = np.repeat(np.arange(len(y)), times)
    sparse = riata.path(sp.csc_matrix(X), y, penalty=name, sample_weight=times, lams=weighted.lams)
    np.testing.assert_allclose(sparse.coef, weighted.coef, atol=1e-7)
    if name != "adaptive":  # the pilot's BIC counts rows
        repeated = riata.path(X[rows], y[rows], penalty=name, lams=weighted.lams)
        np.testing.assert_allclose(repeated.coef, weighted.coef, atol=1e-7)


def test_a_path_that_misses_its_tolerance_says_so():
    X, y = regression(5)
    with pytest.warns(NotConverged, match="stationarity residual"):
        path = riata.path(X, y, penalty="mcp", n_lams=5, tol=1e-30)
    assert "stationarity residual above" in str(path.status)


def test_a_constant_target_needs_no_feature():
    X, _ = regression(5)
    path = riata.path(X, np.full(len(X), 3.0), penalty="mcp", lams=[1.0, 0.1])
    assert not path.coef.any()
    np.testing.assert_array_equal(path.intercept, 3.0)


# --- adaptive ---------------------------------------------------------------------------------------------------------


def factors_by_hand(X, y, pilot, gamma):
    t = X.std(axis=0)
    if pilot == "ols":
        w = np.linalg.lstsq(np.column_stack([np.ones(len(y)), X]), y, rcond=None)[0][1:]
    elif pilot == "ridge":
        lam = 0.1 * riata.path(X, y, n_lams=1).lams[0]
        Z = (X - X.mean(axis=0)) / t
        w = np.linalg.solve(Z.T @ Z / len(y) + lam * np.eye(X.shape[1]), Z.T @ (y - y.mean()) / len(y)) / t
    else:
        path = riata.path(X, y)
        bic = [len(y) * np.log(1 - r) + np.log(len(y)) * d for r, d in zip(path.dev_ratio, path.df, strict=True)]
        w = path.coef[:, int(np.argmin(bic))]
    size = np.abs(w * t)
    with np.errstate(divide="ignore"):
        return (size.max() / size) ** gamma


@pytest.mark.parametrize("pilot", ["lasso", "ridge", "ols"])
@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_adaptive_is_the_lasso_with_factors_from_its_pilot(pilot, gamma):
    X, y = regression(21)
    factor = factors_by_hand(X, y, pilot, gamma)
    path = riata.path(X, y, penalty="adaptive", pilot=pilot, gamma=gamma, n_lams=20)
    np.testing.assert_allclose(path.penalty_factor, factor, rtol=1e-6)
    by_hand = riata.path(X, y, penalty_factor=path.penalty_factor, n_lams=20)
    np.testing.assert_array_equal(path.coef, by_hand.coef)
    np.testing.assert_array_equal(path.lams, by_hand.lams)
    assert path.gap_rel.max() <= 1e-8
    assert not path.coef[np.isinf(factor)].any()


def test_a_saturated_pilot_is_passed_over():
    """With more features than rows a perfect fit has a deviance of nothing, whose logarithm beats any count."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 60))
    y = X[:, 0] + 0.5 * rng.normal(size=20)
    factor = learnt(make_problem(X, y, penalty="adaptive")).penalty_factor
    whole = riata.path(X, y, tol=1e-12)
    assert whole.df.max() > 15
    assert 1 <= np.isfinite(factor).sum() <= 10
    assert factor[0] == 1


def test_factors_given_go_into_the_adaptive_ones():
    X, y = regression(22)
    v = np.array([0.0, 2.0, np.inf, 1, 1, 1, 1, 1])
    learnt_ = learnt(make_problem(X, y, penalty="adaptive", pilot="ols", penalty_factor=v))
    assert learnt_.penalty is None
    assert learnt_.penalty_factor[0] == 0
    assert np.isinf(learnt_.penalty_factor[2])
    assert learnt_.penalty_factor[3:].min() >= 1


def test_ols_wants_more_rows_than_features():
    with pytest.raises(InvalidOption, match="more rows than features"):
        riata.path(np.eye(5), np.arange(5.0), penalty="adaptive", pilot="ols")


def test_certify_wants_what_was_learnt():
    X, y = regression(3)
    problem = make_problem(X, y, penalty="adaptive")
    with pytest.raises(InvalidOption, match="learnt"):
        riata.certify(problem, np.zeros(8), 0.0, 1.0)


# --- cross-validation -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("penalty", "family"), [(Adaptive(), "gaussian"), (MCP(), "gaussian"), (SCAD(), "binomial"),
                                                  ("l1", "sqrt")], ids=repr)  # fmt: skip
def test_each_fold_is_a_fit_of_its_own(penalty, family):
    """By hand: everything, the pilot too, from the training rows alone."""
    X, y = regression(31)
    y = (y > y.mean()).astype(int) if family == "binomial" else y
    y = np.where(np.random.default_rng(1).random(len(y)) < 0.2, 1 - y, y) if family == "binomial" else y
    foldid = make_folds(len(y), 4, seed=1)
    cv = cross_validate(
        make_problem(X, y, family=family, penalty=penalty), foldid=foldid, n_lams=12, lam_min_ratio=0.02
    )
    for f in range(4):
        rows = foldid[0] != f
        path = riata.path(X[rows], y[rows], family=family, penalty=penalty, lams=cv.lams)
        eta = path.predict(X[~rows])
        if family == "binomial":
            loss = [2 * np.mean(np.logaddexp(0, e) - y[~rows] * e) for e in eta.T]
        else:
            loss = ((y[~rows, None] - eta) ** 2).mean(axis=0)
        np.testing.assert_allclose(cv.loss[:, f], loss, rtol=1e-6)
    assert cv.certificate.max() <= 1e-8
    assert np.isnan(cv.gap_rel).all() == (cv.stationarity is not None)


def test_a_pilot_on_all_rows_would_be_seen():
    """The test above can tell: factors from all rows give another curve."""
    X, y = regression(31)
    foldid = make_folds(len(y), 4, seed=1)
    problem = make_problem(X, y, penalty="adaptive")
    honest = cross_validate(problem, foldid=foldid, n_lams=12)
    leaking = cross_validate(learnt(problem), lams=honest.lams, foldid=foldid)
    assert np.abs(leaking.loss - honest.loss).max() > 1e-3 * honest.loss.max()


@pytest.mark.parametrize("penalty", ["adaptive", "mcp", SCAD(3.0)])
def test_select_takes_a_penalty(penalty, tmp_path):
    X, y = regression(33)
    chosen = riata.select(X, y, penalty=penalty, n_lams=30, folds=5)
    assert chosen.features
    assert chosen.largest_gap <= 1e-8
    word = "largest gap_rel" if penalty == "adaptive" else "stationarity residual"
    assert word in chosen.summary()
    chosen.save(tmp_path / "m.json")
    assert "NaN" not in (tmp_path / "m.json").read_text("utf-8")
    assert riata.load_model(tmp_path / "m.json").coef == chosen.model.coef
    coef, intercept = chosen.path.at(chosen.lam)
    found = riata.certify(chosen.problem, coef, intercept, chosen.lam)
    assert (found.gap_rel if penalty == "adaptive" else found.kkt) <= 1e-8
