"""Do the classes of the other families agree with scikit-learn's at tolerances far below its defaults?"""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import HuberRegressor, LogisticRegression, PoissonRegressor
from sklearn.preprocessing import StandardScaler

import riata


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def objective(w, b, X, y, alpha):
    eta = X @ w + b
    return np.mean(np.logaddexp(0, eta) - y * eta) + alpha * np.abs(w).sum()


@pytest.mark.parametrize("alpha", [0.1, 0.02])
def test_two_classes(cancer, alpha):
    X, y = cancer
    theirs = LogisticRegression(
        C=1 / (alpha * len(y)), l1_ratio=1.0, solver="saga", tol=1e-10, max_iter=100_000, random_state=0
    ).fit(X, y)
    ours = riata.LassoClassifier(alpha=alpha, tol=1e-12).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-5)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    mine = objective(ours.coef_[0], ours.intercept_[0], X, y, alpha)
    assert mine <= objective(theirs.coef_[0], theirs.intercept_[0], X, y, alpha) + 1e-13


def test_two_classes_with_class_weights_and_ridge(cancer):
    X, y = cancer
    s = np.linspace(0.5, 2, len(y))
    total = np.bincount(y, weights=s)
    theirs = LogisticRegression(
        C=1 / (0.05 * s.sum()), l1_ratio=0.0, tol=1e-12, max_iter=10_000, class_weight={0: total[1], 1: total[0]}
    )
    # the same weights, on a scale of which scikit-learn's C is none: the sum of s
    scale = s.sum() / (s @ np.where(y == 1, total[0], total[1]))
    theirs.set_params(class_weight={0: total[1] * scale, 1: total[0] * scale}).fit(X, y, sample_weight=s)
    ours = riata.LassoClassifier(alpha=0.05, l1_ratio=0.0, standardize=False, class_weight="balanced", tol=1e-12)
    ours.fit(X, y, sample_weight=s)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-4, atol=1e-6)


def test_counts_in_the_limit_of_ridge():
    X, y = load_diabetes(return_X_y=True)
    X, y = 20 * X, np.round(y / 30)
    s = np.linspace(0.5, 2, len(y))
    theirs = PoissonRegressor(alpha=0.3, tol=1e-12, max_iter=10_000, solver="newton-cholesky").fit(X, y, s)
    ours = riata.PoissonLasso(alpha=0.3, l1_ratio=0.0, standardize=False, tol=1e-13).fit(X, y, s)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-6)
    assert ours.score(X, y, s) == pytest.approx(theirs.score(X, y, s), rel=1e-8)
    free = riata.PoissonLasso(alpha=0.0, tol=1e-12).fit(X, y)
    np.testing.assert_allclose(
        free.coef_, PoissonRegressor(alpha=0, tol=1e-13, max_iter=10_000).fit(X, y).coef_, rtol=1e-3
    )


def test_outliers_in_the_limit_of_no_penalty():
    """scikit-learn's Huber estimates a scale; at that scale the minimiser over the coefficients is ours."""
    X, y = load_diabetes(return_X_y=True)
    X, y = 20 * X, y / 50
    y[::40] += 20
    theirs = HuberRegressor(alpha=0.0, tol=1e-10, max_iter=100_000).fit(X, y)
    ours = riata.HuberLasso(alpha=0.0, delta=theirs.epsilon * theirs.scale_, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=2e-4)
    assert not np.allclose(ours.predict(X), riata.Lasso(alpha=1e-9).fit(X, y).predict(X), atol=0.05)
