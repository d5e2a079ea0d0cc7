"""Does bad input get an error with row, column, what was got and what was expected, and degenerate input an answer?"""

import numpy as np
import pytest
import scipy.sparse as sp

import riata
from riata.core.errors import InvalidData, InvalidOption, RiataError
from riata.path import lam_grid, make_problem, solve_path
from riata.select.cv import cross_validate
from riata.testing import cases, check_path


@pytest.fixture
def data():
    case = cases()["tall"]
    return case.X.copy(), case.y.copy()


def message(error):
    return str(error.value)


# --- numbers that are not ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("wrap", [np.asarray, np.asfortranarray, sp.csc_matrix, sp.csr_matrix])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_non_finite_value_is_named_by_row_and_column(data, bad, wrap, dtype):
    X, y = data
    X = X.astype(dtype)
    X[17, 4] = bad
    with pytest.raises(InvalidData) as error:
        make_problem(wrap(X), y, feature_names=[f"col {j}" for j in range(12)])
    text = message(error)
    assert "row 17" in text
    assert "column 4" in text
    assert "col 4" in text
    assert ("NaN" in text) == np.isnan(bad)
    assert "expected" in text
    assert isinstance(error.value, ValueError)


@pytest.mark.parametrize("which", ["y", "sample_weight", "offset"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_non_finite_vector_is_named_by_row(data, which, bad):
    X, y = data
    vectors = {"y": y, "sample_weight": np.ones(200), "offset": np.zeros(200)}
    vectors[which][31] = bad
    with pytest.raises(InvalidData) as error:
        make_problem(X, vectors["y"], sample_weight=vectors["sample_weight"], offset=vectors["offset"])
    assert which in message(error)
    assert "row 31" in message(error)


def test_text_in_a_numeric_column(data):
    X, y = data
    text = X.astype(object)
    text[3, 7] = "many"
    with pytest.raises(InvalidData) as error:
        make_problem(text, y)
    assert "row 3" in message(error)
    assert "column 7" in message(error)
    assert "'many'" in message(error)


# --- shapes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        (np.ones((1, 3)), np.ones(1), ["1 row"]),
        (np.ones((0, 3)), np.ones(0), ["0 rows"]),
        (np.ones((5, 0)), np.ones(5), ["no columns"]),
        (np.ones(5), np.ones(5), ["2 dimensions", "reshape"]),
        (np.ones((5, 2, 2)), np.ones(5), ["3 dimensions"]),
        (np.ones((5, 2)), np.ones(4), ["(5,)", "(4,)"]),
        (np.ones((5, 2)), np.ones((5, 2)), ["(5,)"]),
    ],
)
def test_wrong_shapes(X, y, words):
    with pytest.raises(InvalidData) as error:
        make_problem(X, y)
    for word in words:
        assert word in message(error)


@pytest.mark.parametrize("which", ["sample_weight", "offset", "penalty_factor", "lower", "upper"])
def test_wrong_lengths(data, which):
    with pytest.raises(RiataError) as error:
        make_problem(*data, **{which: np.ones(7)})
    assert which in message(error)
    assert "(7,)" in message(error)


# --- weights, factors, bounds, λ --------------------------------------------------------------------------------------


def test_weights(data):
    X, y = data
    weight = np.ones(200)
    weight[9] = -0.5
    with pytest.raises(InvalidData, match="negative at row 9"):
        make_problem(X, y, sample_weight=weight)
    with pytest.raises(InvalidData, match="weight is zero"):
        make_problem(X, y, sample_weight=np.zeros(200))
    with pytest.raises(InvalidData, match="fewer than two"):
        make_problem(X, y, sample_weight=np.eye(200)[3])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lower": 0.5}, ["exclude 0", "feature 0", "[0.5, inf]"]),
        ({"upper": np.where(np.arange(12) == 5, -1.0, np.inf)}, ["exclude 0", "feature 5"]),
        ({"lower": np.nan}, ["lower"]),
        ({"penalty_factor": np.where(np.arange(12) == 2, -1.0, 1.0)}, ["penalty_factor", "feature 2"]),
        ({"penalty_factor": np.where(np.arange(12) == 2, np.nan, 1.0)}, ["penalty_factor", "feature 2"]),
        ({"l1_ratio": 1.5}, ["l1_ratio", "1.5"]),
        ({"l1_ratio": -0.1}, ["l1_ratio"]),
        ({"l1_ratio": np.nan}, ["l1_ratio"]),
        ({"family": "gausian"}, ["gausian", "gaussian"]),
    ],
)
def test_options_that_cannot_be(data, options, words):
    with pytest.raises(InvalidOption) as error:
        make_problem(*data, **options)
    for word in words:
        assert word in message(error)


@pytest.mark.parametrize(
    ("lams", "words"),
    [
        ([1.0, -0.5], ["lams[1]", "-0.5"]),
        ([np.nan], ["lams[0]", "nan"]),
        ([1.0, np.inf], ["lams[1]", "inf"]),
        ([], ["lams"]),
        (["a"], ["lams"]),
        ([[1.0, 2.0]], ["lams"]),
    ],
)
def test_lambda_that_cannot_be(data, lams, words):
    with pytest.raises(InvalidOption) as error:
        riata.path(*data, lams=lams)
    for word in words:
        assert word in message(error)


@pytest.mark.parametrize(
    "options",
    [{"n_lams": 0}, {"n_lams": 2.5}, {"lam_min_ratio": 0.0}, {"lam_min_ratio": 1.5}, {"tol": -1.0}, {"tol": np.nan}],
)
def test_grid_and_tolerance_that_cannot_be(data, options):
    with pytest.raises(InvalidOption) as error:
        riata.path(*data, **options)
    assert next(iter(options)) in message(error)


def test_fold_that_leaves_one_row():
    X, y = np.arange(6.0).reshape(3, 2) ** 2, np.array([1.0, 2.0, 4.0])
    with pytest.raises(InvalidData, match="fewer than two"):
        cross_validate(make_problem(X, y), [0.1], foldid=np.array([[0, 0, 1]]))


# --- what looks bad and is allowed ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["constant_columns", "duplicate_columns", "two_samples", "one_feature", "huge_and_tiny"]
)
def test_degenerate_data_are_solved(name):
    problem = cases()[name].problem()
    check_path(problem, solve_path(problem, lam_grid(problem, 20, 1e-3)))


@pytest.mark.parametrize("X", [np.zeros((5, 2)), np.ones((5, 2)), np.full((5, 2), 0.1)])
def test_only_constant_columns_give_the_null_model(X):
    y = np.array([1.0, 2.0, 4.0, 3.0, 2.0])
    found = riata.path(X, y)
    assert not np.any(found.coef)
    np.testing.assert_allclose(found.intercept, y.mean())


def test_names_are_kept(data):
    names = [f"v{j}" for j in range(12)]
    assert riata.path(*data, feature_names=names, lams=[0.1]).feature_names == names
    assert riata.path(*data, lams=[0.1]).feature_names == [f"x{j}" for j in range(12)]
    with pytest.raises(InvalidData, match="12"):
        riata.path(*data, feature_names=names[:5])


def test_warning_says_numbers_and_remedy(data):
    problem = cases()["near_collinear"]
    with pytest.warns(riata.NotConverged, match=r"\d+ of \d+ solutions missed tol=") as caught:
        riata.path(problem.X, problem.y, tol=1e-300)
    assert len(caught) == 1
