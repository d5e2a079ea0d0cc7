"""lasso_path and enet_path return what scikit-learn's return."""

import warnings

import numpy as np
import pytest
import sklearn.linear_model
from scipy import sparse
from sklearn.datasets import load_diabetes

import riata

TIGHT = {"tol": 1e-12, "max_iter": 200_000}
PATHS = [("lasso_path", {}), ("enet_path", {}), ("enet_path", {"l1_ratio": 0.9})]


@pytest.fixture(scope="module")
def data():
    X, y = load_diabetes(return_X_y=True)
    return X, y


def both(name, X, y, **params):
    ours = getattr(riata, name)(X, y, **params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sklearn.exceptions.ConvergenceWarning)
        theirs = getattr(sklearn.linear_model, name)(X, y, **{**params, **TIGHT})
    return ours, theirs


def same(ours, theirs):
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-12)
    assert ours[1].shape == theirs[1].shape
    assert ours[1].dtype == theirs[1].dtype
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-5, atol=1e-7 * np.abs(theirs[1]).max())
    assert ours[2].shape == theirs[2].shape


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize(("name", "params"), PATHS)
def test_the_default_grid(name, params, positive, data):
    ours, theirs = both(name, *data, positive=positive, **params)
    same(ours, theirs)
    assert len(ours) == 3
    assert (ours[2] >= 0).all()


@pytest.mark.parametrize(("name", "params"), PATHS)
def test_given_alphas_come_back_decreasing(name, params, data):
    X, y = data
    alphas = [0.2, 1.5, 0.9]
    ours, theirs = both(name, X, y, alphas=alphas, **params)
    same(ours, theirs)
    np.testing.assert_array_equal(ours[0], [1.5, 0.9, 0.2])
    assert alphas == [0.2, 1.5, 0.9]
    one = getattr(riata, name)(X, y, alphas=[0.7], **params)
    assert one[1].shape == (10, 1)


@pytest.mark.parametrize(
    "params", [{"l1_ratio": 2e-4, "alphas": 4}, {"alphas": 1, "eps": 1}, {"alphas": 4, "eps": 3.0}]
)
def test_grids_that_our_solver_would_not_make_by_itself(params, data):
    same(*both("enet_path", *data, **params))


def test_alphas_given_twice_and_nothing_to_explain(data):
    X, y = data
    ours, theirs = both("lasso_path", X, y, alphas=[0.5, 2.0, 0.5], return_n_iter=True)
    same(ours, theirs)
    assert len(ours[3]) == 3
    ours, theirs = both("lasso_path", X, np.zeros_like(y), alphas=4)
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_array_equal(ours[1], np.zeros((10, 4)))
    np.testing.assert_array_equal(ours[2], np.zeros(4))


def test_no_centring_happens(data):
    X, y = data
    shifted = X + 3
    ours, theirs = both("lasso_path", shifted, y, alphas=5)
    same(ours, theirs)
    assert not np.allclose(ours[0], riata.lasso_path(X, y, alphas=5)[0])


def test_n_iter_init_and_sparse(data):
    X, y = data
    result = riata.lasso_path(X, y, alphas=5, return_n_iter=True)
    assert len(result) == 4
    assert isinstance(result[3], list)
    assert all(isinstance(count, int) for count in result[3])
    started = riata.lasso_path(X, y, alphas=5, coef_init=result[1][:, -1])
    np.testing.assert_allclose(started[1], result[1], rtol=1e-5, atol=1e-3)
    same(riata.lasso_path(sparse.csc_array(X), y, alphas=5), result[:3])
    with pytest.raises(ValueError, match="coef_init"):
        riata.lasso_path(X, y, alphas=5, coef_init=np.zeros(3))


def test_float32(data):
    X, y = (a.astype(np.float32) for a in data)
    assert riata.lasso_path(X, y, alphas=4)[1].dtype == np.float32


def test_sample_weight_is_a_parameter_as_in_scikit_learn(data):
    X, y = data
    twice = np.where(np.arange(len(y)) < 100, 2.0, 1.0)
    alphas = [1.0, 0.3]
    weighted = riata.lasso_path(X, y, alphas=alphas, sample_weight=twice)
    repeated = riata.lasso_path(np.vstack([X, X[:100]]), np.concatenate([y, y[:100]]), alphas=alphas)
    np.testing.assert_allclose(weighted[1], repeated[1], rtol=1e-6, atol=1e-5)


def test_several_targets_are_scikit_learns_multi_task_problem(data):
    X, y = data
    Y = np.column_stack([y, y**2])
    for name in ("lasso_path", "enet_path"):
        ours = getattr(riata, name)(X, Y, alphas=4)
        theirs = getattr(sklearn.linear_model, name)(X, Y, alphas=4)
        np.testing.assert_array_equal(ours[1], theirs[1])
    with pytest.raises(ValueError, match="positive=True is not allowed for multi-output"):
        riata.lasso_path(X, Y, positive=True)


@pytest.mark.parametrize(
    "params",
    [{"eps": 0}, {"alphas": 0}, {"alphas": "all"}, {"precompute": "yes"}, {"positive": 3}, {"return_n_iter": "no"},
     {"verbose": -1}, {"selection": "greedy"}, {"tol": -1.0}, {"max_iter": 0}, {"normalize": True},
     {"alphas": [1.0, -1.0]}, {"alphas": [1.0, np.nan]}],
    ids=str,
)  # fmt: skip
def test_bad_parameters(params, data):
    with pytest.raises(ValueError, match=rf"{next(iter(params))}|params|lam|alpha"):
        riata.lasso_path(*data, **params)


def test_non_finite_values_and_lengths(data):
    X, y = data
    bad = X.copy()
    bad[3, 4] = np.nan
    with pytest.raises(ValueError, match=r"NaN|inf"):
        riata.lasso_path(bad, y)
    with pytest.raises(ValueError, match=r"(?i)nan|inf"):
        riata.lasso_path(X, np.where(np.arange(len(y)) == 2, np.inf, y))
    with pytest.raises(ValueError, match=r"sample|rows"):
        riata.lasso_path(X, y[:-1])


def test_each_dual_gap_bounds_the_distance_to_the_optimum(data):
    X, y = data
    (alphas, coefs, gaps), (_, best, _) = both("lasso_path", X, y, alphas=20)

    def objective(coef):
        return 0.5 * np.mean((y[:, None] - X @ coef) ** 2, axis=0) + alphas * np.abs(coef).sum(axis=0)

    scale = 0.5 * np.mean(y**2)
    assert (objective(coefs) - objective(best) <= gaps + 1e-12 * scale).all()
    assert (gaps <= 1e-8 * scale).all()
