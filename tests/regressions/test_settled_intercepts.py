"""Intercepts that were loosely settled kept the gap of nearly separable classes at 2.8e-7, and a warning said so."""

from sklearn.datasets import load_iris

import riata


def test_a_fold_of_iris_reaches_the_tolerance():
    X, y = load_iris(return_X_y=True)
    found = riata.select(X, y, family="multinomial", n_lams=30, folds=5)
    assert found.cv.gap_rel.max() <= 1e-8
    assert not found.warnings
