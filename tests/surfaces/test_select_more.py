"""explain, compare, FeatureSelector: what they say agrees with the fits they speak of."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

import riata
from riata.core.errors import InvalidOption


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True, scaled=False, as_frame=True)


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_explanations_are_the_optimality_conditions(diabetes, family, l1_ratio):
    X, y = diabetes
    y = y if family == "gaussian" else (y > 140).astype(int)
    names = list(X.columns)
    sel = riata.select(X.to_numpy(), y.to_numpy(), family=family, l1_ratio=l1_ratio, feature_names=names, tol=1e-10)
    for name in X.columns:
        why = sel.explain(name)
        assert why.selected == (name in sel.features)
        if why.selected:
            assert why.have == pytest.approx(why.need, rel=2e-4)
            assert why.entry >= sel.lam
        else:
            assert 0 < why.slack
            assert why.entry is None or why.entry < sel.lam
    if family == "gaussian" and l1_ratio == 1.0:
        assert "s2 is not in the model" in str(sel.explain("s2"))
    with pytest.raises(InvalidOption, match='did you mean "bmi"'):
        sel.explain("bmj")


def test_a_twin_is_named():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 3))
    X[:, 2] = X[:, 0] + 0.2 * rng.standard_normal(100)
    sel = riata.select(X, X[:, 0] + 0.5 * rng.standard_normal(100), feature_names=["a", "b", "twin"])
    assert sel.features == ["a"]
    ((name, r),) = sel.explain("twin").stands_in
    assert name == "a"
    assert r == pytest.approx(np.corrcoef(X[:, 0], X[:, 2])[0, 1])
    assert "In its place: a (correlation +0.9" in str(sel.explain("twin"))


def test_compare(diabetes):
    X, y = (a.to_numpy() for a in diabetes)
    lams = [20.0, 5.0, 1.0]
    found = riata.compare(X, y, lams)
    table = found.to_frame()
    assert table["model"] == ["lasso"] * 3 + ["elastic net"] * 3 + ["ridge"] * 3
    assert table["n_features"][-3:] == [10, 10, 10]
    for name, ratio in (("lasso", 1.0), ("elastic net", 0.5), ("ridge", 0.0)):
        assert found.coef(name) == pytest.approx(riata.path(X, y, lams=lams, l1_ratio=ratio).coef, rel=1e-6)
    alone = riata.select(X, y, lams=lams)
    assert table["error"][:3] == pytest.approx(alone.cv.cvm.tolist(), rel=1e-10)
    two = riata.compare_l1_l2(X, y)
    assert list(two.fits) == ["lasso", "ridge"]
    assert "of 10 features" in repr(two)


def test_feature_selector_in_a_pipeline(diabetes):
    X, y = diabetes
    selector = riata.FeatureSelector(rule="bic").set_output(transform="pandas").fit(X, y)
    kept = list(selector.get_feature_names_out())
    assert kept == [c for c in X.columns if c in selector.selection_.features]
    assert list(selector.transform(X).columns) == kept
    assert selector.get_support().sum() == len(kept) == 7
    other = riata.FeatureSelector(rule="bic", noise=1e5).fit(X, y)
    assert other.get_support().sum() < 7
    pipe = make_pipeline(riata.FeatureSelector(rule="1se", folds=5), LinearRegression())
    assert cross_val_score(pipe, X, y, cv=3).min() > 0.3


@pytest.mark.filterwarnings("ignore:No features were selected")
def test_feature_selector_is_a_good_citizen():
    check_estimator(riata.FeatureSelector(folds=3, rule="min"), on_skip=None)


def test_no_pvalues_by_accident(diabetes):
    """What was chosen by y carries no p-value, standard error or interval; those come from riata.inference only."""
    X, y = diabetes
    sel = riata.select(X.to_numpy(), y.to_numpy())
    relaxed = riata.relaxed_lasso(X.to_numpy(), y.to_numpy())
    selector = riata.FeatureSelector().fit(X, y)
    twins, validation = sel.twins(), sel.validate(methods=["lasso", "mfdr"], n_boot=2)
    for thing in (sel, sel.model, sel.path, sel.cv, relaxed, selector, twins, validation, sel.explain("x2")):
        words = [name.lower() for name in dir(thing)]
        assert not [
            w for w in words if w in {"p", "ci", "se", "bse"} or w.startswith(("pval", "p_val", "conf_int", "std_err"))
        ]
    for frame in (sel.to_frame(), relaxed.to_frame(), twins.to_frame(), validation.to_frame(), *sel.coef_table):
        assert not {"p", "pvalue", "p-value", "ci", "lower", "upper"} & set(frame)
