"""Selections do not depend on units, on the order of rows or columns, nor on threads."""

import numpy as np
import pytest
import scipy.sparse as sp

import riata
from riata.core.errors import InvalidData, InvalidOption
from riata.inference.entering import first_features
from riata.inference.knockoff_copies import fixed, gaussian, shrunk, standardised
from riata.path import make_problem


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(7)
    X = rng.standard_normal((120, 25))
    X[:, 1:] += 0.6 * X[:, :-1]
    X[:, 20:] = X[:, 20:] > 0.3
    y = X[:, [1, 5, 9, 13, 17, 21]] @ [1.0, -1.0, 1.0, 1.0, -1.0, 2.0] + rng.standard_normal(120)
    return X, y


@pytest.fixture(scope="module")
def changed(data):
    """The same data in other units and another order: (X, y, names, order of the rows)."""
    X, y = data
    rng = np.random.default_rng(8)
    rows, columns = rng.permutation(len(y)), rng.permutation(X.shape[1])
    units = rng.uniform(0.01, 50.0, X.shape[1]) * rng.choice([-1.0, 1.0], X.shape[1])
    return (X * units)[rows][:, columns], y[rows], [f"x{j}" for j in columns], rows


SCALES = [1.0, 1e-6, 1e6, -3.0]
KNOCKOFFS = [
    {}, {"construction": "sdp"}, {"construction": "equi"}, {"construction": "maxent"}, {"statistic": "lsm"},
    {"statistic": "lsm", "draws": 5}, {"model": "fixed"}, {"model": "fixed", "statistic": "lcd"},
]  # fmt: skip


@pytest.mark.parametrize("how", KNOCKOFFS, ids=str)
@pytest.mark.parametrize("scale", SCALES)
def test_knockoffs(data, changed, how, scale):
    X, y = data
    before = riata.knockoff_filter(X, y, fdr=0.3, seed=3, **how)
    Xc, yc, names, _ = changed
    after = riata.knockoff_filter(Xc, scale * yc, fdr=0.3, seed=3, feature_names=names, **how)
    assert set(after.selected) == set(before.selected)
    assert before.selected or not np.isfinite(before.threshold)
    order = [int(name[1:]) for name in names]
    np.testing.assert_allclose(after.W / abs(after.W).max(), before.W[order] / abs(before.W).max(), atol=1e-5)


def test_the_knockoffs_above_select_something(data):
    assert any(riata.knockoff_filter(*data, fdr=0.3, seed=3, **how).selected for how in KNOCKOFFS)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("method", ["pairs", "mb"])
def test_stability(data, changed, scale, method):
    X, y = data
    rng = np.random.default_rng(2)
    halves = np.array([rng.permutation(len(y)) % 2 for _ in range(10)])
    how = {"q": 6, "threshold": 0.7, "n_pairs": 10}
    before = riata.stability_selection(X, y, halves=halves, **how)
    Xc, yc, names, rows = changed
    after = riata.stability_selection(Xc, scale * yc, halves=halves[:, rows], feature_names=names, **how)
    np.testing.assert_array_equal(after.frequency, before.frequency[[int(name[1:]) for name in names]])
    assert set(after.selected) == set(before.selected) != set()
    as_sets = [[(frozenset(c["features"]), c["frequency"]) for c in found.clusters] for found in (before, after)]
    assert set(as_sets[0]) == set(as_sets[1])
    one = riata.stability_selection(X, y, q=6, threshold=0.7, n_pairs=10, method=method, threads=1)
    two = riata.stability_selection(X, y, q=6, threshold=0.7, n_pairs=10, method=method, threads=2)
    np.testing.assert_array_equal(one.frequency, two.frequency)


@pytest.mark.parametrize("scale", SCALES)
def test_mfdr(data, changed, scale):
    before = riata.mfdr(riata.path(*data))
    Xc, yc, names, _ = changed
    after = riata.mfdr(riata.path(Xc, scale * yc, feature_names=names))
    np.testing.assert_allclose(after.expected, before.expected, rtol=1e-6, atol=1e-12)
    assert set(after.selected) == set(before.selected) != set()
    order = [int(name[1:]) for name in names]
    np.testing.assert_allclose(abs(after.local().z), abs(before.local().z[order]), rtol=1e-4, atol=1e-5)


def test_mfdr_of_a_selection_is_that_of_its_path(data):
    X, y = data
    chosen = riata.select(X, y, n_lams=30)
    alone = riata.mfdr(riata.path(X, y, n_lams=30))
    np.testing.assert_allclose(riata.mfdr(chosen).expected, alone.expected, rtol=1e-8)


def test_a_half_sample_is_the_path_on_those_rows(data):
    """Rows of weight 0 against rows that are not there, dense and sparse."""
    X, y = data
    half = np.random.default_rng(0).permutation(len(y)) < 60
    weight = half.astype(float)
    for q in (3, 8):
        (alone,) = first_features(make_problem(X[half], y[half]), [np.ones(60)], q)
        for matrix in (X, sp.csc_matrix(X)):
            (masked,) = first_features(make_problem(matrix, y), [weight], q)
            np.testing.assert_array_equal(masked, alone)
        assert len(alone) == q


@pytest.mark.parametrize("storage", [np.asfortranarray, np.ascontiguousarray, sp.csc_matrix, sp.csr_matrix])
@pytest.mark.parametrize("family", ["gaussian", "binomial"])
@pytest.mark.parametrize("away", [0.0, 1e5], ids=["", "far from zero"])
def test_half_samples_of_a_wide_matrix_share_what_they_read(storage, family, away):
    """More columns than rows, where all subsets look at one copy of X in bytes first: each as if it were alone."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((90, 300)) * (rng.random((90, 300)) < 0.3)
    X[:, 3] += away
    y = 2 * X[:, 0] - X[:, 5] + X[:, 3] - away + rng.standard_normal(90)
    y = y if family == "gaussian" else (y > 0).astype(float)
    halves = [rng.permutation(90) < 45 for _ in range(6)]
    found = first_features(make_problem(storage(X), y, family=family), [half.astype(float) for half in halves], 7, 2)
    for half, features in zip(halves, found, strict=True):
        (alone,) = first_features(make_problem(X[half], y[half], family=family), [np.ones(45)], 7)
        np.testing.assert_array_equal(features, alone)


def test_the_first_to_enter_are_those_of_a_fine_path(data):
    X, y = data
    path = riata.path(X, y, n_lams=2000, lam_min_ratio=1e-2)
    when = (path.coef != 0).argmax(axis=1)
    when[~(path.coef != 0).any(axis=1)] = 10**6
    for q in (2, 5, 9):
        (found,) = first_features(make_problem(X, y), [np.ones(len(y))], q)
        assert len(found) == q
        np.testing.assert_array_equal(when[found], np.sort(when)[:q])


def naive_information(family, eta, y):
    """The Hessian of the mean negative log-likelihood by its definition, and the gradient."""
    n = len(eta)
    if family == "binomial":
        mu = 1 / (1 + np.exp(-eta))
        return np.diag(mu * (1 - mu)) / n, (mu - y) / n
    if family == "poisson":
        return np.diag(np.exp(eta)) / n, (np.exp(eta) - y) / n
    time, event = y.T
    H, g = np.zeros((n, n)), -event / n
    for i in np.flatnonzero(event):
        risk = time >= time[i]
        share = np.where(risk, np.exp(eta), 0.0)
        share /= share.sum()
        g = g + share / n
        H += (np.diag(share) - np.outer(share, share)) / n
    return H, g


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_scores_of_likelihoods(data, family):
    """EF from the diagonal and z from the whole information matrix, each written out."""
    X, y = data
    rng = np.random.default_rng(5)
    target = {
        "binomial": (y > 0).astype(float),
        "poisson": rng.poisson(np.exp(0.3 * (y - y.mean()) / y.std() + 0.2)).astype(float),
        "cox": np.column_stack([rng.exponential(np.exp(-0.5 * y / y.std())), rng.uniform(size=len(y)) < 0.7]),
    }[family]
    path = riata.path(X, target, family=family, n_lams=8, lam_min_ratio=0.1)
    found = riata.mfdr(path)
    Z, n = standardised(X), len(y)
    from scipy.stats import norm

    for k in (0, 3, 7):
        eta = X @ path.coef[:, k] + path.intercept[k]
        H, g = naive_information(family, eta, target)
        spread = np.sqrt(np.diag(H) @ Z**2)
        expected = min((2 * norm.cdf(-np.sqrt(n) * path.lams[k] / spread)).sum(), path.df[k])
        assert found.expected[k] == pytest.approx(expected, rel=1e-7)
        v = np.einsum("ij,ik,kj->j", Z, H, Z)
        z = np.sqrt(n) * (v * path.coef_per_sd[:, k] - Z.T @ g) / np.sqrt(v)
        np.testing.assert_allclose(found.local(path.lams[k]).z, z, rtol=1e-6, atol=1e-8)


def test_counts_that_vary_more_than_their_mean(data):
    """τ² is Pearson's dispersion, by its definition, and 1 where counts vary less."""
    X, _ = data
    rng, n = np.random.default_rng(6), len(X)
    from scipy.stats import norm

    for more in (rng.exponential(size=n), np.ones(n)):
        y = rng.poisson(more * np.exp(0.3 * X[:, 1] + 0.8)) if more.std() else np.round(np.exp(0.3 * X[:, 1] + 0.8))
        path = riata.path(X, y, family="poisson", n_lams=8, lam_min_ratio=0.1)
        found, Z = riata.mfdr(path), standardised(X)
        for k in (2, 6):
            mean = np.exp(X @ path.coef[:, k] + path.intercept[k])
            dispersion = ((y - mean) ** 2 / mean).sum() / (n - path.df[k] - 1)
            assert (dispersion > 1.3) if more.std() else (dispersion < 0.7)
            tau = np.sqrt(max(dispersion, 1.0))
            z = np.sqrt(n) * path.lams[k] / (tau * np.sqrt(mean @ Z**2 / n))
            expected = min((2 * norm.cdf(-z)).sum(), path.df[k])
            assert found.expected[k] == pytest.approx(expected, rel=1e-6)
            v = mean @ Z**2 / n
            local = np.sqrt(n) * (v * path.coef_per_sd[:, k] + Z.T @ (y - mean) / n) / (tau * np.sqrt(v))
            np.testing.assert_allclose(found.local(path.lams[k]).z, local, rtol=1e-5, atol=1e-7)


def test_gram_identities_of_fixed_knockoffs(data):
    Z = standardised(data[0])
    for how in ("mvr", "sdp", "equi", "maxent"):
        made = fixed(Z, how)
        copy, n = made.draw(np.random.default_rng(0)), len(Z)
        np.testing.assert_allclose(copy.T @ copy / n, Z.T @ Z / n, atol=1e-9)
        np.testing.assert_allclose(Z.T @ copy / n, Z.T @ Z / n - np.diag(made.s), atol=1e-9)
        np.testing.assert_allclose(copy.mean(axis=0), 0.0, atol=1e-9)


def test_moments_of_gaussian_knockoffs():
    """On many rows the covariance of (X, X̃) is [[Σ, Σ − S], [Σ − S, Σ]]."""
    rng = np.random.default_rng(0)
    p, n = 5, 200_000
    sigma = 0.6 ** np.abs(np.subtract.outer(range(p), range(p)))
    Z = rng.standard_normal((n, p)) @ np.linalg.cholesky(sigma).T
    made = gaussian(Z, "mvr", sigma)
    both = np.column_stack([Z, made.draw(rng)])
    off = sigma - np.diag(made.s)
    np.testing.assert_allclose(both.T @ both / n, np.block([[sigma, off], [off, sigma]]), atol=5 / np.sqrt(n))


def test_columns_of_equal_moments_have_an_order_of_their_own():
    """As many ones in each: fourth moments tie. With ones in half of the rows third moments are 0: no sign in them."""
    rng = np.random.default_rng(2)
    for ones in (30, 40):
        X = np.array([rng.permutation(80) < ones for _ in range(12)]).T * 1.0
        X[:, 0] = rng.standard_normal(80)
        y = X[:, :4] @ [1.0, -1.0, 1.0, 2.0] + rng.standard_normal(80)
        columns, side = rng.permutation(12), rng.choice([-1.0, 1.0], 12)
        before = riata.knockoff_filter(X, y, fdr=0.3, seed=3)
        after = riata.knockoff_filter((side * X)[:, columns], y, fdr=0.3, seed=3)
        np.testing.assert_allclose(after.W, before.W[columns], rtol=1e-6, atol=1e-9)
        assert np.ptp(before.W) > 0.1


def test_shrinkage_vanishes_with_rows():
    rng, away = np.random.default_rng(0), []
    for rows in (50, 5000):
        Z = standardised(rng.standard_normal((rows, 6)) + 2 * rng.standard_normal((rows, 1)))
        away.append(abs(shrunk(Z) - Z.T @ Z / rows).max())
    assert away[1] < 0.03 * away[0]
    wide = shrunk(standardised(rng.standard_normal((20, 60))))
    assert np.linalg.eigvalsh(wide)[0] > 0.01


def test_what_cannot_be_is_refused(data):
    X, y = data
    with pytest.raises(InvalidOption, match="two of q, threshold and pfer"):
        riata.stability_selection(X, y, q=3, threshold=0.7, pfer=1.0)
    with pytest.raises(InvalidOption, match="plain lasso"):
        riata.stability_selection(X, y, penalty="adaptive")
    with pytest.raises(InvalidData, match="halves"):
        riata.stability_selection(X, y, halves=np.zeros((2, 5)))
    with pytest.raises(InvalidData, match="twice as many rows"):
        riata.knockoff_filter(X[:40], y[:40], model="fixed")
    with pytest.raises(InvalidOption, match="sample weights that differ"):
        riata.knockoff_filter(X, y, sample_weight=np.arange(len(y)))
    with pytest.raises(InvalidOption, match="fdr"):
        riata.knockoff_filter(X, y, fdr=1.5)
    with pytest.raises(InvalidOption, match="huber"):
        riata.mfdr(riata.path(X, y, family="huber", n_lams=5))
    with pytest.raises(InvalidOption, match="judged one by one"):
        riata.mfdr(riata.path(X, y, penalty="adaptive", n_lams=5))
    with pytest.raises(InvalidOption, match="data are needed"):
        riata.mfdr(3)


def test_a_pickled_path_holds_no_data(data):
    import pickle

    path = riata.path(*data, n_lams=5)
    assert path.problem is not None
    again = pickle.loads(pickle.dumps(path))
    assert again.problem is None
    np.testing.assert_array_equal(again.coef, path.coef)


def test_classes_are_in_proportion_in_every_half():
    from riata.inference.stability import half_samples

    strata = np.repeat([0.0, 1.0], [90, 11])
    for weight in half_samples(101, np.arange(101), 5, "pairs", 0, None, strata):
        assert weight.sum() == 50
        assert 5 <= weight[strata == 1].sum() <= 6


def test_frames_and_names():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((80, 6)), columns=list("abcdef"))
    frame["target"] = 2 * frame["b"] - 2 * frame["e"] + rng.standard_normal(80)
    found = riata.stability_selection(frame, "target", q=2, threshold=0.8, n_pairs=10)
    assert sorted(found.selected) == ["b", "e"]
    table = found.to_frame()
    assert table["feature"][:2] == found.selected
    assert list(table) == ["feature", "frequency", "selected"]
    many = riata.knockoff_filter(frame, "target", fdr=0.5, draws=3)
    assert set(many.selected) <= set("abcdef")
    assert len(many.to_frame()["e_value"]) == 6


@pytest.mark.parametrize(("threshold", "kept"), [(0.6, [60, 61]), (0.61, [61]), (0.605, [61]), (0.59, [59, 60, 61])])
def test_a_frequency_at_the_threshold_is_kept(threshold, kept):
    from riata.inference.stability import _kept

    count = np.array([58, 59, 60, 61])
    np.testing.assert_array_equal(count[_kept(count, threshold, 100)], kept)
