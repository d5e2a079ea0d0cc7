"""Does scikit-learn at its tightest tolerance agree, in coefficients, λ grid and predictions?"""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import ElasticNet, LinearRegression, Ridge, enet_path, lasso_path

from riata.path import lam_grid, make_problem, solve_path
from riata.testing import cases

# asked for more than float64 can give, so that it stops where nothing moves; what it found is then compared
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

UNIQUE = ["tall", "correlated", "wide", "sparse_counts", "timestamps", "duplicate_rows"]


def agree(ours, theirs, X, rtol=1e-6):
    sd = X.std(axis=0) if not sp.issparse(X) else X.toarray().std(axis=0)
    size = np.max(np.abs(theirs * sd[:, None]))
    np.testing.assert_allclose(ours * sd[:, None], theirs * sd[:, None], rtol=0, atol=rtol * size)


@pytest.mark.parametrize("name", UNIQUE)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_single_fits(name, l1_ratio):
    """Unit-free data: scikit-learn's tolerance is on the whole objective, so columns are put on one scale first."""
    case = cases()[name]
    X = case.X if sp.issparse(case.X) else (case.X - case.X.mean(axis=0)) / case.X.std(axis=0)
    problem = make_problem(X, case.y, l1_ratio=l1_ratio, standardize=False)
    lams = lam_grid(problem, 8, 1e-2)
    found = solve_path(problem, lams, tol=1e-14)
    for k, lam in enumerate(lams[1:], start=1):
        model = ElasticNet(alpha=lam, l1_ratio=l1_ratio, tol=1e-15, max_iter=10**6).fit(X, case.y)
        agree(found.coef[:, [k]], model.coef_[:, None], X)
        assert found.intercept[k] == pytest.approx(model.intercept_, rel=1e-6, abs=1e-9)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # n_alphas has another name from scikit-learn 1.9 on
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
def test_paths_and_grids(l1_ratio):
    case = cases()["tall"]
    X = (case.X - case.X.mean(axis=0)) / case.X.std(axis=0)
    y = case.y - case.y.mean()
    alphas, coef, _ = enet_path(X, y, l1_ratio=l1_ratio, eps=1e-3, n_alphas=50, tol=1e-15, max_iter=10**6)
    problem = make_problem(X, y, l1_ratio=l1_ratio, standardize=False, fit_intercept=False)
    np.testing.assert_allclose(lam_grid(problem, 50, 1e-3), alphas, rtol=1e-12)
    agree(solve_path(problem, alphas, tol=1e-14).coef, coef, X)


def test_sample_weights_and_positivity():
    case = cases()["tall"]
    X = case.X / case.X.std(axis=0)
    weight = np.random.default_rng(0).uniform(0.2, 3, case.y.size)
    problem = make_problem(X, case.y, sample_weight=weight, lower=0.0, standardize=False)
    found = solve_path(problem, [0.3, 0.05], tol=1e-14)
    for k, lam in enumerate([0.3, 0.05]):
        model = ElasticNet(alpha=lam, l1_ratio=1.0, positive=True, tol=1e-15, max_iter=10**6)
        model.fit(X, case.y, sample_weight=weight)
        agree(found.coef[:, [k]], model.coef_[:, None], X)


def test_ridge_and_least_squares():
    case = cases()["correlated"]
    n = case.y.size
    ridge = Ridge(alpha=0.2 * n, tol=1e-14).fit(case.X, case.y)
    least = LinearRegression().fit(case.X, case.y)
    raw = solve_path(make_problem(case.X, case.y, l1_ratio=0.0, standardize=False), [0.2], tol=1e-14)
    agree(raw.coef, ridge.coef_[:, None], case.X)
    agree(solve_path(case.problem(), [0.0], tol=1e-14).coef, least.coef_[:, None], case.X)


def test_standardising_is_scaling_by_the_population_sd():
    case = cases()["correlated"]
    X = case.X * np.linspace(1, 50, case.X.shape[1])
    y = case.y - case.y.mean()
    Z, sample = (X - X.mean(axis=0)) / X.std(axis=0), (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)
    found = solve_path(make_problem(X, case.y), [0.1], tol=1e-14)
    coef = lasso_path(Z, y, alphas=[0.1], tol=1e-15, max_iter=10**6)[1] / X.std(axis=0)[:, None]
    agree(found.coef, coef, X, rtol=1e-7)
    wrong = lasso_path(sample, y, alphas=[0.1], tol=1e-15, max_iter=10**6)[1] / X.std(axis=0, ddof=1)[:, None]
    with pytest.raises(AssertionError):  # the data can tell n from n-1
        agree(found.coef, wrong, X, rtol=1e-4)
