"""MultiTaskLasso, MultiTaskElasticNet and their CV twins are drop-ins for scikit-learn's classes."""

import inspect
import pickle

import numpy as np
import pytest
import sklearn.linear_model
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_linnerud
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import riata
from riata.core.errors import InvalidData

SINGLE = [riata.MultiTaskLasso, riata.MultiTaskElasticNet]
CROSS_VALIDATED = [riata.MultiTaskLassoCV, riata.MultiTaskElasticNetCV]
CLASSES = SINGLE + CROSS_VALIDATED
TIGHT = {"tol": 1e-13, "max_iter": 500_000}


def theirs(cls):
    return getattr(sklearn.linear_model, cls.__name__)


@pytest.fixture(scope="module")
def data():
    """150 rows of which 10 columns on several scales tell about 3 tasks by 4 of them."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((150, 10)) * np.geomspace(0.3, 3, 10) + 1
    W = np.zeros((10, 3))
    W[[0, 3, 5, 8]] = rng.standard_normal((4, 3))
    return X, X @ W + rng.standard_normal((150, 3)) + [1, -5, 30]


def penalised(model, X, Y, alpha, l1_ratio, s):
    """scikit-learn's objective, with the weighted mean of squares."""
    squares = s @ np.sum((Y - X @ model.coef_.T - model.intercept_) ** 2, axis=1) / s.sum()
    rows = np.sqrt(np.sum(model.coef_**2, axis=0)).sum()
    return 0.5 * squares + alpha * (l1_ratio * rows + 0.5 * (1 - l1_ratio) * np.sum(model.coef_**2))


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([cls() for cls in CLASSES])
def test_check_estimator(estimator, check):
    check(estimator)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_parameter_and_attribute_of_scikit_learn(cls, data):
    parameters, mine = inspect.signature(theirs(cls)).parameters, inspect.signature(cls).parameters
    for name, parameter in parameters.items():
        assert mine[name].kind is parameter.kind, name
        if name != "tol":  # the one tighter default
            assert mine[name].default == parameter.default, name
    extra = [mine[name] for name in mine if name not in parameters]
    assert len(extra) <= 8
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in extra)
    assert cls().standardize is False
    X, Y = data
    other, model = theirs(cls)().fit(X, Y), cls().fit(X, Y)
    fitted = {name for name in vars(other) if name.endswith("_")}
    assert fitted <= {name for name in vars(model) if name.endswith("_")}
    for name in fitted:
        assert np.shape(getattr(model, name)) == np.shape(getattr(other, name)), name
        assert np.asarray(getattr(model, name)).dtype.kind == np.asarray(getattr(other, name)).dtype.kind, name
    public = {name for name in dir(other) if not name.startswith("_")}
    assert public - set(dir(model)) <= {"path", "param", "positive", "precompute"}, "internals of theirs"
    page = inspect.getdoc(cls)
    assert [name for name in [*mine, *fitted] if name not in page] == []


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("fit_intercept", [True, False], ids=["intercept", "origin"])
@pytest.mark.parametrize("cls", SINGLE, ids=lambda cls: cls.__name__)
def test_the_same_model_as_scikit_learns(cls, fit_intercept, weighted, data):
    X, Y = data
    s = np.linspace(0.5, 2, len(X)) if weighted else None
    for alpha in (1e-3, 0.1, 1.0):
        options = {"alpha": alpha, "fit_intercept": fit_intercept}
        other = theirs(cls)(**options, **TIGHT).fit(X, Y, sample_weight=s)
        model = cls(**options, tol=1e-13).fit(X, Y, sample_weight=s)
        np.testing.assert_allclose(model.coef_, other.coef_, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(model.intercept_, other.intercept_, rtol=1e-6, atol=1e-8)
        np.testing.assert_array_equal(model.coef_.any(axis=0), other.coef_.any(axis=0))
        np.testing.assert_allclose(model.predict(X), other.predict(X), rtol=1e-6, atol=1e-7)
        weight = np.ones(len(X)) if s is None else s
        ratio = getattr(model, "l1_ratio", 1.0)
        best = penalised(model, X, Y, alpha, ratio, weight)
        assert best <= penalised(other, X, Y, alpha, ratio, weight) * (1 + 1e-12)
    assert model.coef_.any(axis=0).all() == (not fit_intercept)


@pytest.mark.parametrize("cls", SINGLE, ids=lambda cls: cls.__name__)
def test_the_gap_bounds_the_distance_to_the_minimum(cls, data):
    X, Y = data
    best = cls(alpha=0.1, tol=1e-12).fit(X, Y)
    model = cls(alpha=0.1, tol=1e-2).fit(X, Y)
    ratio, ones = getattr(model, "l1_ratio", 1.0), np.ones(len(X))
    above = penalised(model, X, Y, 0.1, ratio, ones) - penalised(best, X, Y, 0.1, ratio, ones)
    assert -best.dual_gap_ - 1e-13 <= above <= model.dual_gap_ + 1e-13
    assert model.dual_gap_ <= model.eps_
    null = 0.5 * np.mean(np.sum((Y - Y.mean(axis=0)) ** 2, axis=1))
    assert model.eps_ == pytest.approx(1e-2 * null)
    assert model.dual_gap_ == pytest.approx(model.gap_rel_ * null)


@pytest.mark.parametrize("cls", CROSS_VALIDATED, ids=lambda cls: cls.__name__)
def test_the_same_cross_validation_as_scikit_learns(cls):
    X, Y = load_linnerud(return_X_y=True)
    X, s = StandardScaler().fit_transform(X), np.linspace(1, 2, 20)
    more = {"l1_ratio": [0.3, 0.9]} if cls is riata.MultiTaskElasticNetCV else {}
    for options, weights in [
        ({"alphas": 12, "eps": 0.01}, None),
        ({"alphas": 12, "eps": 0.01}, s),
        ({"alphas": [0.1, 3, 1]}, None),
    ]:
        other = theirs(cls)(cv=4, **options, **more, **TIGHT).fit(X, Y, sample_weight=weights)
        model = cls(cv=4, **options, **more, tol=1e-12).fit(X, Y, sample_weight=weights)
        np.testing.assert_allclose(model.alphas_, other.alphas_, rtol=1e-10)
        np.testing.assert_allclose(model.mse_path_, other.mse_path_, rtol=1e-6)
        assert model.alpha_ == pytest.approx(other.alpha_, rel=1e-10)
        assert getattr(model, "l1_ratio_", 0) == getattr(other, "l1_ratio_", 0)
        np.testing.assert_allclose(model.coef_, other.coef_, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(model.intercept_, other.intercept_, rtol=1e-6)


def test_odd_grids_and_targets_without_anything_to_explain(data):
    X, Y = data
    for options in ({"eps": 2.0}, {"alphas": 1}):
        other = sklearn.linear_model.MultiTaskLassoCV(**options).fit(X, Y)
        np.testing.assert_allclose(riata.MultiTaskLassoCV(**options).fit(X, Y).alphas_, other.alphas_)
    other, model = (
        module.MultiTaskLassoCV(alphas=3).fit(X, np.zeros((150, 2))) for module in (sklearn.linear_model, riata)
    )
    np.testing.assert_array_equal(model.alphas_, other.alphas_)
    assert not model.coef_.any()
    with pytest.raises(ValueError, match="l1_ratio=0"):
        riata.MultiTaskElasticNetCV(l1_ratio=0.0).fit(X, Y)


def test_one_task_is_the_lasso(data):
    X, Y = data
    model = riata.MultiTaskLasso(alpha=0.1, tol=1e-12).fit(X, Y[:, :1])
    np.testing.assert_allclose(model.coef_[0], riata.Lasso(alpha=0.1, tol=1e-12).fit(X, Y[:, 0]).coef_, atol=1e-6)
    assert model.predict(X).shape == (150, 1)


def test_options_of_ours(data):
    X, Y = data
    scaled = riata.MultiTaskLasso(alpha=0.2, tol=1e-12).fit(StandardScaler().fit_transform(X), Y)
    model = riata.MultiTaskLasso(alpha=0.2, tol=1e-12, standardize=True).fit(X, Y)
    np.testing.assert_allclose(model.coef_ * X.std(axis=0), scaled.coef_, atol=1e-7)
    factor = np.array([0, np.inf, 2, 1, 1, 1, 1, 1, 1, 1.0])
    model = riata.MultiTaskLasso(alpha=10.0, penalty_factor=factor).fit(X, Y)
    assert model.coef_.any(axis=0).tolist()[:3] == [True, False, False]
    choice = riata.MultiTaskLassoCV(alphas=20, rule="1se").fit(X, Y)
    assert choice.alpha_ > riata.MultiTaskLassoCV(alphas=20).fit(X, Y).alpha_
    np.testing.assert_allclose(
        riata.MultiTaskLasso(alpha=choice.alpha_).fit(X, Y).coef_, choice.coef_, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_inputs_of_other_kinds(cls, data):
    pandas = pytest.importorskip("pandas")
    X, Y = data
    X.setflags(write=False), Y.setflags(write=False)
    model = cls().fit(X, Y)
    np.testing.assert_allclose(cls().fit(sparse.csr_array(X), Y).coef_, model.coef_, rtol=1e-3, atol=1e-4)
    single = cls().fit(X.astype(np.float32), Y.astype(np.float32))
    assert single.coef_.dtype == single.intercept_.dtype == np.float32
    np.testing.assert_allclose(single.coef_, model.coef_, rtol=1e-2, atol=1e-3)
    frame = pandas.DataFrame(X, columns=[f"c{j}" for j in range(10)])
    named = cls().fit(frame, pandas.DataFrame(Y))
    assert list(named.feature_names_in_) == list(frame.columns)
    np.testing.assert_allclose(named.coef_, model.coef_, rtol=1e-9)
    assert clone(model).get_params() == model.get_params()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    assert model.sparse_coef_.shape == (3, 10)
    assert model.score(X, Y) == pytest.approx(sklearn.metrics.r2_score(Y, model.predict(X)))


def test_search_pipeline_and_routing(data):
    X, Y = data
    found = []
    for module in (riata, sklearn.linear_model):
        pipe = make_pipeline(StandardScaler(), module.MultiTaskLasso(tol=1e-12, max_iter=100_000))
        search = GridSearchCV(pipe, {"multitasklasso__alpha": [0.03, 0.3, 3.0]}, cv=3).fit(X, Y)
        found.append((search.best_params_, search.best_score_))
    assert found[0][0] == found[1][0]
    assert found[0][1] == pytest.approx(found[1][1], rel=1e-8)
    groups = np.arange(150) % 7
    with sklearn.config_context(enable_metadata_routing=True):
        routed = riata.MultiTaskLassoCV(alphas=5, cv=GroupKFold(3)).fit(X, Y, groups=groups)
    by_hand = riata.MultiTaskLassoCV(alphas=5, cv=list(GroupKFold(3).split(X, Y, groups))).fit(X, Y)
    np.testing.assert_array_equal(routed.mse_path_, by_hand.mse_path_)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_errors(cls, data):
    X, Y = data
    single = cls.__name__.removeprefix("MultiTask")
    for kind in (cls, theirs(cls)):
        said = "ElasticNet" if kind is sklearn.linear_model.MultiTaskLasso else single  # theirs means the Lasso
        with pytest.raises(ValueError, match=f"For mono-task outputs, use {said}"):
            kind().fit(X, Y[:, 0])
        for bad in [{"max_iter": 0}, {"tol": -1.0}, {"selection": "greedy"}, {"fit_intercept": "yes"}]:
            with pytest.raises(ValueError, match=next(iter(bad))):
                kind(**bad).fit(X, Y)
        for bad in [{"alpha": -1.0}, {"alpha": "1"}] if cls in SINGLE else [{"alphas": 0}, {"cv": 1}, {"eps": 0.0}]:
            with pytest.raises(ValueError, match=next(iter(bad))):
                kind(**bad).fit(X, Y)
    with pytest.raises(InvalidData, match="not finite at row 4"):
        cls().fit(X, np.where(np.arange(150)[:, None] == 4, np.inf, Y))


def test_a_miss_of_the_tolerance_is_said_once(data):
    X, Y = data
    with pytest.warns(sklearn.exceptions.ConvergenceWarning, match="max_iter=1") as seen:
        riata.MultiTaskLasso(alpha=1e-3, max_iter=1, tol=1e-15).fit(X, Y)
    assert len(seen) == 1
    assert seen[0].filename == __file__
