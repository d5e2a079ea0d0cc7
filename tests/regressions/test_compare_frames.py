"""A comparison as a table, where models have several outputs and folds are repeated."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

import riata


def test_several_outputs_have_one_length_for_each_lambda():
    found = riata.compare(*load_iris(return_X_y=True), family="multinomial", n_lams=8, folds=3)
    frame = found.to_frame()
    lasso = found.fits["lasso"].path
    per_sd = lasso.coef * lasso.scale.reshape(-1, 1, 1)
    mine = np.array(frame["model"]) == "lasso"
    np.testing.assert_allclose(np.array(frame["l1"])[mine], np.abs(per_sd).sum(axis=(0, 1)), rtol=1e-12)


def test_repeats_do_not_make_a_difference_surer():
    """The standard error is that of one division into folds, whatever the number of divisions."""
    X, y = load_diabetes(return_X_y=True)
    errors = []
    for repeats in (1, 8):
        found = riata.compare(X, y, n_lams=20, folds=5, repeats=repeats)
        (other,) = {"ridge", "lasso"} - {found.best} if found.best in ("ridge", "lasso") else {"ridge"}
        errors.append(found.behind(other)[1])
    assert errors[1] == pytest.approx(errors[0], rel=0.5)  # 8 repeats without care: √(39/4) = 3.1 times smaller
