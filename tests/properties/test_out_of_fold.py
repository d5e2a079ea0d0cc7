"""Out-of-fold predictions are those that cross-validation scored, and know nothing of the rows that they predict."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import ShuffleSplit

import riata
from riata import scores
from riata.core.errors import InvalidData, InvalidOption
from riata.path import make_problem
from riata.select.cv import cross_validate
from riata.select.folds import make_folds

FEW = {"n_lams": 25, "folds": 5}


def table():
    return load_diabetes(return_X_y=True, as_frame=True, scaled=False)


def with_gaps(X):
    return X.mask(np.random.default_rng(0).random(X.shape) < 0.05)


def events(X, y):
    rng = np.random.default_rng(1)
    return X.assign(time=y + rng.random(len(y)), event=(rng.random(len(y)) < 0.7).astype(float))


def selected(kind):
    X, y = table()
    few = FEW if kind != "min" else FEW | {"rule": "min"}
    if kind in ("adaptive", "mcp"):
        return riata.select(X, y, penalty=kind, **few)
    if kind == "group":
        return riata.select(X, y, penalty=kind, groups={"blood": ["s1", "s2", "s3"]}, **few)
    if kind == "gaps":
        return riata.select(with_gaps(X).assign(y=y), "y", na="mean", **few)
    if kind == "weights":
        return riata.select(X, y, sample_weight=np.random.default_rng(2).integers(0, 3, len(y)), **few)
    if kind == "offset":
        return riata.select(X, y, offset=np.linspace(0, 50, len(y)), **few)
    if kind == "binomial":
        return riata.select(X, (y > 150).astype(float), family=kind, **few)
    if kind == "auc":
        return riata.select(X, (y > 150).astype(float), family="binomial", measure=kind, **few)
    if kind == "poisson":
        return riata.select(X, np.round(y / 20), family=kind, exposure=1 + y * 0 + np.arange(len(y)) % 3, **few)
    if kind == "multinomial":
        return riata.select(*load_iris(return_X_y=True, as_frame=True), family=kind, lam_min_ratio=0.01, **few)
    if kind == "multigaussian":
        return riata.select(X.assign(a=y, b=y**2 / 100), ["a", "b"], family=kind, **few)
    if kind == "c_index":
        return riata.select(events(X, y), ["time", "event"], family="cox", measure=kind, tol=1e-11, **few)
    return riata.select(X, y, **few, **({"family": kind} if kind in ("huber", "sqrt") else {}))


KINDS = ["1se", "min", "adaptive", "mcp", "group", "gaps", "weights", "offset", "binomial", "auc", "poisson",
         "multinomial", "multigaussian", "c_index", "huber", "sqrt"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_their_loss_is_that_of_cross_validation(kind):
    selection = selected(kind)
    problem, found = selection.problem, selection.out_of_fold()
    s, measure = problem.sample_weight, scores.find(selection.cv.measure, problem.family)
    assert found.lam == selection.lam
    for f in range(5):
        own = found.fold == f
        np.testing.assert_array_equal(own, selection.cv.foldid[0] == f)
        if problem.loss is None:
            loss = np.average((problem.y - found.eta)[own] ** 2, weights=s[own])
        else:
            loss = measure(problem.loss, found.eta, np.where(own, s, 0.0) / s.sum(), np.where(own, 0.0, s) / s.sum())
        assert loss == pytest.approx(selection.cv.loss[selection.index, f], rel=1e-6)
    expected = found.eta if problem.loss is None else problem.loss.mean(found.eta)
    np.testing.assert_array_equal(found.prediction, expected)


@pytest.mark.parametrize("options", [{}, {"penalty": "adaptive"}, {"na": "mean"}])
def test_they_do_not_know_the_targets_that_they_predict(options):
    X, y = table()
    frame = (with_gaps(X) if options.get("na") else X).assign(y=y)
    foldid = make_folds(len(y), 5, seed=3)[0]
    lams = np.geomspace(40, 2, 15)
    first, second = (
        riata.select(one, "y", foldid=foldid, lams=lams, lam=5.0, **options).out_of_fold()
        for one in (frame, frame.assign(y=np.where(foldid == 2, -7 * y, y)))
    )
    np.testing.assert_allclose(first.eta[foldid == 2], second.eta[foldid == 2], rtol=1e-7)
    assert np.abs(first.eta - second.eta)[foldid != 2].min() > 1e-3


def crossed(**tricks):
    X, y = table()
    foldid = make_folds(len(y), 5, seed=1)
    return cross_validate(make_problem(X, y), foldid=foldid, n_lams=30, tricks=tricks)


def test_folds_in_lock_step_and_one_by_one_say_the_same():
    for lam in (30.0, 3.0, 0.4567):
        together, apart = (crossed(**tricks).out_of_fold(lam) for tricks in ({}, {"lockstep": False}))
        np.testing.assert_allclose(together.eta, apart.eta, rtol=1e-6)
        np.testing.assert_array_equal(together.fold, apart.fold)


def test_between_two_lambdas_it_is_fitted_and_not_interpolated():
    cv, (X, y) = crossed(), table()
    lam = float(np.sqrt(cv.lams[12] * cv.lams[13]))
    own = cv.foldid[0] == 0
    path = riata.path(X[~own], y[~own], lams=[lam])
    np.testing.assert_allclose(cv.out_of_fold(lam).eta[own], path.predict(X.to_numpy()[own], lam), rtol=1e-6)


def test_of_repeats_and_overlapping_splits_the_first_counts():
    X, y = table()
    once, thrice = (riata.select(X, y, lam=5.0, repeats=k, n_lams=10).out_of_fold() for k in (1, 3))
    np.testing.assert_allclose(once.eta, thrice.eta, rtol=1e-9)
    found = riata.select(X, y, lam=5.0, cv=ShuffleSplit(3, test_size=0.3, random_state=0), n_lams=10).out_of_fold()
    tests = [test for _, test in ShuffleSplit(3, test_size=0.3, random_state=0).split(X)]
    assert (found.fold[tests[0]] == 0).all()
    assert (found.fold[np.setdiff1d(tests[2], np.concatenate(tests[:2]))] == 2).all()
    never = np.setdiff1d(np.arange(len(y)), np.concatenate(tests))
    assert len(never)
    assert np.isnan(found.eta[never]).all()
    assert (found.fold[never] == -1).all()
    assert np.isfinite(found.eta[found.fold >= 0]).all()


def test_risks_of_folds_are_comparable():
    X, y = table()
    cv = selected("c_index").cv
    found = cv.out_of_fold(float(cv.lams[12]))
    total = np.zeros(len(y))
    for f in range(5):
        train = found.fold != f
        path = riata.path(events(X, y)[train][X.columns], events(X, y)[train][["time", "event"]].to_numpy(),
                          family="cox", lams=[cv.lams[12]], tol=1e-11)  # fmt: skip
        eta = X.to_numpy() @ path.coef[:, 0]
        total += np.where(train, 0.0, eta - eta[train].mean())
    np.testing.assert_allclose(found.eta, total, rtol=0, atol=1e-6)  # of numbers about 1


def test_a_frame_of_them():
    assert list(selected("multinomial").out_of_fold().to_frame()) == ["fold", "0", "1", "2"]
    found = selected("1se").out_of_fold()
    assert found.to_frame() == {"fold": found.fold.tolist(), "prediction": found.prediction.tolist()}


def test_without_data_or_a_lambda_it_says_so():
    cv = crossed()
    with pytest.raises(InvalidOption, match="lam must be a number"):
        cv.out_of_fold(-1.0)
    with pytest.raises(InvalidData, match="cross-validate again"):
        pickle.loads(pickle.dumps(cv)).out_of_fold(1.0)
