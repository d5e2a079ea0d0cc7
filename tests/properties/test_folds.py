"""Folds in lock-step: each training fit is certified on its own rows, and equals a fit that never saw the others."""

import numpy as np
import pytest
import scipy.sparse as sp

from riata.path import lam_grid, make_problem, solve_path
from riata.select.cv import cross_validate
from riata.testing import cases, certify_folds

NAMES = sorted(set(cases()) - {"two_samples"})


def folds_of(n, k=4, seed=0):
    return np.random.default_rng(seed).permutation(np.arange(n) % k)


EXTRAS = [{}, {"standardize": False}, {"fit_intercept": False}, {"l1_ratio": 0.5}]


def sensible(name, extra):
    """Columns from 1e-150 to 1e150 share a λ only when standardised; those of mean >> sd want an intercept."""
    if name == "huge_and_tiny":
        return not extra
    return name != "timestamps" or extra != {"fit_intercept": False}


@pytest.mark.parametrize(("name", "extra"), [(n, e) for n in NAMES for e in EXTRAS if sensible(n, e)], ids=str)
def test_every_training_fit_is_certified(name, extra):
    case = cases()[name]
    problem = case.problem(**extra)
    certify_folds(problem, folds_of(case.y.size), n_lams=20, lam_min_ratio=1e-2).check(1e-8)


@pytest.mark.parametrize("name", ["tall", "wide", "sparse_counts", "one_hot", "everything", "timestamps"])
@pytest.mark.parametrize("measure", ["mse", "mae"])
def test_lock_step_is_each_fold_on_its_own_rows(name, measure):
    case = cases()[name]
    problem = case.problem()
    foldid = folds_of(case.y.size)
    foldid[:3] = -1  # never held out
    lams = lam_grid(problem, 15, 1e-2)
    found = cross_validate(problem, lams, foldid=foldid.reshape(1, -1), tol=1e-12, measure=measure)
    options = {k: v for k, v in case.options.items() if k not in ("sample_weight", "offset")}
    for fold in range(4):
        train, test = foldid != fold, foldid == fold
        alone = make_problem(
            case.X[train],
            case.y[train],
            sample_weight=problem.sample_weight[train],
            offset=problem.offset[train],
            **options,
        )
        path = solve_path(alone, lams, tol=1e-12)
        rest = make_problem(case.X[test], case.y[test])
        error = (case.y - problem.offset)[test][:, None] - rest.design.dot(path.coef) - path.intercept
        loss = error**2 if measure == "mse" else np.abs(error)
        expected = np.average(loss, axis=0, weights=problem.sample_weight[test])
        np.testing.assert_allclose(found.loss[:, fold], expected, rtol=1e-5)
        assert found.fold_weight[fold] == pytest.approx(problem.sample_weight[test].sum())


def test_curve_weighs_folds_by_the_weight_they_hold_out():
    case = cases()["everything"]
    foldid = np.where(np.arange(90) < 60, 0, folds_of(90, 3) + 1)  # a fold of sixty rows and three of ten
    found = cross_validate(case.problem(), foldid=foldid.reshape(1, -1), n_lams=15)
    share = found.fold_weight / found.fold_weight.sum()
    cvm = found.loss @ share
    np.testing.assert_allclose(found.cvm, cvm, rtol=1e-12)
    np.testing.assert_allclose(found.cvse, np.sqrt((found.loss - cvm[:, None]) ** 2 @ share / 3), rtol=1e-9)
    assert np.max(np.abs(found.loss.mean(axis=1) / cvm - 1)) > 0.01  # equal weights would be another curve


def test_scaling_is_learnt_inside_the_fold():
    """A column that is huge on the held-out rows only: scaled by all rows it would be shrunk away in training."""
    case = cases()["tall"]
    foldid = folds_of(200)
    X = (case.X - case.X.mean(axis=0)) / case.X.std(axis=0)
    X[foldid == 0, int(np.argmax(np.abs(X.T @ case.y)))] *= 100.0
    problem = make_problem(X, case.y)
    lams = lam_grid(problem, 15, 1e-2)
    found = cross_validate(problem, lams, foldid=foldid.reshape(1, -1), tol=1e-12)
    train = foldid != 0

    def loss(X_train, X_test, **options):
        path = solve_path(make_problem(X_train, case.y[train], **options), lams, tol=1e-12)
        return ((case.y[~train][:, None] - X_test @ path.coef - path.intercept) ** 2).mean(axis=0)

    np.testing.assert_allclose(found.loss[:, 0], loss(X[train], X[~train]), rtol=1e-5)
    Z = X / X.std(axis=0)
    leaking = loss(Z[train], Z[~train], standardize=False)
    assert np.max(np.abs(found.loss[:, 0] / leaking - 1)) > 0.1


@pytest.mark.parametrize("factor", [1e3, 1e6, 1e9])
@pytest.mark.parametrize("sparse", [False, True])
def test_fold_that_holds_nearly_all_the_variance(factor, sparse):
    """The training Gram is a difference of two: what one fold dwarfs must not be lost in it."""
    case = cases()["tall"]
    foldid = folds_of(200)
    X = (case.X - case.X.mean(axis=0)) / case.X.std(axis=0)
    X[foldid == 1, :4] *= factor
    y = np.where(foldid == 1, case.y * factor, case.y)
    problem = make_problem(sp.csc_matrix(X) if sparse else X, y)
    found = certify_folds(problem, foldid, np.geomspace(1.0, 1e-2, 10), tol=1e-8)
    # rounding is larger here than what `check` grants: λ is down to 1e-11 λ_max, and a difference of Gram matrices
    # whose ratio is factor² keeps so many digits less; a lost training Gram would give gaps of order one
    assert found.certified.max() <= 1e-9
    assert found.stored.max() <= 1e-8


def test_column_that_is_constant_in_training():
    """Constant but for one fold: excluded where it cannot be seen, used elsewhere."""
    case = cases()["tall"]
    foldid = folds_of(200)
    for level in [0.0, 0.1, 1e6]:
        X = case.X.copy()
        X[:, 2] = np.where(foldid == 1, X[:, 2], level)
        problem = make_problem(X, case.y)
        certify_folds(problem, foldid, n_lams=20, lam_min_ratio=1e-3).check(1e-8)


@pytest.mark.parametrize("name", ["tall", "wide", "sparse_wide"])
def test_folds_do_not_depend_on_threads_or_on_their_order(name):
    case = cases()[name]
    problem = case.problem()
    foldid = folds_of(case.y.size)
    lams = lam_grid(problem, 15, 1e-2)
    one = cross_validate(problem, lams, foldid=foldid.reshape(1, -1), threads=1)
    two = cross_validate(problem, lams, foldid=foldid.reshape(1, -1), threads=2)
    assert np.array_equal(one.loss, two.loss)
    assert np.array_equal(one.gap_rel, two.gap_rel)
    turned = cross_validate(problem, lams, foldid=(3 - foldid).reshape(1, -1), tol=1e-12)
    np.testing.assert_allclose(turned.loss[:, ::-1], one.loss, rtol=1e-3)


@pytest.mark.parametrize("factor", [1e-150, 1e-6, 1e6, 1e150])
def test_units_of_y_scale_the_curve(factor):
    case = cases()["tall"]
    foldid = folds_of(200).reshape(1, -1)
    lams = lam_grid(case.problem(), 15, 1e-2)
    one = cross_validate(case.problem(), lams, foldid=foldid, measure="mae")
    other = cross_validate(make_problem(case.X, case.y * factor), lams * factor, foldid=foldid, measure="mae")
    np.testing.assert_allclose(other.cvm / factor, one.cvm, rtol=1e-6)
    for rule in ("min", "1se"):
        assert other.index(rule) == one.index(rule)
        if abs(np.log10(factor)) < 140:  # squares of 1e150 are not representable
            squared = cross_validate(make_problem(case.X, case.y * factor), lams * factor, foldid=foldid)
            assert squared.index(rule) == cross_validate(case.problem(), lams, foldid=foldid).index(rule)
