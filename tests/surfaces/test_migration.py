"""Moving in and out: scikit-learn's estimators and R glmnet's calls, with every convention converted."""

import json
import pathlib
import re

import numpy as np
import pytest
import sklearn.linear_model as linear
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import riata
from riata.core.errors import InvalidOption

HERE = pathlib.Path(__file__).resolve().parent.parent / "data" / "glmnet"
X, Y = load_diabetes(return_X_y=True)
RAW = load_diabetes(return_X_y=True, scaled=False)[0]
TASKS = np.column_stack([Y, Y[::-1] + 5 * RAW[:, 2]])
TIGHT = {"tol": 1e-12, "max_iter": 100_000}
# Until scikit-learn 1.8 the mixing counted only beside a word for it.
OLD = linear.LogisticRegression().get_params().get("penalty", "deprecated") == "l2"
WEIGHT = 1.0 + np.arange(len(Y)) % 3


def close(found, wanted, rel):
    np.testing.assert_allclose(found, wanted, rtol=0, atol=rel * np.abs(wanted).max())


SINGLE = [
    (linear.Lasso(alpha=0.4, positive=True), Y),
    (linear.Lasso(alpha=0.4, fit_intercept=False), Y),
    (linear.ElasticNet(alpha=0.02, l1_ratio=0.7), Y),
    (linear.LassoLars(alpha=0.4), Y),
    (linear.MultiTaskLasso(alpha=0.5), TASKS),
    (linear.MultiTaskElasticNet(alpha=0.02, l1_ratio=0.3), TASKS),
]


@pytest.mark.parametrize(("theirs", "y"), SINGLE, ids=lambda v: type(v).__name__)
def test_the_twin_has_the_solution(theirs, y):
    if "tol" in theirs.get_params():
        theirs = clone(theirs).set_params(**TIGHT)
    theirs.fit(X, y)
    twin = riata.from_sklearn(theirs)
    assert np.array_equal(twin.predict(X), theirs.predict(X)), "a fitted one predicts before any fit"
    assert twin.tol == 1e-8
    ours = twin.set_params(tol=1e-12).fit(X, y)
    close(ours.coef_, theirs.coef_, 1e-5)
    back = riata.to_sklearn(ours)
    assert isinstance(back, linear.Lasso if isinstance(theirs, linear.LassoLars) else type(theirs))
    np.testing.assert_allclose(back.predict(X), ours.predict(X), rtol=1e-12)
    close(clone(back).set_params(**TIGHT).fit(X, y).coef_, ours.coef_, 1e-5)


@pytest.mark.parametrize("cls", ["LassoCV", "ElasticNetCV", "MultiTaskLassoCV", "MultiTaskElasticNetCV"])
def test_cross_validation(cls):
    y = TASKS if "Multi" in cls else Y
    theirs = getattr(linear, cls)(alphas=[1.0, 0.3, 0.1], cv=4, tol=1e-9, max_iter=50_000).fit(X, y)
    twin = riata.from_sklearn(theirs)
    assert twin.alpha_ == theirs.alpha_
    ours = clone(twin).fit(X, y)
    assert ours.alpha_ == theirs.alpha_
    close(ours.mse_path_, theirs.mse_path_, 1e-5)
    back = riata.to_sklearn(ours)
    assert type(back) is type(theirs)
    assert back.alpha_ == ours.alpha_
    assert {k: v for k, v in back.get_params().items() if k not in ("tol", "n_alphas")} == {
        k: v for k, v in theirs.get_params().items() if k not in ("tol", "n_alphas")
    }


@pytest.mark.parametrize(("with_mean", "fit_intercept"), [(True, True), (False, True), (False, False)])
def test_a_scaler_is_standardize(with_mean, fit_intercept):
    net = linear.ElasticNet(alpha=2.0, l1_ratio=0.6, fit_intercept=fit_intercept, **TIGHT)
    theirs = make_pipeline(StandardScaler(with_mean=with_mean), net).fit(RAW, Y)
    twin = riata.from_sklearn(theirs)
    assert twin.standardize
    np.testing.assert_allclose(twin.predict(RAW), theirs.predict(RAW), rtol=1e-9)
    ours = clone(twin).set_params(tol=1e-12).fit(RAW, Y)
    close(ours.coef_, twin.coef_, 1e-6)
    fresh = riata.to_sklearn(clone(ours))
    assert isinstance(fresh[0], StandardScaler)
    np.testing.assert_allclose(
        fresh.set_params(elasticnet__tol=1e-12).fit(RAW, Y).predict(RAW), ours.predict(RAW), rtol=1e-7
    )
    np.testing.assert_allclose(riata.to_sklearn(ours).predict(RAW), ours.predict(RAW), rtol=1e-12)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
def test_c_of_logistic_regression(many, l1_ratio):
    data, y = (load_iris if many else load_breast_cancer)(return_X_y=True)
    data = StandardScaler().fit_transform(data[:, :6])
    weight = 1.0 + np.arange(len(y)) % 2
    words = {"solver": "saga", "C": 0.2, "l1_ratio": l1_ratio, "tol": 1e-10, "max_iter": 50_000}
    words |= {"penalty": "elasticnet"} if OLD else {}
    theirs = linear.LogisticRegression(**words).fit(data, y, weight)
    twin = riata.from_sklearn(theirs, n_samples=weight.sum())
    assert twin.alpha == pytest.approx(5 / weight.sum())
    assert not twin.standardize
    np.testing.assert_allclose(twin.predict_proba(data), theirs.predict_proba(data), atol=1e-14)
    ours = clone(twin).set_params(tol=1e-12).fit(data, y, weight)
    close(ours.coef_, theirs.coef_, 1e-4)
    wrong = clone(twin).set_params(alpha=5 / len(y)).fit(data, y, weight)
    assert np.abs(wrong.coef_ - theirs.coef_).max() > 1e-2, "the data can tell rows from weights"
    back = riata.to_sklearn(ours, n_samples=weight.sum())
    np.testing.assert_allclose(back.predict_proba(data), ours.predict_proba(data), atol=1e-12)
    assert back.C == pytest.approx(0.2)
    assert np.array_equal(back.predict(data), ours.predict(data))


def test_a_ridge_and_no_penalty():
    twin = riata.from_sklearn(linear.LogisticRegression(C=0.5), n_samples=100)
    assert (twin.alpha, twin.l1_ratio) == (pytest.approx(0.02), 0.0)
    assert riata.from_sklearn(linear.LogisticRegression(C=np.inf), n_samples=100).alpha == 0
    assert riata.to_sklearn(riata.LassoClassifier(alpha=0, standardize=False), n_samples=100).C == np.inf


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: riata.from_sklearn(linear.Ridge()), "no estimator for this one"),
        (lambda: riata.from_sklearn(linear.LogisticRegression(C=1.0)), "without the number of rows"),
        (lambda: riata.from_sklearn(linear.LogisticRegression(solver="liblinear"), n_samples=9), "the intercept"),
        (lambda: riata.from_sklearn(make_pipeline(linear.Lasso())), "no estimator for this pipeline"),
        (
            lambda: riata.from_sklearn(make_pipeline(StandardScaler(), linear.Lasso(fit_intercept=False))),
            "without intercept on centred",
        ),
        (lambda: riata.to_sklearn(riata.PoissonLasso()), "no estimator for this one"),
        (lambda: riata.to_sklearn(riata.Lasso(penalty_factor=[1, 2])), "nothing for penalty_factor"),
        (lambda: riata.to_sklearn(riata.LassoCV(rule="1se")), "nothing for rule"),
        (lambda: riata.to_sklearn(riata.LassoClassifier(alpha=1)), "without the number of rows"),
        (lambda: riata.from_glmnet(family="quasi"), "family of glmnet"),
        (lambda: riata.from_glmnet(alpha=0.5), "y is needed"),
        (lambda: riata.from_glmnet(exclude=[1]), "x is needed"),
        (lambda: riata.from_glmnet(relax=True), 'argument "relax"'),
        (lambda: riata.from_glmnet(lamda=3), 'argument "lamda"'),
        (lambda: riata.from_glmnet(**{"type.measure": "rmse"}), "no such type.measure"),
        (lambda: riata.to_glmnet(family="huber"), "no family"),
        (lambda: riata.to_glmnet(penalty="mcp"), "no such penalty"),
        (lambda: riata.to_glmnet(family="multigaussian"), "no such penalty"),
        (lambda: riata.to_glmnet(l1_ratio=0.5), "y is needed"),
        (lambda: riata.to_glmnet(groups=[1]), 'nothing for "groups"'),
        (lambda: riata.to_glmnet(penalty_factor=[0, 0]), "above 0"),
    ],
)
def test_what_has_no_counterpart_is_refused(call, why):
    with pytest.raises(InvalidOption, match=why):
        call()


# --- R glmnet ---------------------------------------------------------------------------------------------------------


def stored(name):
    data = np.load(HERE / f"{name}.npz")
    return data, json.loads(str(data["meta"]))["args"]


@pytest.mark.parametrize("name", ["gaussian_lasso_std", "gaussian_lasso_nostd", "gaussian_enet05_std"])
def test_a_call_of_glmnet_gives_its_coefficients(name):
    data, args = stored(f"sklearn_diabetes__{name}")
    call = {key: value for key, value in args.items() if key not in ("thresh", "maxit")}
    options = riata.from_glmnet(X, Y, **call | {"lambda": data["lambda"]}, thresh=1e-14)
    path = riata.path(X, Y, **options)
    close(path.coef * path.scale[:, None], data["beta"] * path.scale[:, None], 1e-4)
    if name == "gaussian_enet05_std":
        plain = riata.path(X, Y, **options | {"lams": data["lambda"], "l1_ratio": 0.5})
        assert np.abs(plain.coef - data["beta"]).max() > 0.1 * np.abs(data["beta"]).max(), "y's scale matters"


@pytest.mark.parametrize("kind", ["ungrouped", "grouped"])
def test_multinomial(kind):
    data, y = load_iris(return_X_y=True)
    found, _ = stored(f"sklearn_iris__multinomial_{'lasso' if kind == 'ungrouped' else kind}_std")
    lams = found["lambda"][:40]
    path = riata.path(data, y, **riata.from_glmnet(family="multinomial", type_multinomial=kind, lambda_=lams))
    beta = found["beta"].transpose(1, 0, 2)[..., :40]
    close(path.coef, beta, 1e-4)


def test_factors_are_rescaled_and_excluded_ones_count():
    options = riata.from_glmnet(**{"penalty.factor": [0, 1, 1, 2, np.inf]}, exclude=[2])
    assert options["penalty_factor"].tolist() == [0, np.inf, 1, 2, np.inf]
    options = riata.from_glmnet(penalty_factor=[1, 1, 4, 2])
    assert options["penalty_factor"].tolist() == [0.5, 0.5, 2, 1]
    assert riata.from_glmnet(X, exclude=3)["penalty_factor"].tolist() == [1, 1, np.inf] + [1] * 7


def test_the_other_arguments_have_their_words():
    call = {"nlambda": 7, "lambda.min.ratio": 0.1, "intercept": False, "weights": WEIGHT, "lower.limits": 0}
    call |= {"type.measure": "class", "nfolds": 4, "upper.limits": 3, "dfmax": np.inf, "relax": False}
    assert riata.from_glmnet(family="mgaussian", **call) == {
        "family": "multigaussian", "l1_ratio": 1.0, "penalty": "group", "sample_weight": WEIGHT,
        "fit_intercept": False, "n_lams": 7, "lam_min_ratio": 0.1, "lower": 0, "upper": 3, "folds": 4,
        "measure": "accuracy",
    }  # fmt: skip


# (call, coefficients with the intercept first) by R 4.2.2 with glmnet 4.1-6, thresh = 1e-16, maxit = 1e8; x: the
# diabetes table in its original units, y its target.
BY_R = [
    (
        {"alpha": 0.002507130972672897, "lambda": 598.293434347717, "intercept": False},
        [0.0, 0.08038049940887, -1.33684713416889, 1.59847741175766, 0.33817990262351, 0.0214158130176,
         0.00385812942973, -0.36500750547699, 2.97142510587964, 11.5225810953061, 0.26902040740761],
    ),
    (
        {"alpha": 0.029621312775802783, "lambda": 70.89489975999507, "weights": WEIGHT},
        [-119.9934891090406, 0.0106759891534, -3.3642737925075, 3.1908067890013, 0.6304342012285, 0.0,
         0.0, -0.5253806090992, 4.1233847787778, 22.7542958190014, 0.4032497386462],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("call", "found"), BY_R)
def test_the_scale_of_y_is_weighted_and_about_zero_without_intercept(call, found):
    path = riata.path(RAW, Y, **riata.from_glmnet(RAW, Y, **call))
    close(path.coef[:, 0] * path.scale, np.array(found[1:]) * path.scale, 2e-6)
    assert path.intercept[0] == pytest.approx(found[0], rel=1e-6)


ROUND = [
    {"lams": [20.0, 5.0, 1.0]},
    {"lams": [5.0, 1.0], "l1_ratio": 0.5},
    {"lams": [5.0], "l1_ratio": 0.3, "fit_intercept": False, "standardize": False},
    {"lams": [5.0, 1.0], "l1_ratio": 0.5, "penalty_factor": [0, 1, 1, 2, np.inf, 1, 1, 1, 1, 3]},
    {"lams": [3.0], "l1_ratio": 0.7, "sample_weight": WEIGHT},
    {"lams": [5.0], "lower": -1.0, "upper": 2.0},
    {"lams": [0.1], "family": "poisson", "l1_ratio": 0.5, "penalty_factor": [1, 1, 1, 1, 1, 1, 1, 1, 1, 4]},
]


def parsed(text):
    """The arguments of an R call as Python values."""
    inside = re.fullmatch(r"glmnet\(x, y, (.*)\)", text)[1]
    parts = re.findall(r"([\w.]+) = (c\([^)]*\)|\"\w+\"|[^,]+)", inside)
    names = {"TRUE": True, "FALSE": False, "weights": WEIGHT, "c": lambda *v: list(v), "Inf": np.inf}
    return {name: eval(value, {"__builtins__": {}}, names) for name, value in parts}


@pytest.mark.parametrize("options", ROUND)
def test_there_and_back_is_the_same_problem(options):
    y = np.round(Y / 50) if options.get("family") == "poisson" else Y
    call = parsed(riata.to_glmnet(RAW, y, **options))
    first, second = (riata.path(RAW, y, **o) for o in (options, riata.from_glmnet(RAW, y, **call)))
    close(second.coef, first.coef, 1e-7)


def test_the_r_call_in_words():
    assert riata.to_glmnet(X, Y, lams=5.0) == "glmnet(x, y, lambda = 5, thresh = 1e-14)"
    text = riata.to_glmnet(RAW, Y, **ROUND[3])
    assert "penalty.factor = c(0, 1, 1, 2, 1, 1, 1, 1, 1, 3), exclude = c(5)" in text
    sd = Y.std()
    alpha = 0.5 / (0.5 * sd + 0.5)
    lam = 5.0 / (alpha + (1 - alpha) / sd) * 12 / 10
    assert parsed(text)["alpha"] == pytest.approx(alpha, rel=1e-12)
    assert parsed(text)["lambda"][0] == pytest.approx(lam, rel=1e-12)
    assert riata.to_glmnet(family="multinomial", penalty="group") == (
        'glmnet(x, y, family = "multinomial", type.multinomial = "grouped", thresh = 1e-14)'
    )
