"""Columns of a sparse X are gathered by a kernel that checks nothing: what it cannot read goes another way."""

import numpy as np
import pytest
import scipy.sparse as sp

from riata.design import as_design


@pytest.fixture
def X():
    return sp.random_array((20, 6), density=0.3, format="csc", rng=np.random.default_rng(0))


def test_columns_by_any_index(X):
    design = as_design(X)
    for cols in ([0, 3], np.arange(6)[::2], np.arange(6)[::-1], np.array([], int), [-1]):
        np.testing.assert_array_equal(design.columns(np.asarray(cols)), X.toarray()[:, cols])


def test_a_column_that_is_not_there_is_an_error(X):
    with pytest.raises(IndexError):
        as_design(X).columns(np.array([0, 6]))


def test_indices_of_two_types(X):
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int64)
    np.testing.assert_array_equal(as_design(X).columns(np.array([1, 2])), X.toarray()[:, [1, 2]])
