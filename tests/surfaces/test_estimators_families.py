"""Classes of the other families keep scikit-learn's contract, and give the solver's own solutions."""

import dataclasses
import inspect
import pickle
import warnings

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import riata
from riata.core.errors import InvalidData, InvalidOption, NotConverged
from riata.estimators import one_alpha
from riata.path import lam_max, make_problem, solve_path

SINGLE = [riata.LassoClassifier, riata.PoissonLasso, riata.HuberLasso, riata.CoxLasso]
CROSS_VALIDATED = [riata.LassoClassifierCV, riata.PoissonLassoCV, riata.HuberLassoCV, riata.CoxLassoCV]
CLASSES = SINGLE + CROSS_VALIDATED
WITHOUT_COX = [cls for cls in CLASSES if "Cox" not in cls.__name__]
MOST_OPTIONS = 8
# Two fits of several classes at the default gap of 1e-8 differ by 1e-7: as much as scikit-learn's checks allow.
CHECKED = {
    riata.LassoClassifier: lambda: riata.LassoClassifier(tol=1e-13),
    riata.LassoClassifierCV: lambda: riata.LassoClassifierCV(alphas=3, tol=1e-12),
}


def family_of(cls):
    return cls.__name__.removesuffix("CV")


@pytest.fixture(scope="module")
def data():
    """X, and a target for each class, with columns 0 and 3 telling."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((120, 6)) * [1, 10, 1, 0.1, 1, 1] + 3
    eta = 0.8 * (X[:, 0] - 3) - 9 * (X[:, 3] - 3)
    time = rng.exponential(np.exp(-eta))
    stop = np.minimum(time, rng.exponential(2.0, 120))
    return X, {
        "LassoClassifier": np.where(eta + rng.logistic(size=120) > 0, "yes", "no"),
        "PoissonLasso": rng.poisson(np.exp(0.7 * eta + 1)),
        "HuberLasso": eta + 0.3 * rng.standard_t(2, 120),
        "CoxLasso": np.column_stack([stop, time <= stop]),
    }


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([CHECKED.get(cls, cls)() for cls in WITHOUT_COX])
def test_check_estimator(estimator, check):
    check(estimator)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_option_budget_and_what_a_class_of_ours_standardises(cls):
    parameters = list(inspect.signature(cls).parameters.values())
    first = "alphas" if cls in CROSS_VALIDATED else "alpha"
    assert [p.name for p in parameters[:2]] == [first, "l1_ratio"]
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in parameters[2:])
    assert len(parameters) - 2 <= MOST_OPTIONS
    assert cls().standardize is True


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_docstring_names_every_parameter_and_fitted_attribute(cls, data):
    X, y = data[0], data[1][family_of(cls)]
    model, text = cls().fit(X, y), inspect.getdoc(cls)
    told = text.split("Attributes\n")[0]
    assert [name for name in inspect.signature(cls).parameters if name not in told] == []
    fitted = [name for name in vars(model) if name.endswith("_")]
    assert [name for name in fitted if name not in text] == []
    assert ">>> " in text
    assert "References" in text


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_clone_pickle_kind_and_inputs(cls, data):
    X, y = data[0].copy(), data[1][family_of(cls)].copy()
    model = cls(tol=1e-9)
    assert clone(model).get_params() == model.get_params()
    assert is_classifier(model) == ("Classifier" in cls.__name__)
    assert is_regressor(model) == (cls.__name__[:3] in ("Poi", "Hub"))
    X.setflags(write=False), y.setflags(write=False)
    model.fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert model.score(X, y) > 0.5
    assert model.gap_rel_ <= 1e-9


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_sparse_and_float32_give_the_same_model(cls, data):
    X, y = data[0], data[1][family_of(cls)]
    dense, thin = cls().fit(X, y), cls().fit(sparse.csr_array(X), y)
    np.testing.assert_allclose(dense.coef_, thin.coef_, rtol=1e-4, atol=1e-6)
    single = cls().fit(X.astype(np.float32), y)
    assert single.coef_.dtype == np.float32
    np.testing.assert_allclose(dense.coef_, single.coef_, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(dense.predict(X) == thin.predict(sparse.csc_array(X)), True) if is_classifier(
        dense
    ) else np.testing.assert_allclose(dense.predict(X), thin.predict(sparse.csc_array(X)), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_frames_give_names_and_the_same_numbers(cls, library, data):
    frames = pytest.importorskip(library)
    X, y = data[0], data[1][family_of(cls)]
    frame = frames.DataFrame({f"c{j}": X[:, j] for j in range(6)})
    target = frames.DataFrame({"time": y[:, 0], "event": y[:, 1]}) if y.ndim == 2 else frames.Series(y)
    model = cls().fit(frame, target)
    assert list(model.feature_names_in_) == [f"c{j}" for j in range(6)]
    np.testing.assert_allclose(model.coef_, cls().fit(X, y).coef_, rtol=1e-6)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[[f"c{j}" for j in range(5, -1, -1)]])


@pytest.mark.parametrize("cls", SINGLE, ids=lambda cls: cls.__name__)
def test_pipeline_and_grid_search(cls, data):
    X, y = data[0], data[1][family_of(cls)]
    pipe = make_pipeline(StandardScaler(), cls())
    name = cls.__name__.lower()
    search = GridSearchCV(pipe, {f"{name}__alpha": [1e-3, 1e-2, 10.0]}, cv=3).fit(X, y)
    assert search.best_params_[f"{name}__alpha"] < 10
    assert cross_val_score(pipe, X, y, cv=3).mean() > 0.4


@pytest.mark.parametrize("cls", CROSS_VALIDATED, ids=lambda cls: cls.__name__)
def test_a_cv_twin_is_the_path_at_its_choice(cls, data):
    X, y = data[0], data[1][family_of(cls)]
    model = cls(alphas=20, rule="1se").fit(X, y)
    at = np.flatnonzero(model.alphas_ == model.alpha_)[0]
    more = {"delta": model.delta_} if cls is riata.HuberLassoCV else {}
    path = riata.path(X, y, family=model._family, lams=model.alphas_, **more)
    np.testing.assert_allclose(np.ravel(model.coef_), path.coef[:, at], rtol=1e-4, atol=1e-6)
    single = SINGLE[CROSS_VALIDATED.index(cls)](alpha=model.alpha_).fit(X, y)
    np.testing.assert_allclose(single.coef_, model.coef_, rtol=1e-4, atol=1e-6)
    assert model.score_path_.shape == (20, 5)
    assert cls(alphas=20, rule="min").fit(X, y).alpha_ <= model.alpha_
    given = cls(alphas=[0.01, 0.1, 0.001]).fit(X, y)
    assert given.alphas_.tolist() == [0.1, 0.01, 0.001]


@pytest.mark.parametrize(
    ("cls", "scoring"),
    [(riata.LassoClassifierCV, "auc"), (riata.LassoClassifierCV, "accuracy"), (riata.PoissonLassoCV, "mae"),
     (riata.HuberLassoCV, "mse"), (riata.CoxLassoCV, "c_index")],
)  # fmt: skip
def test_scoring_by_name(cls, scoring, data):
    X, y = data[0], data[1][family_of(cls)]
    model = cls(alphas=10, scoring=scoring).fit(X, y)
    assert model.cv_result_.measure == scoring
    with pytest.raises(InvalidOption, match="measure"):
        cls(scoring="mape").fit(X, y)
    with pytest.raises(ValueError, match="'scoring'"):
        cls(scoring=3).fit(X, y)


def test_folds_keep_classes_and_events_in_proportion(data):
    X, targets = data
    rare = np.zeros(120, int)
    rare[[50, 51]] = 1
    with pytest.warns(UserWarning, match="least populated class"):
        model = riata.LassoClassifierCV(cv=10, alphas=20).fit(X, rare)
    folds = model.cv_result_.foldid[0]
    assert folds[50] != folds[51]
    assert np.isfinite(model.coef_).all()
    assert model.cv_result_.gap_rel.max() <= 1e-8
    by_hand = riata.LassoClassifierCV(cv=list(StratifiedKFold(10).split(X, targets["LassoClassifier"])), alphas=20)
    np.testing.assert_array_equal(
        by_hand.fit(X, targets["LassoClassifier"]).score_path_,
        riata.LassoClassifierCV(cv=10, alphas=20).fit(X, targets["LassoClassifier"]).score_path_,
    )
    y = targets["CoxLasso"]
    folds = riata.CoxLassoCV(alphas=5).fit(X, y).cv_result_.foldid[0]
    events = np.bincount(folds, weights=y[:, 1])
    assert np.ptp(events) <= 1


def test_groups_reach_the_splitter(data):
    X, targets = data
    groups = np.arange(120) % 7
    model = riata.PoissonLassoCV(cv=GroupKFold(3), alphas=5).fit(X, targets["PoissonLasso"], groups=groups)
    folds = model.cv_result_.foldid[0]
    assert all(len(set(folds[groups == g])) == 1 for g in range(7))


def test_labels_of_any_type_and_the_probabilities(data):
    X, targets = data
    y = targets["LassoClassifier"]
    model = riata.LassoClassifier().fit(X, y)
    assert model.classes_.tolist() == ["no", "yes"]
    p = model.predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_allclose(np.log(p), model.predict_log_proba(X))
    np.testing.assert_array_equal(model.predict(X) == "yes", p[:, 1] > 0.5)
    np.testing.assert_array_equal(model.decision_function(X) > 0, p[:, 1] > 0.5)
    for labels in (np.where(y == "yes", 3.0, -1.0), y == "yes", np.where(y == "yes", "b", "a").astype(object)):
        other = riata.LassoClassifier().fit(X, labels)
        np.testing.assert_array_equal(other.coef_, model.coef_)
        assert other.classes_.tolist() == sorted(set(labels.tolist()))


def test_class_weights_are_sample_weights(data):
    X, targets = data
    y = targets["LassoClassifier"]
    s = np.linspace(1, 2, 120)
    by_dict = riata.LassoClassifier(class_weight={"yes": 3.0}).fit(X, y, sample_weight=s)
    by_hand = riata.LassoClassifier().fit(X, y, sample_weight=np.where(y == "yes", 3.0, 1.0) * s)
    np.testing.assert_allclose(by_dict.coef_, by_hand.coef_, rtol=1e-6)
    balanced = riata.LassoClassifier(class_weight="balanced").fit(X, y)
    share = (y == "yes").mean()
    by_hand = riata.LassoClassifier().fit(X, y, sample_weight=np.where(y == "yes", 1 / share, 1 / (1 - share)))
    np.testing.assert_allclose(balanced.coef_, by_hand.coef_, rtol=1e-6)
    assert not np.allclose(balanced.coef_, riata.LassoClassifier().fit(X, y).coef_)
    with pytest.raises(InvalidOption, match="not a class"):
        riata.LassoClassifier(class_weight={"maybe": 2}).fit(X, y)


@pytest.mark.parametrize("cls", [riata.LassoClassifier, riata.LassoClassifierCV], ids=lambda cls: cls.__name__)
def test_several_classes_have_a_row_of_coefficients_each(cls, data):
    X, y = data[0], np.array(["c", "a", "b", "d"])[np.digitize(data[0][:, 0], [2.2, 3, 3.8])]
    model = cls().fit(X, y)
    assert model.classes_.tolist() == ["a", "b", "c", "d"]
    assert model.coef_.shape == (4, 6)
    assert model.coef_.flags.c_contiguous
    assert model.intercept_.shape == (4,)
    eta = model.decision_function(X)
    np.testing.assert_allclose(eta, X @ model.coef_.T + model.intercept_)
    p = model.predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_allclose(p, np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(np.log(p), model.predict_log_proba(X))
    np.testing.assert_array_equal(model.predict(X), model.classes_[p.argmax(axis=1)])
    assert model.score(X, y) > 0.7
    assert model.gap_rel_ <= 1e-8
    alpha = getattr(model, "alpha_", 0.01)
    path = riata.path(X, y, family="multinomial", lams=[alpha])
    # of an even number of classes only differences between coefficients are unique: the median is an interval
    unique = path.predict(X, lam=alpha)
    np.testing.assert_allclose(np.diff(eta, axis=1), np.diff(unique, axis=1), rtol=1e-3, atol=1e-2)
    thin, single = cls().fit(sparse.csr_array(X), y), cls().fit(X.astype(np.float32), y)
    np.testing.assert_allclose(thin.predict_proba(X), p, atol=1e-4)
    assert single.coef_.dtype == single.intercept_.dtype == np.float32
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), p)


def test_several_classes_against_scikit_learn():
    """Its saga at a tight tolerance; with an L1 penalty on every class the objective is the comparison."""
    X, y = load_iris(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    s = np.linspace(1, 2, 150)
    alpha = 0.02

    def objective(model):
        loss = sklearn.metrics.log_loss(y, model.predict_proba(X), sample_weight=s)
        return loss + alpha * np.abs(model.coef_).sum()

    ours = riata.LassoClassifier(alpha=alpha, standardize=False, tol=1e-12).fit(X, y, sample_weight=s)
    theirs = LogisticRegression(l1_ratio=1.0, solver="saga", C=1 / (alpha * s.sum()), tol=1e-10, max_iter=100_000)
    theirs.fit(X, y, sample_weight=s)
    assert objective(ours) == pytest.approx(objective(theirs), rel=1e-9)
    assert objective(ours) <= objective(theirs) * (1 + 1e-12)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
    assert np.count_nonzero(ours.coef_) < 12


def test_several_classes_weigh_score_and_bound(data):
    X, y = data[0], np.digitize(data[0][:, 0], [2.2, 3.5])
    s = np.linspace(1, 2, 120)
    by_dict = riata.LassoClassifier(class_weight={2: 3.0}).fit(X, y, sample_weight=s)
    by_hand = riata.LassoClassifier().fit(X, y, sample_weight=np.where(y == 2, 3.0, 1.0) * s)
    np.testing.assert_allclose(by_dict.coef_, by_hand.coef_, rtol=1e-4, atol=1e-6)
    balanced = riata.LassoClassifier(class_weight="balanced").fit(X, y)
    by_hand = riata.LassoClassifier().fit(X, y, sample_weight=1 / np.bincount(y)[y])
    np.testing.assert_allclose(balanced.coef_, by_hand.coef_, rtol=1e-4, atol=1e-6)
    assert riata.LassoClassifierCV(alphas=10, scoring="accuracy").fit(X, y).score_path_.max() > 0.9
    with pytest.raises(InvalidOption, match="auc does not apply"):
        riata.LassoClassifierCV(alphas=10, scoring="auc").fit(X, y)
    with pytest.raises(InvalidOption, match="Bounds go with one linear predictor"):
        riata.LassoClassifier(lower=0.0).fit(X, y)
    with pytest.raises(InvalidOption, match="not a class"):
        riata.LassoClassifier(class_weight={7: 2}).fit(X, y)


def test_exposure_is_an_offset_and_a_weighted_rate(data):
    X, targets = data
    y, exposure = targets["PoissonLasso"], np.linspace(0.5, 3, 120)
    model = riata.PoissonLasso(standardize=False).fit(X, y, exposure=exposure)
    path = riata.path(X, y, family="poisson", offset=np.log(exposure), lams=[0.01], standardize=False)
    np.testing.assert_allclose(model.coef_, path.coef[:, 0], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(model.predict(X, exposure=2.0), 2 * model.predict(X))
    # the same as rates weighted by exposure, the penalty on the scale of the weights
    rate = riata.PoissonLasso(alpha=0.01 * 120 / exposure.sum(), standardize=False)
    np.testing.assert_allclose(rate.fit(X, y / exposure, sample_weight=exposure).coef_, model.coef_, rtol=1e-3)
    with pytest.raises(InvalidData, match="exposure is not positive at row 0"):
        riata.PoissonLasso().fit(X, y, exposure=exposure - 0.5)


def test_poisson_score_is_scikit_learns(data):
    X, targets = data
    y, s = targets["PoissonLasso"], np.linspace(1, 2, 120)
    model = riata.PoissonLasso().fit(X, y)
    theirs = sklearn.metrics.d2_tweedie_score(y, model.predict(X), sample_weight=s, power=1)
    assert model.score(X, y, s) == pytest.approx(theirs, rel=1e-9)
    assert np.isnan(model.score(X, np.zeros(120)))


def test_huber_goes_to_least_squares(data):
    X, targets = data
    y = targets["HuberLasso"]
    far = riata.HuberLasso(alpha=0.05, delta=1e6).fit(X, y)
    np.testing.assert_allclose(far.coef_, riata.Lasso(alpha=0.05, standardize=True).fit(X, y).coef_, rtol=1e-6)
    assert not np.allclose(far.coef_, riata.HuberLasso(alpha=0.05).fit(X, y).coef_, rtol=1e-3)


def test_survival_targets_of_every_shape(data):
    X, targets = data
    y = targets["CoxLasso"]
    model = riata.CoxLasso().fit(X, y)
    fields = np.zeros(120, dtype=[("dead", bool), ("days", float)])
    fields["dead"], fields["days"] = y[:, 1], y[:, 0]
    np.testing.assert_array_equal(riata.CoxLasso().fit(X, fields).coef_, model.coef_)
    late = np.column_stack([np.zeros(120), y])
    np.testing.assert_allclose(riata.CoxLasso().fit(X, late).coef_, model.coef_, rtol=1e-6)
    assert model.score(X, fields) == model.score(X, y) > 0.7


def test_survival_functions():
    """Without features Breslow's baseline is Nelson and Aalen's estimator; risk multiplies the hazard."""
    y = np.array([[1.0, 1], [2, 1], [2, 0], [3, 1], [4, 0]])
    X = np.array([[1.0], [2], [3], [5], [4]])
    null = riata.CoxLasso(alpha=10).fit(X, y)
    hazard = null.predict_cumulative_hazard(X[:1], [0.5, 1, 2, 2.5, 3, 99])
    np.testing.assert_allclose(hazard[0], np.cumsum([0, 1 / 5, 1 / 4, 0, 1 / 2, 0]))
    np.testing.assert_allclose(null.event_times_, [1, 2, 3])
    model = riata.CoxLasso(alpha=0.01).fit(X, y)
    H = model.predict_cumulative_hazard(X)
    np.testing.assert_allclose(H[1] / H[0], np.exp(model.predict(X)[1] - model.predict(X)[0]))
    # martingale residuals sum to 0
    own = model.predict_cumulative_hazard(X, y[:, 0]).diagonal()
    assert own.sum() == pytest.approx(3.0)
    np.testing.assert_allclose(model.predict_survival_function(X), np.exp(-H))
    moved = riata.CoxLasso(alpha=0.01).fit(X + 1e4, y)
    np.testing.assert_allclose(moved.predict_cumulative_hazard(X + 1e4), H, rtol=1e-6)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_strata_have_a_baseline_each(ties, data):
    X, targets = data
    y = targets["CoxLasso"].copy()
    y[:, 0] = np.ceil(5 * y[:, 0])
    strata = np.where(np.arange(120) % 3 == 0, "a", "b")
    model = riata.CoxLasso(ties=ties).fit(X, y, strata=strata)
    H = model.predict_cumulative_hazard(X, y[:, 0], strata=strata).diagonal()
    for label in "ab":
        assert H[strata == label].sum() == pytest.approx(y[strata == label, 1].sum(), rel=1e-9) or ties == "efron"
    with pytest.raises(InvalidOption, match="for each stratum"):
        model.predict_survival_function(X)
    with pytest.raises(InvalidData, match="fitted stratum"):
        model.predict_survival_function(X, strata=np.full(120, "c"))
    with pytest.raises(InvalidOption, match="without strata"):
        riata.CoxLasso().fit(X, y).predict_survival_function(X, strata=strata)


def test_huber_where_second_derivatives_say_nothing(data):
    """All residuals far beyond delta, or none that tells of a column: Newton's model alone stays where it began."""
    X, targets = data
    y = 1e2 * targets["HuberLasso"]
    path = riata.path(X, y, family="huber", delta=1.35, lams=[0.3, 0.1, 0.05])
    assert path.gap_rel.max() <= 1e-8
    assert path.df[-1] >= 2
    X = np.repeat([[1.0, 3], [2, 1], [3, 3], [4, 1]], 4, axis=0)
    y, s = np.repeat([1.0, 2, 1, 2], 4), np.r_[10.0, np.ones(15)]
    model = riata.HuberLasso(delta=0.63).fit(X, y, s)
    assert model.gap_rel_ <= 1e-8
    assert model.coef_[1] < -0.4


def test_where_a_leap_to_alpha_fails_a_walk_gets_there(data, monkeypatch):
    """Rare: 1 of 160 problems made to be hard (Cauchy noise, delta far below it, more features than rows)."""
    X, y = data[0], data[1]["HuberLasso"]
    expected, asked = riata.HuberLasso().fit(X, y), []

    def solve(problem, lams, **options):
        asked.append(len(lams))
        path = solve_path(problem, lams, **options)
        return dataclasses.replace(path, gap_rel=np.ones(1)) if len(lams) == 1 else path

    monkeypatch.setattr(one_alpha, "fit_path", solve)
    model = riata.HuberLasso().fit(X, y)
    assert asked[0] == 1
    assert asked[1] > 10
    assert model.gap_rel_ <= 1e-8
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-5)
    top = lam_max(make_problem(X, y, family="huber", delta=model.delta_))
    with pytest.warns(NotConverged, match=r"1 of 1 solutions .* the largest being 1\.0e\+00 at alpha"):
        riata.HuberLasso(alpha=2 * top).fit(X, y)  # nowhere to walk from


def test_the_default_delta_follows_the_scale_of_y_and_no_outlier(data):
    X, targets = data
    y = targets["HuberLasso"]
    model = riata.HuberLasso().fit(X, y)
    mad = np.median(np.abs(y - np.median(y)))
    assert model.delta_ == pytest.approx(1.35 * 1.4826 * mad)
    for unit in (1e-6, 1e6):
        other = riata.HuberLasso(alpha=0.01 * unit).fit(X, unit * y)
        np.testing.assert_allclose(other.coef_ / unit, model.coef_, rtol=1e-5, atol=1e-8)
    wild = y.copy()
    wild[:12] = 1e6
    assert riata.HuberLasso().fit(X, wild).delta_ < 2 * model.delta_
    s = np.r_[np.full(60, 2.0), np.zeros(60)]
    assert riata.HuberLasso().fit(X, y, s).delta_ == pytest.approx(riata.HuberLasso().fit(X[:60], y[:60]).delta_)
    mostly = riata.HuberLasso().fit(X, np.where(np.arange(120) < 100, 3.0, y))
    assert np.isfinite(mostly.coef_).all()


HARD = {
    "separable": (riata.LassoClassifier, lambda X: (X[:, 0] > 3).astype(int)),
    "all counts zero": (riata.PoissonLasso, lambda X: np.zeros(120)),
    "all censored": (riata.CoxLasso, lambda X: np.column_stack([X[:, 1] + 99, np.zeros(120)])),
    "one class": (riata.LassoClassifier, lambda X: np.ones(120)),
    "constant": (riata.HuberLasso, lambda X: np.ones(120)),
    "order of death is a column": (riata.CoxLasso, lambda X: np.column_stack([X[:, 0] + 99, np.ones(120)])),
    "one large count": (riata.PoissonLasso, lambda X: np.where(np.arange(120) == 5, 1e6, 0)),
}


@pytest.mark.parametrize("alpha", [1e-1, 1e-4, 1e-7])
@pytest.mark.parametrize("case", HARD)
def test_hard_targets_end_in_an_answer_or_a_sentence(case, alpha, data):
    cls, target = HARD[case]
    X = data[0]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = cls(alpha=alpha).fit(X, target(X))
        except InvalidData as error:
            said = error.expected
            model = None
    if model is None:
        assert said
        assert case in ("all counts zero", "all censored", "one class")
        return
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.predict(X)).all()
    assert 0 <= model.gap_rel_ < 1
    assert model.gap_rel_ <= 1e-8 or any("duality gap" in str(w.message) for w in caught)


def test_breast_cancer_by_name_of_class():
    X, y = load_breast_cancer(return_X_y=True)
    names = np.array(["malignant", "benign"])[y]
    model = riata.LassoClassifierCV(scoring="auc", rule="1se").fit(X, names)
    assert model.classes_.tolist() == ["benign", "malignant"]
    assert model.score(X, names) > 0.95
    assert 1 <= np.count_nonzero(model.coef_) < 15
