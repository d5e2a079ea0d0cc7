"""Code written for scikit-learn gives the same numbers after changing only the import.

scikit-learn is run to tol=1e-12 so that the difference seen is ours and not that of its own stopping rule.
"""

import types
import warnings

import numpy as np
import pytest
import sklearn.linear_model
from scipy import sparse
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit, TimeSeriesSplit

import riata
from riata.estimators import inputs, path_functions

TIGHT = {"tol": 1e-12, "max_iter": 200_000}
SKLEARN = sklearn.linear_model


@pytest.fixture(scope="module")
def data():
    """Correlated columns of different scales and means, and weights that are not all equal."""
    rng = np.random.default_rng(3)
    n, p = 60, 25
    mix = np.eye(p) + 0.3 * rng.standard_normal((p, p))
    X = rng.standard_normal((n, p)) @ mix * np.geomspace(0.3, 3, p) + np.linspace(-2, 5, p)
    coef = np.where(np.arange(p) % 4 == 0, 1.0, 0.0) * np.where(np.arange(p) % 8 == 0, 1, -1)
    y = X @ coef + 2 * rng.standard_normal(n) + 7
    return types.SimpleNamespace(X=X, y=y, weights=rng.uniform(0.2, 3, n), n=n, p=p)


def close(ours, theirs, rtol=1e-5):
    theirs = np.asarray(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * 1e-2 * np.abs(theirs).max(initial=1e-30))


def fit_both(name, data, *, X=None, y=None, weights=None, **params):
    X, y = data.X if X is None else X, data.y if y is None else y
    ours = getattr(riata, name)(**params).fit(X, y, sample_weight=weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sklearn.exceptions.ConvergenceWarning)
        theirs = getattr(SKLEARN, name)(**{**params, **TIGHT}).fit(X, y, sample_weight=weights)
    return ours, theirs


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize(
    ("name", "params"),
    [("Lasso", {"alpha": 0.2}), ("ElasticNet", {"alpha": 0.3, "l1_ratio": 0.4}), ("ElasticNet", {"l1_ratio": 0})],
)
def test_single_fits(name, params, fit_intercept, positive, weighted, data):
    weights = data.weights if weighted else None
    ours, theirs = fit_both(name, data, weights=weights, fit_intercept=fit_intercept, positive=positive, **params)
    close(ours.coef_, theirs.coef_)
    close(ours.intercept_, theirs.intercept_)
    close(ours.predict(data.X), theirs.predict(data.X))
    assert ours.score(data.X, data.y) == pytest.approx(theirs.score(data.X, data.y), rel=1e-7)
    if params.get("l1_ratio", 1):
        np.testing.assert_array_equal(ours.coef_ != 0, np.abs(theirs.coef_) > 1e-9)
    if not fit_intercept:
        assert ours.intercept_ == 0.0


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix, sparse.csc_matrix,
                                  sparse.coo_array])  # fmt: skip
def test_sparse_is_dense(kind, index, data):
    X = np.where(np.abs(data.X - 1) > 1.5, data.X, 0.0)
    S = kind(X)
    if hasattr(S, "indices"):
        S.indices, S.indptr = S.indices.astype(index), S.indptr.astype(index)
    before = S.toarray()
    for name, params in [("Lasso", {"alpha": 0.2}), ("ElasticNetCV", {"alphas": 10})]:
        ours, theirs = fit_both(name, data, X=X, weights=data.weights, **params)
        sparse_fit = getattr(riata, name)(**params).fit(S, data.y, sample_weight=data.weights)
        close(sparse_fit.coef_, theirs.coef_)
        close(sparse_fit.coef_, ours.coef_, rtol=1e-6)
        close(sparse_fit.predict(S), theirs.predict(X))
    np.testing.assert_array_equal(S.toarray(), before)


def test_float32_gives_float32(data):
    X, y = data.X.astype(np.float32), data.y.astype(np.float32)
    ours, theirs = riata.Lasso(0.2).fit(X, y), SKLEARN.Lasso(0.2, tol=1e-7).fit(X, y)
    assert ours.coef_.dtype == theirs.coef_.dtype == np.float32
    assert ours.intercept_.dtype == theirs.intercept_.dtype
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=2e-3, atol=1e-4)
    # ... but it is solved in float64: the same data in float64 give the same coefficients to float32 precision.
    exact = riata.Lasso(0.2).fit(X.astype(np.float64), y.astype(np.float64))
    np.testing.assert_allclose(ours.coef_, exact.coef_, rtol=2e-7)
    chosen, other = riata.LassoCV(alphas=5).fit(X, y), SKLEARN.LassoCV(alphas=5).fit(X, y)
    assert chosen.coef_.dtype == other.coef_.dtype == np.float32
    assert chosen.intercept_.dtype == other.intercept_.dtype == np.float32


@pytest.mark.parametrize("layout", ["C", "F", "strided", "integers", "list", "memmap"])
def test_layouts(layout, data, tmp_path):
    X = np.round(data.X * 10)
    expected = riata.Lasso(1.0).fit(X, data.y)
    given = {
        "C": lambda: np.ascontiguousarray(X),
        "F": lambda: np.asfortranarray(X),
        "strided": lambda: np.repeat(X, 2, axis=1)[:, ::2],
        "integers": lambda: X.astype(np.int64),
        "list": lambda: X.tolist(),
        "memmap": lambda: _on_disk(X, tmp_path / "x.npy"),
    }[layout]()
    np.testing.assert_allclose(riata.Lasso(1.0).fit(given, data.y).coef_, expected.coef_, rtol=1e-9)


def _on_disk(X, file):
    np.save(file, X)
    return np.load(file, mmap_mode="r")


def test_several_targets_are_several_problems(data):
    Y = np.column_stack([data.y, data.X[:, 3] - data.y, np.sin(data.y)])
    ours, theirs = fit_both("Lasso", data, y=Y, weights=data.weights, alpha=0.15)
    assert ours.coef_.shape == theirs.coef_.shape == (3, data.p)
    close(ours.coef_, theirs.coef_)
    close(ours.intercept_, theirs.intercept_)
    close(ours.predict(data.X), theirs.predict(data.X))
    assert isinstance(ours.n_iter_, list)
    assert ours.dual_gap_.shape == (3,)
    for module in (riata, SKLEARN):
        assert np.shape(module.Lasso(fit_intercept=False).fit(data.X, Y).intercept_) == ()
    column, other = fit_both("Lasso", data, y=Y[:, :1], alpha=0.15)
    assert column.coef_.shape == other.coef_.shape
    assert column.intercept_.shape == other.intercept_.shape
    assert column.predict(data.X).shape == other.predict(data.X).shape
    assert (ours.sparse_coef_ != sparse.csr_array(ours.coef_)).nnz == 0


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("LassoCV", {}),
        ("LassoCV", {"alphas": 7, "eps": 1e-2, "fit_intercept": False}),
        ("LassoCV", {"alphas": [0.3, 2.0, 0.05, 0.3], "cv": 3}),
        ("ElasticNetCV", {"l1_ratio": [0.2, 0.7, 1.0], "alphas": 20}),
        ("ElasticNetCV", {"l1_ratio": 0.3, "cv": 4, "alphas": 20}),
        ("ElasticNetCV", {"l1_ratio": [0.9, 0.1], "alphas": [0.5, 0.1]}),
        ("ElasticNetCV", {"l1_ratio": [0.0], "alphas": [0.5, 0.1]}),
        ("ElasticNetCV", {"l1_ratio": 2e-4, "alphas": 4, "eps": 0.1}),
        ("LassoCV", {"alphas": 1, "eps": 1.0}),
    ],
)
def test_cross_validation(name, params, weighted, positive, data):
    weights = data.weights if weighted else None
    ours, theirs = fit_both(name, data, weights=weights, positive=positive, **params)
    np.testing.assert_allclose(ours.alphas_, theirs.alphas_, rtol=1e-12)
    assert ours.mse_path_.shape == theirs.mse_path_.shape
    np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-6)
    assert ours.alpha_ == pytest.approx(theirs.alpha_, rel=1e-12)
    assert hasattr(ours, "l1_ratio_") == hasattr(theirs, "l1_ratio_")
    assert getattr(ours, "l1_ratio_", None) == getattr(theirs, "l1_ratio_", None)
    close(ours.coef_, theirs.coef_)
    close(ours.intercept_, theirs.intercept_)


@pytest.mark.parametrize(
    "cv",
    [
        KFold(4, shuffle=True, random_state=0),
        ShuffleSplit(3, random_state=0),
        ShuffleSplit(3, train_size=0.5, test_size=0.2, random_state=0),
        RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
        TimeSeriesSplit(3),
        [(np.arange(40), np.arange(40, 60)), (np.r_[0:10, 20:60, 20:30], np.r_[10:20, 10:13])],
        [(np.arange(60) < 30, np.arange(60) >= 30)],
    ],
    ids=["shuffled", "shuffle-split", "half", "repeated", "time-series", "bootstrap", "masks"],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_any_splitter(cv, weighted, data):
    ours, theirs = fit_both("LassoCV", data, weights=data.weights if weighted else None, cv=cv, alphas=15)
    np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-6)
    assert ours.alpha_ == pytest.approx(theirs.alpha_, rel=1e-12)
    close(ours.coef_, theirs.coef_)


def test_folds_of_unequal_size_count_the_same():
    rng = np.random.default_rng(39)
    X = rng.standard_normal((40, 12))
    y = X[:, 0] + 2 * rng.standard_normal(40)
    small, large = np.arange(4), np.arange(4, 40)
    ours = riata.LassoCV(cv=[(large, small), (small, large)], alphas=20).fit(X, y)
    theirs = SKLEARN.LassoCV(cv=[(large, small), (small, large)], alphas=20, **TIGHT).fit(X, y)
    assert ours.alpha_ == pytest.approx(theirs.alpha_, rel=1e-12)
    by_size = ours.alphas_[ours.cv_result_.index("min")]
    assert by_size != pytest.approx(ours.alpha_, rel=0.5), "these data must tell the two means apart"


def test_cross_validation_has_the_errors_of_scikit_learn(data):
    Y = np.column_stack([data.y, data.y])
    for cls in (riata.LassoCV, SKLEARN.LassoCV):
        with pytest.raises(ValueError, match="For multi-task outputs, use MultiTask"):
            cls().fit(data.X, Y)
        with pytest.raises(ValueError, match=r"alphas\[1\] == -1"):
            cls(alphas=[1, -1]).fit(data.X, data.y)
    for cls in (riata.ElasticNetCV, SKLEARN.ElasticNetCV):
        with pytest.raises(ValueError, match="alpha grid generation is not supported for l1_ratio=0"):
            cls(l1_ratio=0).fit(data.X, data.y)


@pytest.mark.parametrize("name", ["Lasso", "ElasticNet", "LassoCV", "ElasticNetCV"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_non_finite_values_are_refused(name, bad, data):
    for where in ("X", "y", "sample_weight"):
        given = {"X": data.X.copy(), "y": data.y.copy(), "sample_weight": data.weights.copy()}
        given[where].flat[5] = bad
        for fast in (True, False):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(inputs, "_FAST", fast)
                with pytest.raises(ValueError, match=r"(?i)nan|inf"):
                    getattr(riata, name)().fit(**given)


def test_the_short_way_in_and_the_long_one_agree(data, monkeypatch):
    fast = riata.Lasso(0.2).fit(data.X, data.y)
    monkeypatch.setattr(inputs, "_FAST", False)
    slow = riata.Lasso(0.2).fit(data.X, data.y)
    np.testing.assert_array_equal(fast.coef_, slow.coef_)
    assert fast.n_features_in_ == slow.n_features_in_


def test_plain_arrays_pass_no_slow_check(data, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("scikit-learn's own reading takes longer than the solve of a small problem")

    monkeypatch.setattr(inputs, "validate_data", refuse)
    monkeypatch.setattr(path_functions, "check_array", refuse)
    riata.Lasso(0.2).fit(data.X, data.y)
    riata.LassoCV(alphas=5).fit(np.asfortranarray(data.X), data.y)
    riata.lasso_path(data.X, data.y, alphas=5)
    with pytest.raises(AssertionError):
        riata.Lasso(0.2).fit(data.X.astype(np.float32), data.y)


@pytest.mark.parametrize("name", ["LassoCV", "ElasticNetCV"])
def test_the_multi_task_classes_with_one_target_give_the_same(name, data):
    """scikit-learn's own tests compare them at a tolerance of 1e-4, which is too loose for their seven digits."""
    params = {"alphas": 5, "eps": 2e-3} | ({"l1_ratio": [0.5, 0.7]} if name == "ElasticNetCV" else {})
    ours = getattr(riata, name)(**params).fit(data.X, data.y)
    theirs = getattr(SKLEARN, f"MultiTask{name}")(**params, **TIGHT).fit(data.X, data.y[:, None])
    assert ours.alpha_ == pytest.approx(theirs.alpha_, rel=1e-12)
    assert getattr(ours, "l1_ratio_", None) == getattr(theirs, "l1_ratio_", None)
    close(ours.coef_, theirs.coef_[0])
    close(ours.intercept_, theirs.intercept_[0])


def test_diabetes_as_in_scikit_learns_examples():
    X, y = load_diabetes(return_X_y=True)
    ours, theirs = riata.LassoCV(cv=20).fit(X, y), SKLEARN.LassoCV(cv=20, **TIGHT).fit(X, y)
    np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-6)
    assert ours.alpha_ == pytest.approx(theirs.alpha_, rel=1e-12)
    close(ours.coef_, theirs.coef_)
