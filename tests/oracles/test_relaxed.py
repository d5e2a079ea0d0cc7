"""The relaxed lasso against cv.glmnet(relax=TRUE) with fixed folds, and its degrees of freedom by simulation."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

import riata
from riata.core.errors import InvalidOption
from riata.select.freedom import by_simulation


@pytest.fixture(scope="module")
def found():
    X, y = load_diabetes(return_X_y=True, scaled=False)
    return riata.relaxed_lasso(X, y, foldid=np.arange(442) % 10)


def test_the_choices_of_glmnet(found, repository):
    want = json.loads((repository / "tests/data/inference/diabetes_r.json").read_text("utf-8"))["cv_relaxed"]
    for rule in ("min", "1se"):
        mine = found.choose(rule)
        assert mine["lam"] == pytest.approx(want[f"lambda_{rule}"], rel=1e-9)
        assert mine["gamma"] == want[f"gamma_{rule}"]
        assert mine["n_features"] == want[f"nz_{rule}"]


def test_its_ends_are_the_lasso_and_least_squares(found):
    X, y = load_diabetes(return_X_y=True, scaled=False)
    k = 35
    coef, intercept = found.at(k, 0.0)
    on = np.flatnonzero(coef)
    fit = LinearRegression().fit(X[:, on], y)
    assert on.tolist() == np.flatnonzero(found.path.coef[:, k]).tolist()
    assert coef[on] == pytest.approx(fit.coef_, rel=1e-9)
    assert intercept == pytest.approx(fit.intercept_, rel=1e-9)
    assert found.at(k, 1.0)[0] == pytest.approx(found.path.coef[:, k])
    lasso = riata.select(X, y, foldid=np.arange(442) % 10).cv
    assert found.cvm[-1] == pytest.approx(lasso.cvm, rel=1e-8)
    assert found.cvse[-1] == pytest.approx(lasso.cvse, rel=1e-7)


def test_a_refit_uses_up_more_than_it_has_features():
    """Under no effect at all the refit's df are far above the number of features, the lasso's are not."""
    rng = np.random.default_rng(0)
    X, lam, size = rng.standard_normal((80, 15)), 0.15, []

    def fit(gamma):
        def one(y):
            path = riata.relaxed_lasso(X, y, lams=[lam], folds=2)
            coef, intercept = path.at(0, gamma)
            size.append(np.count_nonzero(coef))
            return X @ coef + intercept

        return by_simulation(one, np.zeros(80), 1.0, draws=300)

    lasso, error = fit(1.0)
    assert abs(lasso - 1 - np.mean(size)) < 4 * error
    refit, error = fit(0.0)
    assert refit - 1 > 1.5 * np.mean(size)
    assert refit - 1 - np.mean(size) > 4 * error


def test_bad_mixtures():
    with pytest.raises(InvalidOption, match="gammas mix"):
        riata.relaxed_lasso(np.eye(4), np.arange(4.0), gammas=[2.0])
