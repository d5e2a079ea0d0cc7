"""Methods of intervals: no units, no order of rows and columns, and weights as repetition or not at all."""

from unittest import mock

import numpy as np
import pytest
import scipy.sparse as sp

import riata
from riata.core.errors import InvalidData, InvalidOption
from riata.inference import nodewise
from riata.inference.division import halves_of_groups

FOLDS = 5


def make(n=70, p=50, seed=0):
    """More than 40 columns: not all of them vote for the nodewise λ."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) @ np.linalg.cholesky(0.5 ** np.abs(np.subtract.outer(range(p), range(p)))).T
    y = 1.5 * X[:, 1] - 1.5 * X[:, 7] + rng.standard_normal(n)
    return X, y, rng.permutation(n) % FOLDS, np.array([rng.permutation(n) % 2 for _ in range(8)])


METHODS = {
    "debiased": (riata.debiased_lasso, {"adjustment": "maxz"}, True),
    "debiased, binomial": (riata.debiased_lasso, {"family": "binomial"}, True),
    "post_selection": (riata.post_selection, {"lam": 0.5, "adjustment": "holm"}, False),
    "multi_split": (riata.multi_split, {}, True),
}


@pytest.mark.parametrize("scale", [1.0, 1e6, 1e-6, -3.0])
@pytest.mark.parametrize("name", METHODS)
def test_no_units_and_no_order(name, scale):
    X, y, foldid, halves = make()
    rng = np.random.default_rng(1)
    method, how, folds = METHODS[name]
    binomial = "binomial" in name
    if binomial:
        y = (y > 0).astype(float)
        scale = 1.0 if scale > 0 else -1.0
    rows, columns = rng.permutation(len(y)), rng.permutation(X.shape[1])
    units = rng.uniform(0.01, 50.0, X.shape[1]) * rng.choice([-1.0, 1.0], X.shape[1])
    how, more = dict(how), dict(how)
    if folds:
        how["foldid"], more["foldid"] = foldid, foldid[rows]
    if name == "multi_split":
        how["halves"], more["halves"] = halves, halves[:, rows]
    if "lam" in how:
        more["lam"] = abs(scale) * how["lam"]
    before = method(X, y, **how)
    target = (1.0 - y if scale < 0 else y) if binomial else scale * y
    after = method((X * units)[rows][:, columns], target[rows], feature_names=[f"x{j}" for j in columns], **more)
    assert set(after.selected) == set(before.selected) >= {"x1", "x7"}
    assert after.pvalues == pytest.approx(before.pvalues[columns], rel=1e-4, abs=1e-10, nan_ok=True)
    assert after.adjusted == pytest.approx(before.adjusted[columns], rel=1e-4, abs=1e-10, nan_ok=True)
    ends = np.sort(before.ci[columns] * (scale / units[columns])[:, None], axis=1)
    assert np.sort(after.ci, axis=1) == pytest.approx(ends, rel=1e-3, abs=1e-5 * abs(scale), nan_ok=True)


def test_places_of_columns_do_not_say_who_votes_for_the_nodewise_lambda():
    """Of three that vote all, some or none may be among the nearly dependent half, if places decide."""
    X, _, foldid, _ = make()
    X[:, :25] = X[:, :1] + 0.3 * X[:, :25]
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    rng = np.random.default_rng(6)
    with mock.patch.object(nodewise, "VOTES", 3):
        lams = {nodewise.nodewise(Z[:, rng.permutation(50)], foldid=foldid).lam for _ in range(6)}
    assert np.ptp(list(lams)) <= 1e-9 * max(lams)


def test_nothing_is_said_of_what_is_not_determined():
    """Both levels of a category: any number could be moved between their coefficients."""
    X, y, *_ = make(p=9)
    level = (X[:, 3] > 0).astype(float)
    both = np.column_stack([X[:, :3], level, 1.0 - level, X[:, 4:]])
    names = ["x0", "x1", "x2", "no", "yes", *(f"x{j}" for j in range(4, 9))]
    found = riata.debiased_lasso(both, y + level, feature_names=names)
    assert found.details["undetermined"] == ["no", "yes"]
    assert np.isnan(found.ci[3:5]).all()
    assert np.isnan(found.adjusted[3:5]).all()
    assert np.isfinite(np.delete(found.ci, [3, 4], axis=0)).all()
    one = riata.debiased_lasso(np.delete(both, 4, axis=1), y + level)
    assert one.details["undetermined"] == []
    assert np.isfinite(one.ci).all()
    assert riata.debiased_lasso(*make(n=60, p=70)[:2]).details["undetermined"] == []
    sel = riata.select(both, y + level, feature_names=names, rule="min")
    rates = sel.validate(methods=["debiased"], n_boot=4).of("debiased")
    assert rates.coverage > 0.8
    assert rates.coverage_real > 0.7


def test_folds_are_those_that_are_given():
    X, y, foldid, halves = make()
    one = riata.debiased_lasso(X, y, foldid=foldid)
    assert one.details != riata.debiased_lasso(X, y, foldid=np.roll(foldid, 1)).details
    assert one.details == riata.debiased_lasso(X, y, foldid=foldid, seed=7, folds=3).details
    with pytest.raises(InvalidData, match="halves"):
        riata.multi_split(X, y, halves=2 * halves)
    with pytest.raises(InvalidData, match="halves"):
        riata.multi_split(X, y, halves=np.ones((3, len(y))))


NO_WEIGHTS = {
    "mFDR": lambda X, y, s: riata.mfdr(riata.path(X, y, sample_weight=s, n_lams=10)),
    "debiased": lambda X, y, s: riata.debiased_lasso(X, y, sample_weight=s),
    "post_selection": lambda X, y, s: riata.post_selection(X, y, lam=0.3, sample_weight=s),
    "multi_split": lambda X, y, s: riata.multi_split(X, y, splits=3, sample_weight=s),
    "knockoff_filter": lambda X, y, s: riata.knockoff_filter(X, y, fdr=0.3, sample_weight=s),
}


@pytest.mark.parametrize("name", NO_WEIGHTS)
def test_weights_that_differ_are_refused_with_the_way_out(name):
    X, y, *_ = make(p=9)
    with pytest.raises(InvalidOption, match="sample weights that differ") as caught:
        NO_WEIGHTS[name](X, y, np.arange(1.0, 71.0))
    assert "ratio of 1 to 70" in str(caught.value)
    assert "numpy.repeat(X, counts, axis=0)" in str(caught.value)


@pytest.mark.parametrize("name", NO_WEIGHTS)
def test_one_weight_is_none_and_weight_zero_is_the_row_gone(name):
    X, y, *_ = make(p=9)
    bad = X.copy()
    bad[::4] = 1e3
    live = np.arange(70) % 4 != 0
    gone, alone = NO_WEIGHTS[name](bad, y, 7.0 * live), NO_WEIGHTS[name](X[live], y[live], None)
    if name == "mFDR":
        assert gone.expected == pytest.approx(alone.expected)
        assert gone.local(0.3).z == pytest.approx(alone.local(0.3).z)
    if hasattr(gone, "ci"):
        assert gone.ci == pytest.approx(alone.ci, nan_ok=True)
    if name == "knockoff_filter":
        assert gone.W == pytest.approx(alone.W)
    assert gone.selected == alone.selected


def test_rows_leave_with_all_that_belongs_to_them():
    """Offset, folds, and columns of a sparse matrix."""
    X, y, foldid, _ = make(p=9)
    offset = np.linspace(-1, 1, 70)
    live = np.arange(70) % 3 != 0
    alone = riata.debiased_lasso(X[live], y[live], offset=offset[live], foldid=foldid[live])
    for matrix in (X, sp.csc_matrix(X), sp.coo_matrix(X)):
        gone = riata.debiased_lasso(matrix, y, offset=offset, foldid=foldid, sample_weight=live.astype(float))
        assert gone.ci == pytest.approx(alone.ci)


@pytest.mark.parametrize("family", ["gaussian", "cox"])
def test_stability_with_weights_is_with_repeated_rows_that_stay_together(family):
    X, y, _, halves = make(p=12, seed=3)
    if family == "cox":
        y = np.column_stack([np.exp(-y), np.ones(len(y))])
    times = np.random.default_rng(4).integers(1, 4, len(y))
    how = {"family": family, "q": 3, "threshold": 0.7, "n_pairs": 8}
    weighted = riata.stability_selection(X, y, halves=halves, sample_weight=times, **how)
    repeated = riata.stability_selection(
        np.repeat(X, times, axis=0), np.repeat(y, times, axis=0), halves=np.repeat(halves, times, axis=1), **how
    )
    np.testing.assert_array_equal(weighted.frequency, repeated.frequency)
    plain = riata.stability_selection(X, y, halves=halves, **how)
    assert (weighted.frequency != plain.frequency).any()


def test_counts_are_rows_of_one_trial_each():
    """A binomial row of m trials is m rows, in the debiased lasso and in mFDR."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((60, 5))
    trials = rng.integers(1, 5, 60)
    hits = rng.binomial(trials, 1 / (1 + np.exp(-X[:, 0])))
    counts = np.column_stack([hits, trials - hits])
    labels = np.concatenate([np.repeat([1.0, 0.0], [h, t - h]) for h, t in zip(hits, trials, strict=True)])
    rows = np.repeat(np.arange(60), trials)
    how = {"family": "binomial", "lam": 0.05, "lam_nodewise": 0.1}
    short, long = riata.debiased_lasso(X, counts, **how), riata.debiased_lasso(X[rows], labels, **how)
    assert short.ci == pytest.approx(long.ci, rel=1e-5)
    paths = [riata.path(A, b, family="binomial", lams=[0.1, 0.05]) for A, b in ((X, counts), (X[rows], labels))]
    short, long = (riata.mfdr(path) for path in paths)
    assert short.expected == pytest.approx(long.expected, rel=1e-6)
    with pytest.raises(InvalidOption, match="sample weights that differ"):
        riata.mfdr(riata.path(X, counts, family="binomial", sample_weight=np.arange(1.0, 61.0), n_lams=3))


@pytest.mark.parametrize("method", [riata.debiased_lasso, riata.multi_split, riata.knockoff_filter])
def test_bounds_are_refused_and_not_forgotten(method):
    X, y, *_ = make(p=9)
    with pytest.raises(InvalidOption, match="bounds"):
        method(X, y, positive=True)


def test_stability_keeps_to_bounds_and_factors():
    X, y, _, halves = make(p=12)
    free = riata.stability_selection(X, y, halves=halves, q=3, threshold=0.7, n_pairs=8)
    kept = riata.stability_selection(
        X, y, halves=halves, q=3, threshold=0.7, n_pairs=8, positive=True, penalty_factor={"x3": np.inf}
    )
    assert free.frequency[7] == 1.0
    assert kept.frequency[7] == kept.frequency[3] == 0.0


# --- how the caller divides rows --------------------------------------------------------------------------------------

CROSSED = {
    "debiased": (riata.debiased_lasso, {}, lambda found: (found.details["lam"], found.details["lam_nodewise_cv"])),
    "multi_split": (riata.multi_split, {"splits": 4}, lambda found: found.pvalues.tolist()),
    "knockoffs": (riata.knockoff_filter, {"fdr": 0.3}, lambda found: found.W.tolist()),
}


@pytest.mark.parametrize("name", CROSSED)
def test_a_splitter_is_its_folds(name):
    """cv= as a list, as an object and as foldid= are the same; other folds are not. Of overlapping ones too."""
    from sklearn.model_selection import PredefinedSplit

    X, y, foldid, halves = make(n=70, p=20)
    method, how, told = CROSSED[name]
    how = how | ({"halves": halves} if name == "multi_split" else {})
    as_foldid = told(method(X, y, foldid=foldid, **how))
    assert told(method(X, y, cv=PredefinedSplit(foldid), **how)) == as_foldid
    assert told(method(X, y, cv=list(PredefinedSplit(foldid).split()), **how)) == as_foldid
    assert told(method(X, y, cv=PredefinedSplit(np.arange(70) % 3), **how)) != as_foldid
    assert told(method(X, y, **how)) != as_foldid
    order = np.random.default_rng(3).permutation(70)
    overlap = [(order[20:], order[:20]), (np.r_[order[:10], order[35:]], order[10:35]), (order[:40], order[40:])]
    assert told(method(X, y, cv=overlap, **how)) != as_foldid


@pytest.mark.parametrize("name", CROSSED)
def test_rows_that_belong_together_are_held_out_together(name):
    """Every row five times: with folds that part them, what is held out has been fitted."""
    X, y, _, halves = make(n=60, p=20)
    patient = np.random.default_rng(5).permutation(np.repeat(np.arange(60), 5))
    seen = []
    import riata.inference.debiased as debiased
    import riata.inference.knockoff_statistics as statistics
    import riata.inference.splitting as splitting

    method, how, _ = CROSSED[name]
    how = how | ({"halves": halves[:, patient]} if name == "multi_split" else {})
    where = {"debiased": debiased, "multi_split": splitting, "knockoffs": statistics}[name]
    real = where.cross_validate

    def spied(problem, *, foldid, **more):
        seen.append(np.array(foldid))
        return real(problem, foldid=foldid, **more)

    with mock.patch.object(where, "cross_validate", spied):
        method(X[patient], y[patient], fold_groups=patient, **how)
    assert seen
    for row in (row for foldid in seen for row in foldid):
        assert row.max() == 9
        for one in range(60):
            assert len(set(row[patient == one])) == 1


def test_halves_keep_rows_together_that_belong_together():
    X, y, *_ = make(n=60, p=12)
    patient = np.random.default_rng(5).permutation(np.repeat(np.arange(20), 3))
    import riata.inference.splitting as splitting
    import riata.inference.stability as stability

    seen = []
    first, least = stability.first_features, splitting._least_squares
    with mock.patch.object(
        stability, "first_features", lambda problem, weights, *r: seen.extend(weights) or first(problem, weights, *r)
    ):
        riata.stability_selection(X, y, n_pairs=5, fold_groups=patient)
    assert len(seen) == 10
    with mock.patch.object(
        splitting, "_least_squares", lambda problem, rows, at: seen.append(rows * 1.0) or least(problem, rows, at)
    ):
        riata.multi_split(X, y, splits=5, fold_groups=patient)
    assert len(seen) == 15
    for half in seen:
        assert half.sum() == 30
        for one in range(20):
            assert len(set(half[patient == one])) == 1


def test_halves_are_those_of_the_rows_given_where_some_leave():
    """na="drop": the columns of halves= belong to the rows of the table, gaps and all."""
    pd = pytest.importorskip("pandas")
    X, y, _, halves = make(n=70, p=12)
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(12)]).assign(y=y)
    frame.loc[::5, "x3"] = np.nan
    live = frame["x3"].notna().to_numpy()
    for method, told, how in (
        (riata.stability_selection, lambda found: found.frequency, {"q": 3, "threshold": 0.7}),
        (riata.multi_split, lambda found: found.pvalues, {"folds": 5}),
    ):
        alone = method(X[live], y[live], halves=halves[:, live], **how)
        np.testing.assert_array_equal(told(method(frame, "y", na="drop", halves=halves, **how)), told(alone))
        with pytest.raises(InvalidData, match="halves"):
            method(frame, "y", na="drop", halves=halves[:, live], **how)


def test_halves_of_unequal_groups_are_random():
    """No two draws need be alike, and the largest group is on both sides (sorted by size, halves came again)."""
    together = np.repeat(np.arange(12), np.arange(1, 13))
    rng = np.random.default_rng(0)
    drawn = [halves_of_groups(together, rng) for _ in range(100)]
    assert len({half.tobytes() for half in drawn}) > 60
    assert 25 < sum(int(half[-1]) for half in drawn) < 75
    assert all(abs(int(half.sum()) - len(half) / 2) <= 12 for half in drawn)
    assert all(len(set(half[together == g])) == 1 for half in drawn for g in range(12))
    with pytest.raises(InvalidData, match="cannot be halved"):
        halves_of_groups(np.zeros(5), rng)


def test_splits_of_the_rows_given_hold_where_rows_leave():
    """A list of (train, test) places speaks of the rows given, and rows of weight 0 leave before folds are made."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4))
    y = X[:, 0] + rng.standard_normal(60)
    weight = np.ones(60)
    weight[40:] = 0.0
    splits = [(np.flatnonzero(np.arange(60) % 5 != k), np.flatnonzero(np.arange(60) % 5 == k)) for k in range(5)]
    found = riata.debiased_lasso(X, y, sample_weight=weight, cv=splits)
    same = riata.debiased_lasso(X[:40], y[:40], foldid=np.arange(40) % 5)
    np.testing.assert_allclose(found.coef, same.coef, rtol=1e-10)
    with pytest.raises(InvalidOption, match="rows that there are not"):
        riata.debiased_lasso(X, y, cv=[(np.arange(40), np.array([99]))])
