"""What our estimators have beyond scikit-learn's: standardising, factors, bounds, the 1se rule, one honest warning."""

import warnings

import numpy as np
import pytest
import sklearn.linear_model
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

import riata
from riata.core.errors import NotConverged


@pytest.fixture(scope="module")
def data():
    return load_diabetes(return_X_y=True, scaled=False)


def test_standardize_is_a_standard_scaler_with_coefficients_back_in_units(data):
    X, y = data
    inside = riata.Lasso(2.0, standardize=True).fit(X, y)
    scaler = StandardScaler().fit(X)
    outside = riata.Lasso(2.0).fit(scaler.transform(X), y)
    np.testing.assert_allclose(inside.coef_, outside.coef_ / scaler.scale_, rtol=1e-6)
    np.testing.assert_allclose(inside.predict(X), outside.predict(scaler.transform(X)), rtol=1e-9)
    assert not np.allclose(inside.coef_, riata.Lasso(2.0).fit(X, y).coef_, rtol=0.1)


def test_standardize_happens_inside_each_fold(data):
    X, y = data
    inside = riata.LassoCV(standardize=True, alphas=[8.0, 2.0, 0.5], cv=4).fit(X, y)
    for fold in range(4):
        test = np.zeros(len(y), dtype=bool)
        test[np.array_split(np.arange(len(y)), 4)[fold]] = True
        scaler = StandardScaler().fit(X[~test])
        for row, alpha in enumerate([8.0, 2.0, 0.5]):
            by_hand = riata.Lasso(alpha).fit(scaler.transform(X[~test]), y[~test])
            error = np.mean((y[test] - by_hand.predict(scaler.transform(X[test]))) ** 2)
            assert inside.mse_path_[row, fold] == pytest.approx(error, rel=1e-6)


def test_penalty_factor(data):
    X, y = data
    factor = np.ones(10)
    factor[2], factor[8] = 0.0, np.inf
    model = riata.LassoCV(standardize=True, penalty_factor=factor).fit(X, y)
    top = model.cv_result_.path.coef[:, 0]
    assert top[2] != 0
    np.testing.assert_array_equal(np.delete(top, 2), 0)
    assert (model.cv_result_.path.coef[8] == 0).all()
    weighed = riata.Lasso(1.0, penalty_factor=np.full(10, 3.0)).fit(X, y)
    np.testing.assert_allclose(weighed.coef_, riata.Lasso(3.0).fit(X, y).coef_, rtol=1e-7, atol=1e-9)


def test_bounds(data):
    X, y = data
    free = riata.Lasso(0.1).fit(X, y)
    assert free.coef_.min() < -1
    held = riata.Lasso(0.1, lower=-1.0, upper=np.full(10, 2.5)).fit(X, y)
    assert held.coef_.min() == pytest.approx(-1.0)
    assert held.coef_.max() == pytest.approx(2.5)
    positive = riata.ElasticNet(0.1, positive=True).fit(X, y)
    np.testing.assert_allclose(positive.coef_, riata.ElasticNet(0.1, lower=0.0).fit(X, y).coef_)
    # positive=True and a lower bound: the tighter of the two.
    both = riata.ElasticNet(0.1, positive=True, lower=-3.0).fit(X, y)
    np.testing.assert_allclose(both.coef_, positive.coef_)


def test_the_rule_1se_is_glmnets(data):
    X, y = data
    smallest = riata.LassoCV(standardize=True).fit(X, y)
    sparser = riata.LassoCV(standardize=True, rule="1se").fit(X, y)
    loss = sparser.mse_path_
    size = np.array([len(part) for part in np.array_split(np.arange(len(y)), 5)])
    mean = loss @ size / size.sum()
    error = np.sqrt(((loss - mean[:, None]) ** 2) @ size / size.sum() / 4)
    expected = sparser.alphas_[np.flatnonzero(mean <= mean.min() + error[np.argmin(mean)])[0]]
    assert sparser.alpha_ == expected > smallest.alpha_
    assert np.count_nonzero(sparser.coef_) < np.count_nonzero(smallest.coef_)
    with pytest.raises(ValueError, match="rule"):
        riata.LassoCV(rule="best").fit(X, y)


def test_a_fold_without_weight_is_no_fold(data):
    X, y = data
    weights = np.ones(len(y))
    weights[: len(y) // 2] = 0.0  # the first of the two halves is gone
    halves = np.array_split(np.arange(len(y)), 2)
    rest = np.array_split(halves[1], 3)
    cv = [(np.setdiff1d(np.arange(len(y)), test), test) for test in (halves[0], *rest)]
    model = riata.LassoCV(standardize=True, cv=cv).fit(X, y, sample_weight=weights)
    position = {row: k for k, row in enumerate(halves[1])}
    inner = [([position[i] for i in train if i in position], [position[i] for i in test]) for train, test in cv[1:]]
    alone = riata.LassoCV(standardize=True, cv=inner).fit(X[halves[1]], y[halves[1]])
    np.testing.assert_allclose(model.mse_path_[:, 1:], alone.mse_path_, rtol=1e-6)
    assert np.isnan(model.mse_path_[:, 0]).all()
    assert model.alpha_ == pytest.approx(alone.alpha_, rel=1e-9)


def test_the_rules_hold_for_splits_that_are_no_folds(data):
    from sklearn.model_selection import TimeSeriesSplit

    X, y = data
    model = riata.LassoCV(standardize=True, rule="1se", cv=TimeSeriesSplit(4)).fit(X, y)
    assert model.alpha_ >= riata.LassoCV(standardize=True, cv=TimeSeriesSplit(4)).fit(X, y).alpha_
    assert model.cv_result_.gap_rel.shape == model.mse_path_.shape
    assert model.cv_result_.gap_rel.max() <= 1e-8


def test_every_gap_is_there_and_below_tol(data):
    X, y = data
    model = riata.LassoCV(tol=1e-10).fit(X, y)
    assert model.cv_result_.gap_rel.shape == (100, 5)
    assert max(model.cv_result_.gap_rel.max(), model.cv_result_.path.gap_rel.max()) <= 1e-10
    single = riata.Lasso(1.0, tol=1e-10).fit(X, y)
    assert 0 <= single.gap_rel_ <= 1e-10
    assert single.dual_gap_ == pytest.approx(single.gap_rel_ * 0.5 * np.var(y), rel=1e-6)


@pytest.mark.parametrize("tol", [1e-4, 1e-8])
def test_the_dual_gap_is_on_scikit_learns_scale(tol, data):
    X, y = data
    model = riata.Lasso(1.0, tol=tol).fit(X, y)
    residual = y - model.predict(X)
    primal = 0.5 * np.mean(residual**2) + np.abs(model.coef_).sum()
    theta = residual / max(1.0, np.abs((X - X.mean(axis=0)).T @ residual).max() / len(y))
    centred = y - y.mean()
    dual = 0.5 * (np.mean(centred**2) - np.mean((centred - theta) ** 2))
    assert model.dual_gap_ == pytest.approx(primal - dual, abs=1e-12 * primal + tol * 0.5 * np.var(y))
    assert model.dual_gap_ <= tol * 0.5 * np.var(y)


@pytest.mark.parametrize("name", ["Lasso", "ElasticNet", "LassoCV", "ElasticNetCV"])
def test_one_warning_for_a_fit_that_missed_tol(name, data):
    X, y = data
    Y = np.column_stack([y, X[:, 0] ** 2]) if not name.endswith("CV") else y
    extra = {} if name.endswith("CV") else {"alpha": 1e-3}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(riata, name)(max_iter=1, tol=0.0, **extra).fit(X, Y)
    missed = [w for w in caught if issubclass(w.category, ConvergenceWarning)]
    assert len(missed) == len(caught) == 1
    assert issubclass(missed[0].category, NotConverged)
    assert missed[0].filename == __file__
    assert "Objective did not converge" in str(missed[0].message)
    assert "max_iter=1" in str(missed[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(riata, name)(**extra).fit(X, Y)


def test_warm_start_changes_the_work_and_not_the_answer(data):
    X, y = data
    model = riata.ElasticNet(alpha=1e-3, warm_start=True).fit(X, y)
    cold, coef = model.n_iter_, model.coef_.copy()
    model.fit(X, y)
    assert model.n_iter_ == 0
    np.testing.assert_allclose(model.coef_, coef, rtol=1e-6)
    assert model.set_params(warm_start=False).fit(X, y).n_iter_ == cold > 0
    model.set_params(alpha=2e-3, warm_start=True).fit(X, y)
    np.testing.assert_allclose(model.coef_, riata.ElasticNet(alpha=2e-3).fit(X, y).coef_, rtol=1e-5)
    model.fit(X[:, :4], y)  # other columns: the old solution is no place to start from
    np.testing.assert_allclose(model.coef_, riata.ElasticNet(alpha=2e-3).fit(X[:, :4], y).coef_, rtol=1e-6)


def test_options_without_effect_have_none(data):
    X, y = data
    plain = riata.Lasso(0.5).fit(X, y)
    for name, value in [("selection", "random"), ("random_state", 3), ("precompute", True), ("copy_X", False)]:
        np.testing.assert_array_equal(riata.Lasso(0.5, **{name: value}).fit(X, y).coef_, plain.coef_)
    several = riata.LassoCV(n_jobs=2, verbose=1).fit(X, y)
    np.testing.assert_array_equal(several.mse_path_, riata.LassoCV().fit(X, y).mse_path_)


def test_options_reach_the_solver(data, monkeypatch):
    from riata.estimators import base_cv, path_functions, single

    seen = []

    def spy(module, name):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args, **options: seen.append(options) or real(*args, **options))

    spy(single, "solve_at")
    spy(path_functions, "solve_path")
    spy(base_cv, "cross_validate")
    X, y = data
    riata.Lasso(tol=3e-9, max_iter=77, threads=2).fit(X, y)
    riata.ElasticNetCV(tol=3e-9, max_iter=77, n_jobs=2, alphas=4, eps=0.01).fit(X, y)
    riata.lasso_path(X, y, tol=3e-9, max_iter=77, alphas=4, eps=0.01)
    assert len(seen) == 3
    for options in seen:
        assert options["tol"] == 3e-9
        assert options["max_iter"] == 77
    assert seen[0]["threads"] == seen[1]["threads"] == 2
    for options in seen[1:]:  # solve_at never warns
        assert options["warn"] is False
        assert (options["n_lams"], options["lam_min_ratio"]) == (4, 0.01)
    riata.LassoCV(n_jobs=-1, alphas=3).fit(X, y)
    riata.Lasso(max_iter=None).fit(X, y)
    assert seen[3]["threads"] is None
    assert "max_iter" not in seen[4]


def test_alpha_zero_is_least_squares_with_scikit_learns_warning(data):
    X, y = data
    with pytest.warns(UserWarning, match="With alpha=0, this algorithm does not converge well"):
        model = riata.Lasso(alpha=0, standardize=True).fit(X, y)
    np.testing.assert_allclose(model.coef_, sklearn.linear_model.LinearRegression().fit(X, y).coef_, rtol=1e-4)


@pytest.mark.parametrize("value", [0.0, 5.0, 0.1])
def test_a_constant_target_is_fitted_by_the_intercept(value):
    X = np.random.default_rng(0).random((10, 3))
    y = np.full(10, value)
    for model in (riata.Lasso(), riata.ElasticNet(), riata.LassoCV(alphas=3), riata.ElasticNetCV(alphas=3)):
        np.testing.assert_allclose(model.fit(X, y).predict(X), y, rtol=1e-15)
        np.testing.assert_array_equal(model.coef_, 0)
        if hasattr(model, "alphas_"):
            np.testing.assert_array_equal(model.alphas_, [1e-15] * 3)  # as in scikit-learn
            assert model.mse_path_.shape == (3, 5)


@pytest.mark.parametrize("factor", [1e-120, 1e-9, 1e9, 1e120])
def test_units_of_y_do_not_change_what_is_selected(factor, data):
    X, y = data
    one, other = riata.LassoCV(alphas=20).fit(X, y), riata.LassoCV(alphas=20).fit(X, y * factor)
    assert other.alpha_ == pytest.approx(one.alpha_ * factor, rel=1e-9)
    np.testing.assert_array_equal(other.coef_ != 0, one.coef_ != 0)
    np.testing.assert_allclose(other.coef_ / factor, one.coef_, rtol=1e-6)
