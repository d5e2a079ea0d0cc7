"""selection.validate(): its truth is what it says, its figures have no units, and a wrong method looks wrong."""

import dataclasses
from unittest import mock

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import expit

import riata
from riata.core.errors import InvalidOption, RiataError
from riata.inference import replays
from riata.inference.truth import truth_of
from riata.inference.validation import _rates
from riata.select.cv import cross_validate

QUICK = {
    "lasso": {}, "mfdr": {"level": 0.2}, "stability": {"n_pairs": 5, "q": 3, "threshold": 0.7},
    "knockoffs": {"fdr": 0.4}, "debiased": {},
}  # fmt: skip


def make(family="gaussian", n=90, p=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 1.0
    eta = X[:, 0] - X[:, 1] + 0.7 * X[:, 2]
    if family == "binomial":
        return X, (eta + rng.logistic(size=n) > 1).astype(float)
    if family == "poisson":
        return X, rng.poisson(np.exp(0.4 * eta)).astype(float)
    return X, 3.0 * eta + 2.0 * rng.standard_normal(n)


def quick(family):
    return {name: how for name, how in QUICK.items() if (name, family) != ("debiased", "poisson")}


def test_the_truth_is_least_squares_on_what_was_selected():
    X, y = make()
    rng = np.random.default_rng(1)
    s, offset = rng.uniform(0.5, 2.0, len(y)), rng.standard_normal(len(y))
    s[:5] = 0.0
    sel = riata.select(X, y, sample_weight=s, offset=offset)
    truth = truth_of(sel.path, sel.problem, sel.index)
    at = [int(name[1:]) for name in sel.features]
    A = np.column_stack([np.ones(len(y)), X[:, at]])
    beta = np.linalg.solve(A.T @ (s[:, None] * A), A.T @ (s * (y - offset)))
    assert truth.refitted
    assert truth.coef[at] == pytest.approx(beta[1:], rel=1e-6)
    assert not np.delete(truth.coef, at).any()
    assert truth.eta == pytest.approx((offset + A @ beta)[truth.order])
    live = s > 0
    left = (y - offset - A @ beta)[live]
    sigma2 = live.sum() * np.average(left**2, weights=s[live]) / (live.sum() - len(at) - 1)
    assert truth.sigma == pytest.approx(np.sqrt(sigma2))
    draws = np.array([truth.draw(np.random.default_rng(k)) for k in range(4000)]) - truth.eta
    assert draws.std() == pytest.approx(truth.sigma, rel=0.01)
    assert abs(draws.mean(axis=0)).max() < 4.5 * truth.sigma / np.sqrt(4000)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_the_truth_of_likelihoods(family):
    """The refit solves the score equations, and draws have its means."""
    X, y = make(family, n=300)
    sel = riata.select(X, y, family=family)
    truth = truth_of(sel.path, sel.problem, sel.index)
    assert truth.refitted
    mean = expit(truth.eta) if family == "binomial" else np.exp(truth.eta)
    at = np.flatnonzero(truth.coef)
    A = np.column_stack([np.ones(len(y)), X[:, at]])[truth.order]
    assert A.T @ (y[truth.order] - mean) / len(y) == pytest.approx(0.0, abs=1e-5)
    draws = np.array([truth.draw(np.random.default_rng(k)) for k in range(2000)])
    assert draws.mean(axis=0) == pytest.approx(mean, abs=5 * np.sqrt(mean.max() / 2000))


def test_counts_are_drawn_with_their_trials():
    X, _ = make()
    rng = np.random.default_rng(3)
    trials = rng.integers(1, 6, len(X))
    successes = rng.binomial(trials, expit(X[:, 0] - 1))
    sel = riata.select(X, np.column_stack([successes, trials - successes]), family="binomial")
    truth = truth_of(sel.path, sel.problem, sel.index)
    drawn = truth.draw(np.random.default_rng(0))
    np.testing.assert_array_equal(drawn.sum(axis=1), trials[truth.order])
    found = sel.validate(methods=["lasso", "mfdr", "debiased"], n_boot=2)
    assert [row.method for row in found.rates] == ["lasso", "mfdr", "debiased"]


def separated():
    X, _ = make("binomial")
    return riata.select(X, (X[:, 0] > 1).astype(int), family="binomial")


def test_classes_that_are_separated_have_no_refit():
    sel = separated()
    truth = truth_of(sel.path, sel.problem, sel.index)
    assert not truth.refitted
    np.testing.assert_array_equal(truth.coef, sel.path.coef[:, sel.index])
    assert "shrunken" in sel.validate(methods=["lasso"], n_boot=2).summary()


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
def test_no_figure_depends_on_units_or_order(family, monkeypatch):
    X, y = make(family)
    sel = riata.select(X, y, family=family)
    folds = []

    def note(problem, *, foldid, **how):
        folds.append(foldid)
        return cross_validate(problem, foldid=foldid, **how)

    monkeypatch.setattr(replays, "cross_validate", note)
    before = sel.validate(methods=quick(family), n_boot=3, seed=4, threads=1)
    rng = np.random.default_rng(5)
    rows, columns = rng.permutation(len(y)), rng.permutation(X.shape[1])
    units = rng.uniform(0.01, 50.0, X.shape[1]) * rng.choice([-1.0, 1.0], X.shape[1])
    after = riata.select(
        (X * units)[rows][:, columns], (1e4 if family == "gaussian" else 1.0) * y[rows], family=family,
        foldid=sel.cv.foldid[0][rows], feature_names=[f"x{j}" for j in columns],
    ).validate(methods=quick(family), n_boot=3, seed=4, threads=2)  # fmt: skip
    assert set(after.features) == set(before.features)
    np.testing.assert_array_equal(folds[0], folds[3])
    for one, two in zip(before.rates, after.rates, strict=True):
        assert dataclasses.astuple(one)[2:] == pytest.approx(dataclasses.astuple(two)[2:], nan_ok=True, abs=1e-12)


def test_rates_are_means_with_their_errors():
    coef = np.array([1.0, -2.0, 0.0, 0.0])
    ci = np.array([[0.0, 2.0], [-1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0]])
    outcomes = [
        replays.Outcome(np.array([True, False, True, True]), ci),
        replays.Outcome(np.array([True, True, False, False]), ci + 10.0),
        replays.Outcome(np.zeros(4, bool), ci),
    ]
    run = mock.Mock(promise="p")
    run.name = "m"
    row = _rates(run, outcomes, coef, np.ones(len(coef), bool))
    fdr, power, cover = np.array([2 / 3, 0, 0]), np.array([0.5, 1.0, 0.0]), np.array([0.75, 0.0, 0.75])
    assert (row.fdr, row.fdr_se) == pytest.approx((fdr.mean(), fdr.std(ddof=1) / np.sqrt(3)))
    assert (row.power, row.power_se) == pytest.approx((power.mean(), power.std(ddof=1) / np.sqrt(3)))
    assert (row.coverage, row.coverage_se) == pytest.approx((cover.mean(), cover.std(ddof=1) / np.sqrt(3)))
    assert row.coverage_real == pytest.approx(1 / 3)
    assert (row.false, row.n_selected, row.n_boot) == pytest.approx((2 / 3, 5 / 3, 3))
    none = _rates(run, outcomes, np.zeros(4), np.ones(4, bool))
    assert np.isnan([none.power, none.coverage_real]).all()


def test_a_method_that_is_wrong_looks_wrong():
    """Intervals half as long, and selections that hold everything."""
    X, y = make(p=8)
    sel = riata.select(X, y)
    right = sel.validate(methods=["debiased", "lasso"], n_boot=12)
    row = right.of("debiased")
    assert row.coverage == pytest.approx(0.95, abs=4 * row.coverage_se + 0.01)

    def short(*args, **how):
        found = riata.debiased_lasso(*args, **how)
        half = 0.25 * (found.ci[:, 1] - found.ci[:, 0])
        return dataclasses.replace(found, ci=np.column_stack([found.coef - half, found.coef + half]))

    with mock.patch.object(replays, "debiased_lasso", short):
        assert sel.validate(methods=["debiased"], n_boot=12).of("debiased").coverage < 0.85
    false = 1 - len(sel.features) / 8
    with mock.patch.object(replays, "mfdr", lambda path, level: mock.Mock(selected=path.feature_names)):
        assert sel.validate(methods=["mfdr"], n_boot=3).of("mfdr").fdr == pytest.approx(false)


def test_data_sets_are_those_of_the_seed_and_not_of_the_clock():
    X, y = make()
    sel = riata.select(X, y)
    drawn = []

    def note(path, level):
        drawn.append(path.problem.y)
        return riata.mfdr(path, level)

    with mock.patch.object(replays, "mfdr", note):
        said = []
        sel.validate(methods=["mfdr"], n_boot=3, seed=1, progress=said.append)
        cut = sel.validate(methods=["mfdr"], n_boot=5, seed=1, seconds=1e-9)
        sel.validate(methods=["mfdr", "lasso"], n_boot=2, seed=2)
    np.testing.assert_array_equal(drawn[0], drawn[3])
    assert len(drawn) == 3 + 1 + 2
    assert not np.isclose(drawn[0], drawn[4]).any()
    assert not np.isclose(drawn[0], drawn[1]).any()
    assert said == ["data set 1 of 3", "data set 2 of 3", "data set 3 of 3"]
    assert cut.n_boot == 1
    assert "time ran out after 1 of 5" in cut.summary()
    assert np.isnan(cut.rates[0].fdr_se)
    assert "nan" not in cut.summary()


def test_what_cannot_be_run_is_left_out_or_refused():
    X, y = make("poisson")
    sel = riata.select(X, y, family="poisson")
    found = sel.validate(n_boot=2)
    assert list(found.skipped) == ["debiased"]
    assert "debiased was left out: The debiased lasso knows" in found.summary()
    with pytest.raises(RiataError, match="gaussian and the binomial"):
        sel.validate(methods=["debiased"], n_boot=2)
    with pytest.raises(InvalidOption, match="was not run"):
        found.of("debiased")
    X, y = make()
    weighted = riata.select(X, y, sample_weight=np.arange(1.0, 91.0), offset=X[:, 5])
    found = weighted.validate(n_boot=2)
    assert set(found.skipped) == {"mfdr", "knockoffs", "debiased"}
    assert "whatever its sample weight" in found.summary()
    with pytest.raises(InvalidOption, match="knockoffs cannot be run here"):
        weighted.validate(methods=["knockoffs"])
    for call, what in [
        (lambda: riata.select(X, y, penalty="mcp").validate(), "lasso and the elastic net"),
        (lambda: riata.validate(riata.path(X, y)), "Only a selection"),
        (lambda: riata.select(X, y).validate(methods=["mfd"]), "no method 'mfd'"),
        (lambda: riata.select(X, y).validate(methods={"lasso": {"rule": "min"}}), "run as the selection"),
        (lambda: riata.select(X, y).validate(methods={"mfdr": {"fdr": 0.1}}), "no option 'fdr'"),
        (lambda: riata.select(X, y).validate(n_boot=1), "n_boot"),
        (lambda: riata.select(X, y).validate(seconds=0), "seconds"),
    ]:
        with pytest.raises(InvalidOption, match=what):
            call()
    times = np.column_stack([np.random.default_rng(0).exponential(size=90), np.ones(90)])
    with pytest.raises(InvalidOption, match="cannot be drawn"):
        riata.select(X, times, family="cox", rule="min").validate()


def test_what_is_slow_is_run_where_it_is_asked_for(monkeypatch):
    X, y = make()
    monkeypatch.setattr(replays, "MOST_QUICK", 5)
    sel = riata.select(X, y)
    assert list(sel.validate(n_boot=2).skipped) == ["knockoffs", "debiased"]
    assert sel.validate(methods=["debiased"], n_boot=2).skipped == {}


def test_nothing_selected_and_a_given_lambda_and_sparse_columns():
    X, y = make()
    none = riata.select(X, y, lam=50.0).validate(methods=["lasso", "mfdr", "knockoffs"], n_boot=2)
    assert none.features == []
    assert np.isnan(none.of("mfdr").power)
    assert none.of("lasso").promise == "λ = 50"
    assert none.of("lasso").n_selected == 0
    assert "no power to speak of" in none.summary()
    assert "at least 10 features or none" in none.summary()
    dense = riata.select(X, y).validate(methods=["lasso", "stability"], n_boot=2)
    sparse = riata.select(sp.csr_matrix(X), y).validate(methods=["lasso", "stability"], n_boot=2)
    assert dense.summary() == sparse.summary()
    assert list(dense.to_frame())[:4] == ["method", "promise", "n_boot", "n_selected"]
    assert "\n" not in repr(dense)
