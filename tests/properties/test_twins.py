"""Twins and swaps: the cost of an exchange is what its definition says, for every family, and has no units."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso

import riata
from riata.core.errors import InvalidOption
from riata.path import make_problem
from riata.select.swaps import Model
from riata.select.twins import alike, linked


def make(family, seed=0, n=90, p=8):
    """Features 4…7 are near copies of 0…3."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    X[:, 4:] = X[:, :4] + rng.uniform(0.15, 0.5, 4) * X[:, 4:]
    eta = X[:, 0] - X[:, 1] + 0.5 * X[:, 2]
    if family == "binomial":
        return X, (eta + rng.logistic(size=n) > 0).astype(float)
    if family == "poisson":
        return X, rng.poisson(np.exp(0.5 * eta)).astype(float)
    if family == "cox":
        return X, np.column_stack([rng.exponential(np.exp(-eta)), rng.uniform(size=n) < 0.8])
    return X, eta + rng.standard_normal(n)


def definition(problem, lam, features):
    """P_S by another route: the whole design, with everything outside S excluded by an infinite factor."""
    factor = np.full(problem.n_features, np.inf)
    factor[features] = problem.penalty_factor[features]
    only = problem.replace(penalty_factor=factor)
    path = riata.path.fit_path(only, [lam], tol=1e-11)
    return riata.certify(only, path.coef[:, 0], path.intercept[0], lam).primal


FAMILIES = ["gaussian", "binomial", "poisson", "cox", "huber", "sqrt"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("how", ["plain", "weights and offset", "elastic net, raw columns", "bounds and factors"])
def test_the_cost_is_its_definition(family, how):
    X, y = make(family)
    rng = np.random.default_rng(1)
    options = {
        "plain": {},
        "weights and offset": {
            "sample_weight": rng.uniform(0.5, 2.0, len(X)),
            "offset": 0.1 * rng.standard_normal(len(X)),
        },
        "elastic net, raw columns": {"l1_ratio": 0.9, "standardize": False},
        "bounds and factors": {"lower": -0.3, "penalty_factor": rng.uniform(0.5, 1.5, 8)},
    }[how]
    path = riata.path(X, y, family=family, n_lams=20, **options)
    lam = float(path.lams[2 if "l1_ratio" in options else 3])
    found = riata.twins(path, lam)
    coef = path.at(lam)[0]
    on, names = np.flatnonzero(coef), path.feature_names
    assert found.swaps
    assert set(found.counts) == {names[j] for j in on}
    own, none = definition(path.problem, lam, on), definition(path.problem, lam, on[:0])
    for swap in found.swaps:
        j, k = names.index(swap.feature), names.index(swap.twin)
        assert coef[j] != 0 == coef[k]
        rest = on[on != j]
        loss = definition(path.problem, lam, np.append(rest, k)) - own
        dropped = definition(path.problem, lam, rest) - own
        assert swap.loss == pytest.approx(loss, rel=1e-5, abs=1e-8 * abs(none))
        assert swap.share == pytest.approx(loss / (none - own), rel=1e-5, abs=1e-7)
        assert swap.dropped == pytest.approx(dropped / (none - own), rel=1e-5, abs=1e-7)
        assert 0 <= swap.share <= swap.dropped <= 1
        assert swap.gap_rel <= 1e-9
    assert max(swap.dropped for swap in found.swaps) > 0.01


def test_another_library_refits_to_the_same_loss():
    X, y = make("gaussian")
    s = np.random.default_rng(3).uniform(0.5, 2.0, len(y))
    lam = 0.2
    found = riata.twins(riata.path(X, y, lams=[lam], sample_weight=s), lam)
    Z = (X - np.average(X, axis=0, weights=s)) / np.sqrt(
        np.average((X - np.average(X, axis=0, weights=s)) ** 2, axis=0, weights=s)
    )

    def least(features):
        centred = y - np.average(y, weights=s)
        if not len(features):
            return 0.5 * np.average(centred**2, weights=s)
        fit = Lasso(alpha=lam, fit_intercept=False, tol=1e-13, max_iter=100_000)
        fit.fit(Z[:, features], centred, sample_weight=s)
        left = centred - fit.predict(Z[:, features])
        return 0.5 * np.average(left**2, weights=s) + lam * np.abs(fit.coef_).sum()

    on = [int(name[1:]) for name in found.counts]
    assert found.swaps
    for swap in found.swaps:
        j, k = int(swap.feature[1:]), int(swap.twin[1:])
        rest = [i for i in on if i != j]
        assert swap.loss == pytest.approx(least([*rest, k]) - least(on), rel=1e-6)
        assert swap.dropped == pytest.approx((least(rest) - least(on)) / (least([]) - least(on)), rel=1e-6)


def test_a_copy_costs_nothing_and_a_stranger_is_no_replacement():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((80, 4))
    X[:, 3] = -5.0 * X[:, 0] + 7.0
    y = X[:, 0] + X[:, 1] + rng.standard_normal(80)
    sel = riata.select(X[:, [0, 1, 3]], y, feature_names=["a", "b", "copy"], penalty_factor=[1.0, 1.0, 1.001])
    (swap,) = sel.twins().swaps
    assert (swap.feature, swap.twin) == ("a", "copy")
    assert swap.correlation == pytest.approx(-1.0)
    assert swap.share < 1e-3 < 0.1 < swap.dropped
    model = Model.of(riata.path(X, y, lams=[0.6]), 0.6)
    stranger = model.swap(int(model.selected[0]), 2, 0.0)
    assert stranger.share == pytest.approx(stranger.dropped)


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_depends_on_units_or_order(family):
    X, y = make(family, seed=4)
    before = riata.select(X, y, family=family, n_lams=30, rule="1se")
    rng = np.random.default_rng(5)
    rows, columns = rng.permutation(len(X)), rng.permutation(8)
    units = 10.0 ** rng.uniform(-3, 3, 8)
    scale = 1e4 if family in ("gaussian", "sqrt") else 1.0
    after = riata.select(
        (X * units)[rows][:, columns], scale * y[rows], family=family, n_lams=30, rule="1se",
        foldid=before.cv.foldid[0][rows], feature_names=[f"x{j}" for j in columns],
    )  # fmt: skip
    assert after.features == before.features
    shares = [{(s.feature, s.twin): (s.share, s.dropped) for s in sel.twins().swaps} for sel in (before, after)]
    assert shares[0].keys() == shares[1].keys() != set()
    for pair, values in shares[0].items():
        assert shares[1][pair] == pytest.approx(values, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("family", ["gaussian", "cox"])
def test_weight_two_is_the_row_twice(family):
    X, y = make(family, seed=6)
    times = np.random.default_rng(7).integers(0, 3, len(X))
    lam = 0.3 if family == "gaussian" else 0.1
    weighted = riata.twins(riata.path(X, y, family=family, lams=[lam], sample_weight=times), lam)
    repeated = riata.twins(riata.path(np.repeat(X, times, 0), np.repeat(y, times, 0), family=family, lams=[lam]), lam)
    assert weighted.swaps
    assert weighted.counts == repeated.counts
    for one, two in zip(weighted.swaps, repeated.swaps, strict=True):
        assert (one.feature, one.twin) == (two.feature, two.twin)
        assert one.correlation == pytest.approx(two.correlation)
        assert (one.share, one.dropped) == pytest.approx((two.share, two.dropped), rel=1e-6)


def test_any_lambda_of_a_path():
    """Between two of the grid the model is solved and not interpolated."""
    X, y = make("gaussian")
    path = riata.path(X, y, n_lams=5)
    lam = float(0.5 * (path.lams[1] + path.lams[2]))
    coarse, exact = riata.twins(path, lam), riata.twins(riata.path(X, y, lams=[lam]), lam)
    assert coarse.to_frame() == exact.to_frame()
    with pytest.raises(InvalidOption, match="many models"):
        riata.twins(path)


def test_explain_says_it():
    X, y = make("gaussian")
    sel = riata.select(X, y, n_lams=30)
    chosen, other = sel.twins().swaps[0].feature, sel.twins().swaps[0].twin
    why = sel.explain(other)
    assert (why.swaps[0].feature, why.swaps[0].twin, why.swaps[0].loss) == (chosen, other, sel.twins().swaps[0].loss)
    share, without = why.swaps[0].share, why.swaps[0].dropped
    assert f"In its place: {chosen} (correlation +0.9" in str(why)
    assert f"swapped, {100 * share:.2g} % of the model's gain would be lost, with neither {100 * without:.2g}" in str(
        why
    )
    assert f"It stands in for: {other} (" in str(sel.explain(chosen))
    assert sel.explain(chosen).swaps[0].share == share
    table = sel.twins(most=1).to_frame()
    assert list(table) == ["feature", "twin", "correlation", "loss", "share", "dropped"]
    assert len(table["twin"]) == len(set(table["feature"]))
    with pytest.raises(InvalidOption, match="not selected"):
        sel.twins().of(other)


def test_nothing_selected_and_nothing_alike():
    X, y = make("gaussian")
    path = riata.path(X, y, n_lams=10)
    assert riata.twins(path, float(path.lams[0])).swaps == []
    assert riata.twins(path, float(path.lams[5]), least=0.9999).swaps == []
    none = riata.twins(path, float(path.lams[5]), most=0)
    assert none.swaps == []
    assert sum(none.counts.values()) > 0


def test_what_cannot_be_exchanged_is_refused():
    X, y = make("gaussian")
    labels = np.digitize(y, [-1, 1])
    for fit in (
        riata.path(X, labels, family="multinomial", n_lams=5),
        riata.path(X, y, penalty="group", groups=[0, 0, 1, 1, 2, 2, 3, 3], n_lams=5),
        riata.path(X, y, penalty="mcp", n_lams=5),
    ):
        with pytest.raises(InvalidOption, match="one coefficient and a convex penalty"):
            riata.twins(fit, float(fit.lams[2]))
    with pytest.raises(InvalidOption, match="data are needed"):
        riata.twins(3)
    with pytest.raises(InvalidOption, match="least"):
        riata.twins(riata.path(X, y, n_lams=3), 0.1, least=0.0)


def test_correlations_are_those_of_numpy():
    rng = np.random.default_rng(8)
    X = rng.standard_normal((50, 200)) + 3.0
    X[:, 100:] += 2.0 * X[:, :100]
    X[:, 7] = 1.0
    times = rng.integers(0, 3, 50)
    problem = make_problem(X, rng.standard_normal(50), sample_weight=times)
    path = riata.path.fit_path(problem, n_lams=2)
    varies = np.delete(np.arange(200), 7)
    R = np.corrcoef(np.repeat(X, times, axis=0)[:, varies].T)
    for j, like, r in alike(problem, path, varies, 0.7):
        row = R[np.flatnonzero(varies == j)[0]]
        assert set(like) == set(varies[abs(row) >= 0.7]) - {j}
        assert r == pytest.approx(row[np.searchsorted(varies, like)])
        assert (np.diff(abs(r)) <= 0).all()
    assert len(set(linked(problem, varies, 0.7))) < 199
