"""Published and recomputed values of selection methods on real data: deterministic ones to 1e-6, the rest to a bound.

Provenance: R 4.2.2 with glmnet 4.1-6 (adaptive weights, riboflavin's folds), ncvreg 3.16.0 (Prostate), hdi 0.1-10
(riboflavin, of whose folds only the seed of R is known); scikit-learn's LassoLarsIC on its own example.
"""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import lars_path

import riata
from riata.inference.entering import first_features
from riata.select.criteria import Fit
from riata.select.evidence import Evidence
from riata.select.noise import noise_variance
from riata.select.rules import criteria
from riata.testing.datasets import load


@pytest.fixture(scope="module")
def riboflavin(shared_data):
    data = np.load(shared_data / "data" / "riboflavin.npz")
    return data["X"], data["y"], (shared_data / "data" / "riboflavin_features.txt").read_text("utf-8").split()


@pytest.fixture(scope="module")
def prostate(shared_data):
    (_, X, y), *_ = load(shared_data / "data", "ncvreg_Prostate").responses()
    return X, y


def test_adaptive_weights_as_glmnet_takes_them(diabetes, stored):
    """1/|OLS| on standardised columns, which glmnet divides by their mean; riata takes factors as they are."""
    X, y = diabetes
    sd, want = X.std(axis=0), stored["adaptive"]
    weights = np.array(want["weights_raw"])
    least = np.linalg.lstsq((X - X.mean(axis=0)) / sd, y - y.mean(), rcond=None)[0]
    assert 1 / np.abs(least) == pytest.approx(weights, rel=1e-10)
    path = riata.path(X, y, lams=[3.0], penalty_factor=weights / weights.mean(), tol=1e-12)
    assert path.coef[:, 0] * sd == pytest.approx(want["coef_std"], abs=1e-6 * max(np.abs(want["coef_std"])))
    as_given = riata.path(X, y, lams=[3.0], penalty_factor=weights, tol=1e-12).coef[:, 0] * sd
    assert np.abs(as_given - want["coef_std"]).max() > 1.0  # the data can tell


def test_noise_by_least_squares(diabetes, stored):
    evidence = Evidence(riata.make_problem(*diabetes), riata.path(*diabetes, lams=[1.0]))
    assert np.sqrt(noise_variance("ols", evidence)) == pytest.approx(stored["ols_sigma"], rel=1e-12)


@pytest.mark.parametrize(("rule", "alpha", "df"), [("aic", 0.5867979, 21), ("bic", 4.3060124, 6)])
def test_the_example_of_lasso_lars_ic(rule, alpha, df):
    """scikit-learn's own: fourteen columns of noise beside diabetes."""
    X, y = load_diabetes(return_X_y=True)
    X = np.column_stack([X, np.random.RandomState(42).randn(len(X), 14)])
    knots = lars_path(np.asfortranarray((X - X.mean(axis=0)) / X.std(axis=0)), y - y.mean(), method="lasso")[0]
    at = Evidence(riata.make_problem(X, y), riata.path(X, y, lams=knots * (1 + 1e-9), tol=1e-12))
    best = int(np.argmin(criteria()[rule](Fit(at, "ols"))))
    assert (at.path.lams[best], at.df[best]) == (pytest.approx(alpha, rel=1e-6), df)


def test_criteria_on_prostate(prostate):
    """ncvreg's grid is ours: 100 λ down to a thousandth."""
    sel = riata.select(*prostate, lam_min_ratio=1e-3)
    for rule, lam, size in (("aic", 0.039148434, 6), ("bic", 0.14739134, 3)):
        chosen = sel.choose(rule)
        assert (chosen.lam, len(chosen.features)) == (pytest.approx(lam, rel=1e-6), size)


def test_local_statistics_on_prostate(prostate):
    """With ncvreg's noise, RSS/(n − S + 1), whose RSS it interpolates on its own grid: that is 1e-4."""
    X, y = prostate
    path = riata.path(X, y, lams=[0.1], tol=1e-12)
    rss = len(y) * path.null_deviance * (1 - path.dev_ratio[0])
    z = riata.mfdr(path).local(0.1, sigma=np.sqrt(rss / (len(y) - path.df[0] + 1))).z
    assert z[[0, 4, 1]] == pytest.approx([9.171314, 4.197765, 4.049149], rel=2e-4)


def test_cross_validation_of_riboflavin(riboflavin):
    """Row i in fold i mod 10. cv.glmnet interpolates between its folds' own λ, which moves the curve by 0.3 %.

    Its flat minimum is then one λ of the grid further down; λ_1se is the same.
    """
    X, y, names = riboflavin
    sel = riata.select(X, y, foldid=np.arange(71) % 10, feature_names=names)
    cv, step = sel.cv, np.log(sel.cv.lams[0] / sel.cv.lams[1])
    least, one = cv.index("min"), cv.index("1se")
    assert cv.lams[0] == pytest.approx(0.59341624929, rel=1e-10)
    assert cv.lams[one] == pytest.approx(0.08812042965, rel=1e-9)
    assert (cv.path.df[one], cv.cvm[one]) == (27, pytest.approx(0.2617, rel=4e-3))
    assert abs(np.log(cv.lams[least] / 0.03641147080)) < 1.01 * step
    assert (cv.path.df[least], cv.cvm[least]) == (41, pytest.approx(0.2026, rel=4e-3))


def test_the_first_genes_to_enter(riboflavin):
    X, y, names = riboflavin
    (first,) = first_features(riata.make_problem(X, y), [np.ones(71)], 5)
    assert [names[j] for j in first] == ["XHLA_at", "YXLD_at", "YCKE_at", "YOAB_at", "YDAR_at"]


def test_frequent_genes(riboflavin):
    """hdi takes q = 46 of 35 rows and finds no gene in three quarters of the halves; these six come first there.

    It takes the largest model of at most q genes, riata the first q to enter, so frequencies differ; the genes do not.
    """
    X, y, names = riboflavin
    found = riata.stability_selection(X, y, q=46, threshold=0.75, method="mb", feature_names=names)
    first = {"YHDS_at", "YXLD_at", "YXLE_at", "YEBC_at", "YOAB_at", "LYSC_at"}
    assert len(first & set(found.to_frame()["feature"][:10])) >= 4
    assert len(found.selected) <= 1
    assert "more than half" in found.notes[0]


BHAT = [
    0.54650099, -0.64364814, 0.079821945, 0.26406221, -0.21405501, -0.63576549, -0.095448048, 0.40801737, -1.2194818,
    -0.11113313, 0.3474404, 1.1425587, -0.54460967, 0.45298509, -0.31922868, 0.42184791,
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_debiased_riboflavin_of_hdi(riboflavin, seed):
    """hdi's own test, sixteen genes; folds are drawn, by which σ̂ and the λ of both lassos move.

    Over seeds 0 to 3 estimates are at most 0.87 standard errors from hdi's, σ̂ from 0.82 to 0.92 (hdi: 0.876).
    """
    X, y, _ = riboflavin
    found = riata.debiased_lasso(X[:, :16], y, noise="reid", seed=seed)
    assert (np.abs(found.coef - BHAT) < found.se).all()
    assert found.sigma == pytest.approx(0.8764279822, rel=0.1)
    assert found.pvalues[:2] == pytest.approx([0.143985, 0.309799], abs=0.06)
    untuned = riata.debiased_lasso(X[:, :16], y, noise="reid", seed=seed, lam_nodewise=1.0)
    assert not (np.abs(untuned.coef - BHAT) < untuned.se).all()  # the data can tell
