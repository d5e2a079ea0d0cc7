"""Group, adaptive, square-root and concave classes: scikit-learn's contract, the solver's solutions, the limits."""

import inspect
import pickle

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import norm
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_diabetes
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import riata
from riata.core.errors import InvalidData, InvalidOption, NotConverged

SINGLE = [
    riata.GroupLasso,
    riata.GroupLassoClassifier,
    riata.AdaptiveLasso,
    riata.MCPRegressor,
    riata.SCADRegressor,
    riata.SqrtLasso,
]
CROSS_VALIDATED = [
    riata.GroupLassoCV,
    riata.GroupLassoClassifierCV,
    riata.AdaptiveLassoCV,
    riata.MCPRegressorCV,
    riata.SCADRegressorCV,
]
CLASSES = SINGLE + CROSS_VALIDATED
CONCAVE = [riata.MCPRegressor, riata.SCADRegressor]
LABELS = [0, 0, 1, 1, 2, 3]


def ids(cls):
    return cls.__name__


def few(cls, **options):
    """The class at an alpha that suits the data below, or over few of them."""
    if cls in CROSS_VALIDATED:
        return cls(**{"alphas": 15, **options})
    return cls(**{"alpha": 0.05, **options})


@pytest.fixture(scope="module")
def data():
    """X with columns 0 and 3 telling, a number and a class."""
    rng = np.random.default_rng(11)
    X = rng.standard_normal((120, 6)) * [1, 10, 1, 0.1, 1, 1] + 3
    eta = 0.8 * (X[:, 0] - 3) - 9 * (X[:, 3] - 3)
    return X, eta + 0.5 * rng.standard_normal(120), np.where(eta + rng.logistic(size=120) > 0, "yes", "no")


def target(cls, data):
    return data[2] if "Classifier" in cls.__name__ else data[1]


def expected_failures(estimator):
    if isinstance(estimator, riata.SqrtLasso) and estimator.alpha is None:
        why = "the default alpha depends on the number of rows, which repeating rows changes and weighing does not"
        return {f"check_sample_weight_equivalence_on_{kind}_data": why for kind in ("dense", "sparse")}
    return {}


# Two fits of several classes at the default gap of 1e-8 differ by 1e-7: as much as the checks allow.
@pytest.mark.filterwarnings("default")
@parametrize_with_checks(
    [cls() for cls in SINGLE if cls is not riata.GroupLassoClassifier]
    + [riata.GroupLassoClassifier(tol=1e-13), riata.SqrtLasso(alpha=0.1)]
    + [cls(alphas=5, tol=1e-13) for cls in CROSS_VALIDATED[:3]]
    + [cls(alphas=5) for cls in CROSS_VALIDATED[3:]],
    expected_failed_checks=expected_failures,
)
def test_check_estimator(estimator, check):
    check(estimator)


@pytest.mark.parametrize("cls", CLASSES, ids=ids)
def test_the_option_budget_and_the_page(cls, data):
    parameters = list(inspect.signature(cls).parameters.values())
    words = [p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
    assert [p.name for p in parameters if p not in words] in (
        ["alphas" if cls in CROSS_VALIDATED else "alpha", "l1_ratio"],
        ["alphas" if cls in CROSS_VALIDATED else "alpha"],
    )
    assert len(words) <= 8
    assert cls().standardize is True
    model, text = few(cls).fit(data[0], target(cls, data)), inspect.getdoc(cls)
    told = text.split("Attributes\n")[0]
    assert [p.name for p in parameters if p.name not in told] == []
    assert [name for name in vars(model) if name.endswith("_") and name not in text] == []
    assert ">>> " in text
    assert "References" in text
    assert is_classifier(model) == ("Classifier" in cls.__name__)


@pytest.mark.parametrize("cls", CLASSES, ids=ids)
def test_clone_pickle_inputs_and_other_kinds_of_them(cls, data):
    pandas = pytest.importorskip("pandas")
    X, y = data[0].copy(), target(cls, data).copy()
    model = few(cls, tol=1e-10)
    assert clone(model).get_params() == model.get_params()
    X.setflags(write=False), y.setflags(write=False)
    model.fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    assert model.score(X, y) > 0.65
    assert model.coef_.any()
    assert getattr(model, "gap_rel_", 0) <= 1e-10
    assert getattr(model, "stationarity_", 0) <= 1e-10
    assert hasattr(model, "gap_rel_") != hasattr(model, "stationarity_")
    assert model.n_iter_ >= 1
    thin = few(cls, tol=1e-10).fit(sparse.csr_array(X), y)
    np.testing.assert_allclose(thin.coef_, model.coef_, rtol=1e-4, atol=1e-6)
    single = few(cls).fit(X.astype(np.float32), y)
    assert single.coef_.dtype == np.float32
    np.testing.assert_allclose(single.coef_, model.coef_, rtol=2e-3, atol=1e-4)
    frame = pandas.DataFrame(X, columns=[f"c{j}" for j in range(6)])
    named = few(cls, tol=1e-10).fit(frame, pandas.Series(y))
    assert list(named.feature_names_in_) == list(frame.columns)
    np.testing.assert_allclose(named.coef_, model.coef_, rtol=1e-9)


@pytest.mark.parametrize("cls", SINGLE, ids=ids)
def test_weights_are_repetition_and_have_no_scale(cls, data):
    X, y = data[0], target(cls, data)
    s = np.arange(120) % 3
    model = few(cls, tol=1e-12).fit(X, y, sample_weight=s)
    for other in (
        few(cls, tol=1e-12).fit(X, y, sample_weight=1e3 * s),
        *(
            [few(cls, tol=1e-12).fit(np.repeat(X, s, axis=0), np.repeat(y, s))]
            if cls is not riata.AdaptiveLasso
            else []
        ),
    ):
        np.testing.assert_allclose(other.coef_, model.coef_, rtol=1e-5, atol=1e-7)
    assert not np.allclose(few(cls).fit(X, y).coef_, model.coef_, rtol=1e-3)


@pytest.mark.parametrize("cls", [cls for cls in SINGLE if cls is not riata.SqrtLasso], ids=ids)
def test_a_cv_twin_is_the_class_at_its_choice(cls, data):
    X, y = data[0], target(cls, data)
    twin = getattr(riata, cls.__name__ + "CV")
    own = {"groups": LABELS} if "Group" in cls.__name__ else {"gamma": 2.5}
    model = twin(alphas=15, rule="1se", **own).fit(X, y)
    assert model.score_path_.shape == (15, 5)
    assert model.alpha_ in model.alphas_
    np.testing.assert_allclose(cls(alpha=model.alpha_, **own).fit(X, y).coef_, model.coef_, rtol=1e-3, atol=1e-5)
    best = twin(alphas=15, **own).fit(X, y)
    assert best.alpha_ == best.alphas_[np.argmax(best.score_path_ @ np.ones(5) * (1 if best.cv_result_.larger else -1))]
    assert best.alpha_ <= model.alpha_
    assert twin(alphas=[0.01, 0.1, 0.03], **own).fit(X, y).alphas_.tolist() == [0.1, 0.03, 0.01]
    rows = np.arange(120) % 7
    folds = twin(alphas=3, cv=GroupKFold(3), **own).fit(X, y, groups=rows).cv_result_.foldid
    held = np.argmax(folds >= 0, axis=0)
    assert all(len(set(held[rows == g])) == 1 for g in range(7))


@pytest.mark.parametrize("cls", [cls for cls in CROSS_VALIDATED if not is_classifier(cls())], ids=ids)
def test_a_fold_is_a_model_of_its_training_rows(cls, data):
    """By hand: the class fitted to the rows of each fold; what a penalty learns it learns there."""
    X, y, _ = data
    train, test = np.arange(120) % 4 > 0, np.arange(120) % 4 == 0
    single = getattr(riata, cls.__name__.removesuffix("CV"))
    more = {"groups": LABELS} if cls is riata.GroupLassoCV else {}
    alpha = 0.2
    model = cls(alphas=[alpha], cv=[(train, test)], tol=1e-10, **more).fit(X, y)
    fold = single(alpha=alpha, tol=1e-10, **more).fit(X[train], y[train])
    error = np.mean((y[test] - fold.predict(X[test])) ** 2)
    assert model.score_path_[0, 0] == pytest.approx(error, rel=1e-5)


def test_the_pilot_is_refitted_in_every_fold(data):
    X, y, _ = data
    train, test = np.arange(120) % 2 > 0, np.arange(120) % 2 == 0
    y = np.where(test, -y, y)  # rows held out say the opposite: a pilot that saw them would know
    model = riata.AdaptiveLassoCV(alphas=[0.2], cv=[(train, test)], pilot="ols").fit(X, y)
    seen = riata.Lasso(alpha=0.2, standardize=True, penalty_factor=model.penalty_factor_).fit(X[train], y[train])
    peeking = np.mean((y[test] - seen.predict(X[test])) ** 2)
    assert abs(model.score_path_[0, 0] - peeking) > 0.01 * peeking


def test_groups_of_one_are_the_lasso(data):
    X, y, c = data
    lasso = riata.Lasso(alpha=0.1, standardize=True, tol=1e-13).fit(X, y)
    for groups in (None, np.arange(6), [[j] for j in range(6)]):
        model = riata.GroupLasso(alpha=0.1, groups=groups, tol=1e-13).fit(X, y)
        np.testing.assert_allclose(model.coef_, lasso.coef_, atol=1e-6)
        assert model.intercept_ == pytest.approx(lasso.intercept_, abs=1e-5)
    lasso = riata.LassoClassifier(alpha=0.03, tol=1e-13).fit(X, c)
    model = riata.GroupLassoClassifier(alpha=0.03, tol=1e-13).fit(X, c)
    np.testing.assert_allclose(model.coef_, lasso.coef_, atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(X), lasso.predict_proba(X), atol=1e-6)
    assert not np.allclose(riata.GroupLasso(alpha=0.1, groups=LABELS).fit(X, y).coef_, lasso.coef_, atol=1e-3)


def test_groups_enter_together_however_they_are_written(data):
    pandas = pytest.importorskip("pandas")
    X, y, c = data
    frame = pandas.DataFrame(X, columns=["a_1", "a_2", "b_1", "b_2", "c", "d"])
    written = [
        LABELS,
        ["p", "p", "q", "q", "r", "s"],
        [["a_1", "a_2"], [2, 3]],
        {"first": "a_*", "second": ["b_1", "b_2"]},
    ]
    for cls, y_, alpha in ((riata.GroupLasso, y, 0.2), (riata.GroupLassoClassifier, c, 0.05)):
        models = [cls(alpha=alpha, groups=groups).fit(frame, y_) for groups in written]
        for model in models:
            np.testing.assert_array_equal(model.coef_, models[0].coef_)
        assert (np.ravel(models[0].coef_) != 0).tolist() == [True] * 4 + [False] * 2
    weights = {"second": 100.0}
    model = riata.GroupLasso(alpha=0.2, groups=written[3], group_weights=weights).fit(frame, y)
    assert (model.coef_ != 0).tolist()[:4] == [True, True, False, False]
    free = riata.GroupLasso(alpha=100.0, groups=LABELS, group_weights=[0.0, 1, 1, np.inf]).fit(X, y)
    assert (free.coef_ != 0).tolist() == [True, True] + [False] * 4


def test_a_group_is_in_for_every_class_or_for_none(data):
    X, y = data[0], np.digitize(data[1], [-1, 1])
    model = riata.GroupLassoClassifier(alpha=0.05, groups=LABELS).fit(X, y)
    assert model.coef_.shape == (3, 6)
    on = (model.coef_ != 0).any(axis=0)
    assert on.tolist() == [True] * 4 + [False] * 2
    assert (model.coef_[:, on] != 0).all()
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)
    path = riata.path(X, y, family="multinomial", penalty="group", groups=LABELS, lams=[0.05])
    np.testing.assert_allclose(model.coef_, path.coef[..., 0].T, rtol=1e-5)
    assert model.score(X, y) > 0.6


@pytest.mark.parametrize("cls", CONCAVE, ids=ids)
def test_a_large_gamma_is_the_lasso_and_a_small_one_unshrunk(cls):
    X, y = load_diabetes(return_X_y=True)
    lasso = riata.Lasso(alpha=4.0, standardize=True, tol=1e-12).fit(X, y)
    far = cls(alpha=4.0, gamma=1e9).fit(X, y)
    np.testing.assert_allclose(far.coef_, lasso.coef_, rtol=1e-5, atol=1e-4)
    near = cls(alpha=4.0).fit(X, y)
    assert abs(near.coef_[2]) > 1.02 * abs(lasso.coef_[2])
    assert np.count_nonzero(near.coef_) <= np.count_nonzero(lasso.coef_)
    own = {riata.MCPRegressor: 3.0, riata.SCADRegressor: 3.7}[cls]
    np.testing.assert_array_equal(cls(alpha=4.0, gamma=own).fit(X, y).coef_, near.coef_)


@pytest.mark.parametrize("cls", CONCAVE, ids=ids)
def test_one_column_has_its_threshold(cls):
    """Standardised, a single column's coefficient is the penalty's prox of its correlation."""
    x = np.linspace(-1, 1, 40)
    x /= x.std()
    gamma = 3.2
    for z, alpha in [(2.0, 2.5), (2.0, 1.5), (2.0, 0.8), (2.0, 0.5)]:
        got = float(cls(alpha=alpha, gamma=gamma).fit(x[:, None], z * x + 7).coef_[0])
        soft = max(z - alpha, 0.0)
        if cls is riata.MCPRegressor:
            expected = soft / (1 - 1 / gamma) if z <= gamma * alpha else z
        else:
            middle = ((gamma - 1) * z - gamma * alpha) / (gamma - 2)
            expected = soft if z <= 2 * alpha else middle if z <= gamma * alpha else z
        assert got == pytest.approx(expected, abs=1e-7)


def test_adaptive_factors_are_the_pilots(data):
    X, y, _ = data
    model = riata.AdaptiveLasso(alpha=0.1, pilot="ols", gamma=2.0).fit(X, y)
    size = np.abs(LinearRegression().fit(X, y).coef_) * X.std(axis=0)
    np.testing.assert_allclose(model.penalty_factor_, (size.max() / size) ** 2, rtol=1e-5)
    weighted = riata.Lasso(alpha=0.1, standardize=True, penalty_factor=model.penalty_factor_).fit(X, y)
    np.testing.assert_allclose(model.coef_, weighted.coef_, atol=1e-8)
    bounded = riata.AdaptiveLasso(alpha=0.05, lower=0.0).fit(X, y)
    assert bounded.coef_.min() >= 0 < bounded.coef_.max()
    other = riata.AdaptiveLasso(alpha=0.1, pilot="ridge").fit(X, y).penalty_factor_
    assert not np.allclose(other, model.penalty_factor_)


def test_the_default_alpha_of_the_square_root_lasso(data):
    X, y, _ = data
    model = riata.SqrtLasso().fit(X, y)
    assert model.alpha_ == pytest.approx(1.1 * norm.ppf(1 - 0.05 / 12) / np.sqrt(120))
    path = riata.path(X, y, family="sqrt", lams=[model.alpha_])
    np.testing.assert_allclose(model.coef_, path.coef[:, 0], rtol=1e-6, atol=1e-9)
    assert np.flatnonzero(model.coef_).tolist() == [0, 3]
    for unit in (1e-5, 1e5):
        np.testing.assert_allclose(riata.SqrtLasso().fit(X, unit * y).coef_ / unit, model.coef_, rtol=1e-6, atol=1e-9)
    s = np.r_[np.ones(60), np.zeros(60)]
    assert riata.SqrtLasso().fit(X, y, s).alpha_ == riata.SqrtLasso().fit(X[:60], y[:60]).alpha_
    assert riata.SqrtLasso(alpha=0.3).fit(X, y).alpha_ == 0.3


def test_the_square_root_lasso_lets_in_noise_as_rarely_as_it_says():
    """Pure noise: a feature enters in at most 5 of 100 sets (seed 0: in 1; with half the alpha in 94)."""
    rng = np.random.default_rng(0)
    entered = 0
    for _ in range(100):
        X = rng.standard_normal((80, 30))
        entered += bool(riata.SqrtLasso().fit(X, 1e3 * rng.standard_normal(80)).coef_.any())
    assert entered <= 5


@pytest.mark.parametrize("cls", SINGLE, ids=ids)
def test_pipeline_search_and_selection(cls, data):
    pandas = pytest.importorskip("pandas")
    X, y = data[0], target(cls, data)
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    pipe = make_pipeline(StandardScaler(), cls())
    name = f"{cls.__name__.lower()}__alpha"
    search = GridSearchCV(pipe, {name: [0.01, 0.1, 50.0]}, cv=3).fit(X, y)
    assert search.best_params_[name] < 50
    chooser = make_pipeline(StandardScaler(), SelectFromModel(few(cls, alpha=0.1), threshold=1e-10))
    kept = chooser.set_output(transform="pandas").fit_transform(frame, y)
    assert {"a", "d"} <= set(kept.columns)


@pytest.mark.parametrize("cls", CLASSES, ids=ids)
def test_bad_parameters(cls, data):
    X, y = data[0], target(cls, data)
    bad = [("tol", 0.0), ("fit_intercept", "yes"), ("standardize", 2)]
    bad += [("alphas", 0), ("cv", 1), ("rule", "max")] if cls in CROSS_VALIDATED else [("alpha", -1.0), ("alpha", "1")]
    if "Group" in cls.__name__:
        bad += [("groups", 3), ("groups", "gene_*"), ("group_weights", "sqrt"), ("l1_ratio", 1.5)]
    if "Adaptive" in cls.__name__:
        bad += [("pilot", "elastic"), ("gamma", 0.0)]
    if "MCP" in cls.__name__:
        bad += [("gamma", 1.0)]
    if "SCAD" in cls.__name__:
        bad += [("gamma", 2.0)]
    for name, value in bad:
        if name in inspect.signature(cls).parameters:
            with pytest.raises(ValueError, match=f"'{name}'"):
                few(cls, **{name: value}).fit(X, y)
            with pytest.raises(TypeError, match=f"'{name}'"):
                few(cls, **{name: value}).fit(X, y)


@pytest.mark.parametrize(
    ("groups", "weights", "sentence"),
    [
        ([0, 0, 1], None, r"one label for each feature[\s\S]*6 labels[\s\S]*3 labels"),
        (np.zeros(7, int), None, r"one label for each feature[\s\S]*6 labels[\s\S]*7 labels"),
        ([[0, 1], [1, 2]], None, "in two groups"),
        ([[0, 9]], None, "no such feature"),
        ([["age", "sex"]], None, "No feature is called 'age'"),
        (LABELS, [1.0, -1, 1, 1], "Group weights must be numbers"),
        (LABELS, {9: 2.0}, "no group 9 to weigh"),
    ],
)
def test_groups_that_do_not_fit(groups, weights, sentence, data):
    X, y, c = data
    with pytest.raises(InvalidOption, match=sentence):
        riata.GroupLasso(groups=groups, group_weights=weights).fit(X, y)
    with pytest.raises(InvalidOption, match=sentence):
        riata.GroupLassoClassifierCV(groups=groups, group_weights=weights).fit(X, c)


def test_targets_that_cannot_be_used(data):
    X, y, _ = data
    for cls in (riata.GroupLassoClassifier, riata.GroupLassoClassifierCV, riata.LassoClassifier):
        with pytest.raises(InvalidData, match="one class"):
            cls().fit(X, np.full(120, "yes"))
    for cls in CLASSES:
        if "Classifier" not in cls.__name__:
            with pytest.raises(ValueError, match="NaN"):
                cls().fit(X, np.where(np.arange(120) == 3, np.nan, y))
            assert not few(cls).fit(X, np.full(120, 2.5)).coef_.any()
    with pytest.raises(InvalidOption, match="pilot"):
        riata.AdaptiveLasso(pilot="ols").fit(X[:5], y[:5])


def test_a_miss_is_said_in_the_words_of_its_certificate(data):
    X, y, _ = data
    with pytest.warns(NotConverged, match="stationarity residual above tol=1.0e-40") as seen:
        riata.MCPRegressor(alpha=0.1, tol=1e-40).fit(X, y)
    assert seen[0].filename == __file__
    with pytest.warns(NotConverged, match="relative duality gap above tol=1.0e-40"):
        riata.GroupLasso(alpha=0.1, groups=LABELS, tol=1e-40).fit(X, y)
