"""Information criteria against values on the knots of R's lars path, and degrees of freedom by simulation.

The values are those of tests/data/inference/diabetes_r.json (see tests/data/README.md for where they come from).
"""

import numpy as np
import pytest

import riata
from riata.core.errors import InvalidData, InvalidOption
from riata.select.criteria import Fit
from riata.select.evidence import Evidence
from riata.select.freedom import by_simulation, degrees_of_freedom
from riata.select.rules import criteria


@pytest.fixture(scope="module")
def knots(diabetes, stored):
    """The path at the knots. There a feature is about to come in (it counts only below the knot) or has just gone."""
    lams = np.array(stored["ic_lars_knots"]["alpha"])
    side = np.where(np.arange(len(lams)) == 10, 1 - 1e-9, 1 + 1e-9)
    problem = riata.make_problem(*diabetes)
    path = riata.path(*diabetes, lams=np.maximum(lams * side, 0), tol=1e-12)
    return Evidence(problem, path)


@pytest.mark.parametrize(
    ("key", "rule", "noise"),
    [
        ("AIC_known", "aic", "ols"),
        ("BIC_known", "bic", 2932.681637200333),
        ("AIC_unknown", "aic", None),
        ("AICc_unknown", "aicc", None),
        ("BIC_unknown", "bic", None),
        ("EBIC_g0.5_unknown", "ebic", None),
        ("Cp", "cp", None),
    ],
)
def test_criteria_on_the_knots(knots, stored, key, rule, noise):
    want = stored["ic_lars_knots"]
    assert knots.df.tolist() == want["df"]
    assert knots.rss == pytest.approx(want["rss"], rel=1e-8)
    assert criteria()[rule](Fit(knots, noise)) == pytest.approx(want[key], rel=1e-8, abs=1e-5)


def test_scikit_learn_chooses_the_same(diabetes, knots):
    """LassoLarsIC: alpha 0.9504071158 for both, σ² by least squares."""
    for rule, smallest in (("aic", 4790.002367), ("bic", 4818.641536)):
        value = criteria()[rule](Fit(knots, "ols"))
        assert value.min() == pytest.approx(smallest, abs=1e-6)
        assert knots.path.lams[value.argmin()] == pytest.approx(0.9504071158, rel=1e-6)


def test_one_selection_answers_every_rule(diabetes, monkeypatch):
    sel = riata.select(*diabetes)
    import riata.select.cv as crossing

    monkeypatch.setattr(crossing, "cross_validate", None)  # nothing is fitted again
    table = sel.criteria()
    for rule in criteria():
        other = sel.choose(rule)
        assert other.rule == rule
        assert other.lam == table["lambda"][int(np.argmin(table[rule]))]
        assert other.model.lam == other.lam
    assert sel.choose("bic", noise="reid").lam != sel.choose("aic", noise=100.0).lam
    for bad in ("2se", "oops"):
        with pytest.raises(InvalidOption):
            sel.choose(bad)
    with pytest.raises(InvalidOption, match="takes no noise"):
        sel.choose("1se", noise=1.0)
    with pytest.raises(InvalidOption, match="estimate of the noise"):
        sel.choose("bic", noise="oops")


def test_rules_without_folds_do_not_change_with_units_or_order(diabetes):
    X, y = diabetes
    rng = np.random.default_rng(0)
    order, rows = rng.permutation(10), rng.permutation(442)
    base = riata.select(X, y)
    for A, b, names in (
        (X, y * 1e-6, range(10)), (X * 10.0 ** rng.uniform(-3, 3, 10), y * 1e5, range(10)),
        (X[:, order], y, order), (X[rows], y[rows], range(10)),
    ):  # fmt: skip
        other = riata.select(A, b, feature_names=[f"x{j}" for j in names])
        for rule in criteria():
            for noise in (None, "ols", "scaled"):
                if noise and rule in ("gcv",):
                    continue
                assert set(other.choose(rule, noise).features) == set(base.choose(rule, noise).features), (rule, noise)


def test_more_features_than_rows():
    """log RSS → −∞ at the end of the path: the cap keeps every criterion off it. OLS has nothing left to estimate."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((60, 200))
    y = 2 * X[:, 0] - 2 * X[:, 1] + rng.standard_normal(60)
    sel = riata.select(X, y, lam_min_ratio=1e-4)
    assert sel.path.df[-1] > 55
    for rule in criteria():
        found = sel.choose(rule)
        assert {"x0", "x1"} <= set(found.features)
        assert len(found.features) < 30
    assert len(sel.choose("ebic").features) <= 4
    for way in ("reid", "scaled"):
        assert 0.6 < Fit(sel.cv.evidence, way, sel.cv.index("min")).variance() < 1.7
    with pytest.raises(InvalidData, match="no noise to estimate"):
        sel.choose("bic", noise="ols")


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_other_families(family):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((300, 12))
    eta = X[:, 0] - X[:, 1]
    y = {
        "binomial": lambda: (rng.random(300) < 1 / (1 + np.exp(-2 * eta))).astype(float),
        "poisson": lambda: rng.poisson(np.exp(0.5 * eta)).astype(float),
        "cox": lambda: np.column_stack([rng.exponential(np.exp(-eta)), np.ones(300)]),
    }[family]()
    sel = riata.select(X, y, family=family, folds=5)
    for rule in ("aic", "aicc", "bic", "ebic", "hbic"):
        assert {"x0", "x1"} <= set(sel.choose(rule).features)
    assert len(sel.choose("ebic").features) <= 4
    assert "cp" not in sel.criteria()
    with pytest.raises(InvalidOption, match="gaussian family"):
        sel.choose("cp")
    # −2 log L by hand at one λ, up to the saturated model
    k, loss = 20, sel.problem.loss
    coef, intercept = sel.path.at(sel.path.lams[k])
    s = np.full(300, 1 / 300)
    assert sel.cv.evidence.rss[k] == pytest.approx(300 * loss.deviance(intercept + X @ coef, s), rel=1e-6)


def test_a_family_without_a_likelihood_says_so():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3))
    with pytest.raises(InvalidOption, match="no likelihood"):
        riata.select(X, X[:, 0] + rng.standard_t(2, 60), family="huber", rule="bic")


def test_dependent_columns_count_once():
    """One-hot with all levels: five columns, of which with the intercept four are free."""
    rng = np.random.default_rng(0)
    level = rng.integers(0, 5, 200)
    X = np.eye(5)[level]
    y = np.array([-2.0, -1, 0, 1, 2])[level] + 0.1 * rng.standard_normal(200)
    path = riata.path(X, y, lams=[1e-4])
    problem = riata.make_problem(X, y)
    twice = np.repeat(X, 2, axis=1)
    assert degrees_of_freedom(problem, path)[0] == min(path.df[0], 4)
    both = np.full(10, 0.1)
    import dataclasses

    split = dataclasses.replace(riata.path(twice, y, lams=[1e-4]), active=np.arange(10), coef_active=both[:, None])
    assert degrees_of_freedom(riata.make_problem(twice, y), split)[0] == 4


@pytest.mark.parametrize(
    "options",
    [
        {}, {"l1_ratio": 0.5}, {"penalty": "group", "groups": np.repeat(np.arange(4), 3)},
        {"penalty": "sparse_group", "groups": np.repeat(np.arange(4), 3), "share": 0.5},
    ],
    ids=["lasso", "elastic net", "group", "sparse group"],
)  # fmt: skip
def test_degrees_of_freedom_are_covariances(options):
    """E df against Σ cov(ŷ, y)/σ² over 400 draws: within 4 standard errors, where a count of features is not."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((60, 12)) @ np.linalg.cholesky(0.6 ** np.abs(np.subtract.outer(range(12), range(12)))).T
    mean, lam, df, size = X[:, :3] @ [1.0, -1.0, 0.5], 0.3, [], []

    def fit(y):
        path = riata.path(X, y, lams=[lam], **options)
        df.append(degrees_of_freedom(riata.make_problem(X, y, **options), path)[0])
        size.append(path.df[0])
        return path.predict(X)[:, 0]

    found, error = by_simulation(fit, mean, 1.0, draws=400)
    assert abs(found - 1.0 - np.mean(df)) < 4 * error  # 1 is the intercept
    if options:
        assert abs(found - 1.0 - np.mean(df)) < 0.5 * abs(found - 1.0 - np.mean(size))
