"""Our estimators keep scikit-learn's contract: its checks, signatures, routing, pickling, frames, pipelines."""

import inspect
import pickle

import numpy as np
import pytest
import sklearn
import sklearn.linear_model
from sklearn.base import clone, is_regressor
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV, GroupKFold, LeaveOneGroupOut, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import riata
from riata.core.errors import InvalidOption

SINGLE = [riata.Lasso, riata.ElasticNet]
CROSS_VALIDATED = [riata.LassoCV, riata.ElasticNetCV]
CLASSES = SINGLE + CROSS_VALIDATED
FUNCTIONS = [riata.lasso_path, riata.enet_path]


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([cls() for cls in CLASSES])
def test_check_estimator(estimator, check):
    check(estimator)


@pytest.mark.parametrize("ours", CLASSES + FUNCTIONS, ids=lambda ours: ours.__name__)
def test_every_parameter_of_scikit_learn_with_its_default(ours):
    theirs = inspect.signature(getattr(sklearn.linear_model, ours.__name__)).parameters
    mine = inspect.signature(ours).parameters
    for name, parameter in theirs.items():
        if name == "n_alphas" and ours in CROSS_VALIDATED:
            continue  # gone since 1.9; older versions still have it
        assert mine[name].kind is parameter.kind, name
        if name != "tol":  # the one tighter default
            assert mine[name].default == parameter.default or mine[name].default is parameter.default, name
    if inspect.isclass(ours):
        assert mine["tol"].default == 1e-8
    extra = [mine[name] for name in mine if name not in theirs]
    assert len(extra) <= 8, "the option budget"
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in extra)


@pytest.mark.parametrize("cls", [*CLASSES, riata.MultiTaskLasso, riata.MultiTaskElasticNet], ids=lambda c: c.__name__)
def test_defaults_keep_their_rules(cls):
    """They are not looked at again in a fit."""
    model = cls()
    for name, rule in cls._rules.items():
        assert rule.holds(getattr(model, name)), name


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_attribute_of_scikit_learn(cls, diabetes):
    theirs = getattr(sklearn.linear_model, cls.__name__)().fit(*diabetes)
    mine = cls().fit(*diabetes)
    fitted = {name for name in vars(theirs) if name.endswith("_")}
    assert fitted <= {name for name in vars(mine) if name.endswith("_")}
    for name in fitted:
        ours, other = getattr(mine, name), getattr(theirs, name)
        assert np.shape(ours) == np.shape(other), name
        assert np.asarray(ours).dtype.kind == np.asarray(other).dtype.kind, name
    public = {name for name in dir(theirs) if not name.startswith("_")}
    assert public - set(dir(mine)) <= {"path"}, "`path`, the function behind the class, is an internal of theirs"


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("alpha", -1.0),
        ("alpha", "1"),
        ("alpha", float("nan")),
        ("alpha", float("inf")),
        ("fit_intercept", "yes"),
        ("precompute", "auto"),
        ("max_iter", 0),
        ("max_iter", 2.5),
        ("tol", -1e-3),
        ("warm_start", 1.5),
        ("positive", None),
        ("random_state", "seed"),
        ("selection", "greedy"),
        ("copy_X", "no"),
    ],
)
def test_bad_parameters_are_refused_as_scikit_learn_refuses_them(name, bad, diabetes):
    for error in (ValueError, TypeError):
        with pytest.raises(error, match=name):
            sklearn.linear_model.Lasso(**{name: bad}).fit(*diabetes)
        with pytest.raises(error, match=name):
            riata.Lasso(**{name: bad}).fit(*diabetes)


@pytest.mark.parametrize(
    ("name", "bad"),
    [("eps", 0.0), ("alphas", 0), ("alphas", "many"), ("cv", 1), ("cv", "five"), ("n_jobs", 0.5), ("verbose", -1),
     ("precompute", "yes"), ("max_iter", None)],
)  # fmt: skip
def test_bad_parameters_of_the_cv_twins(name, bad, diabetes):
    for cls in (sklearn.linear_model.LassoCV, riata.LassoCV, sklearn.linear_model.ElasticNetCV, riata.ElasticNetCV):
        with pytest.raises(ValueError, match=name):
            cls(**{name: bad}).fit(*diabetes)


def test_the_message_says_what_was_expected_and_got(diabetes):
    with pytest.raises(InvalidOption) as caught:
        riata.Lasso(selection="greedy").fit(*diabetes)
    assert "'selection'" in str(caught.value)
    assert "expected: 'cyclic' or 'random'" in str(caught.value)
    assert "got:      'greedy' (str)" in str(caught.value)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_clone_pickle_and_repr(cls, diabetes):
    X, y = diabetes
    model = cls(tol=1e-9, standardize=True)
    assert clone(model).get_params() == model.get_params()
    assert "standardize=True" in repr(model)
    assert is_regressor(model)
    model.fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.coef_, model.coef_)


def test_pickle_of_a_cv_model_holds_no_data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 20))
    model = riata.LassoCV(alphas=10).fit(X, X[:, 0] + rng.standard_normal(2000))
    assert len(pickle.dumps(model)) < X.nbytes / 4


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_frames_give_names_and_the_same_numbers(cls, library, diabetes):
    frames = pytest.importorskip(library)
    X, y = diabetes
    names = load_diabetes().feature_names
    frame = frames.DataFrame({name: X[:, j] for j, name in enumerate(names)})
    model = cls().fit(frame, y)
    assert list(model.feature_names_in_) == names
    np.testing.assert_allclose(model.coef_, cls().fit(X, y).coef_, rtol=1e-6)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[names[::-1]])
    model.fit(X, y)
    assert not hasattr(model, "feature_names_in_")


def test_set_output_in_a_pipeline_with_selection(diabetes):
    pandas = pytest.importorskip("pandas")
    from sklearn.feature_selection import SelectFromModel

    X, y = diabetes
    frame = pandas.DataFrame(X, columns=load_diabetes().feature_names)
    pipe = make_pipeline(StandardScaler(), SelectFromModel(riata.LassoCV(rule="1se"))).set_output(transform="pandas")
    kept = pipe.fit_transform(frame, y)
    assert set(kept.columns) < set(frame.columns)
    assert "bmi" in kept.columns


def test_pipeline_grid_search_and_cross_val_score(diabetes):
    X, y = diabetes
    alphas = [0.1, 1.0, 10.0]
    found = []
    for module in (riata, sklearn.linear_model):
        pipe = make_pipeline(StandardScaler(), module.Lasso(tol=1e-10, max_iter=100_000))
        search = GridSearchCV(pipe, {"lasso__alpha": alphas}, cv=3).fit(X, y)
        found.append((search.best_params_, search.best_score_, cross_val_score(pipe, X, y, cv=4)))
    assert found[0][0] == found[1][0]
    assert found[0][1] == pytest.approx(found[1][1], rel=1e-9)
    np.testing.assert_allclose(found[0][2], found[1][2], rtol=1e-8)


def test_metadata_routing_reaches_the_splitter(diabetes):
    X, y = diabetes
    groups = np.arange(len(y)) % 7
    with sklearn.config_context(enable_metadata_routing=True):
        routed = riata.LassoCV(cv=GroupKFold(3)).fit(X, y, groups=groups)
        weighted = riata.Lasso().set_fit_request(sample_weight=True)
        pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), weighted)
        pipe.fit(X, y, sample_weight=np.arange(1.0, len(y) + 1))
    by_hand = riata.LassoCV(cv=list(GroupKFold(3).split(X, y, groups))).fit(X, y)
    np.testing.assert_array_equal(routed.mse_path_, by_hand.mse_path_)
    assert not np.allclose(routed.mse_path_, riata.LassoCV(cv=3).fit(X, y).mse_path_)
    expected = riata.Lasso().fit(StandardScaler().fit_transform(X), y, sample_weight=np.arange(1.0, len(y) + 1))
    np.testing.assert_allclose(pipe[-1].coef_, expected.coef_)


def test_parameters_of_the_splitter_need_routing(diabetes):
    with pytest.raises(ValueError, match="enable_metadata_routing=True"):
        riata.LassoCV(cv=LeaveOneGroupOut()).fit(*diabetes, groups=np.zeros(442))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_inputs_are_not_changed(cls, diabetes):
    X, y = (np.array(a) for a in diabetes)
    weights = np.linspace(1, 2, len(y))
    before = X.copy(), y.copy(), weights.copy()
    for a in (X, y, weights):
        a.setflags(write=False)
    cls(copy_X=False).fit(X, y, sample_weight=weights)
    for a, b in zip((X, y, weights), before, strict=True):
        np.testing.assert_array_equal(a, b)
