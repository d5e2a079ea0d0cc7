"""mFDR, stability bounds and knockoff pieces against what R packages and papers give.

Provenance: R 4.2.2, ncvreg 3.16.0 on load_diabetes(scaled=False) and its own Prostate data; stabs 0.6-4; knockoff 0.3.6
(thresholds) and knockpy 1.3.5 (constructions, printed to three digits).
"""

import numpy as np
import pytest
import scipy.optimize
from sklearn.datasets import load_diabetes

import riata
from riata.inference import stability_bounds as bounds
from riata.inference.knockoff_choice import e_bh, e_values, threshold
from riata.inference.knockoff_room import room
from riata.testing.datasets import load

LAMS = [
    24.1005497491458, 11.9949004014857, 5.96989019500111, 2.97122841769957, 1.4787873849904, 0.735995966173428,
    0.182311820591347,
]  # fmt: skip
EF = [
    1.5149901468039e-14, 0.000125345954009151, 0.246402047002414, 2.54151828379356, 5.66959009891764,
    7.75368718107033, 9.43643272211834,
]  # fmt: skip
Z_AT_5 = [
    0.235363447458437, -2.72103087937865, 11.1100135671771, 5.83020253259067, -1.03901277822565,
    -1.01527139668303, -4.57365569383512, 1.09309119282191, 9.97436068655641, 1.77523469042518,
]  # fmt: skip


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True, as_frame=True, scaled=False)


def test_mfdr_on_diabetes(diabetes):
    found = riata.mfdr(riata.path(*diabetes, lams=LAMS, tol=1e-12))
    np.testing.assert_array_equal(found.n_selected, [2, 4, 5, 7, 7, 8, 10])
    np.testing.assert_allclose(found.expected, EF, rtol=1e-6)
    np.testing.assert_allclose(found.rate, np.array(EF) / found.n_selected, rtol=1e-6)


def test_local_statistics_on_diabetes(diabetes):
    """ncvreg takes RSS/(n − S + 1) for the noise, RSS interpolated on its own grid; with that noise the z agree."""
    X, y = diabetes
    path = riata.path(X, y, tol=1e-12, lam_min_ratio=1e-3)
    rss = len(y) * path.null_deviance * (1 - path.dev_ratio)
    sigma = np.sqrt(np.interp(5.0, path.lams[::-1], rss[::-1]) / (len(y) - 5 + 1))
    at = riata.mfdr(riata.path(X, y, lams=[5.0], tol=1e-12)).local(5.0, sigma=sigma)
    np.testing.assert_allclose(at.z, Z_AT_5, rtol=1e-6)
    assert at.selected == ["sex", "bmi", "bp", "s3", "s5"]


def test_mfdr_on_prostate(shared_data):
    (_, X, y), *_ = load(shared_data / "data", "ncvreg_Prostate").responses()
    at = riata.path(X, y, lams=[0.22402, 0.1115], tol=1e-12)
    found = riata.mfdr(at)
    np.testing.assert_array_equal(found.n_selected, [3, 5])
    # the λ are stored to five and four digits: EF grows by about 8 % for each per cent of λ
    np.testing.assert_allclose(found.expected, [0.034617857, 1.0587095], rtol=2e-4)


@pytest.mark.parametrize(
    ("p", "q", "cutoff", "worst", "unimodal", "r_concave"),
    [(1000, 20, 0.75, 0.8, 0.408, 0.0970), (100, 20, 0.75, 8.0, 4.08, 1.40), (4088, 20, 0.75, 0.196, 0.0998, 0.0230)],
)
def test_stability_bounds(p, q, cutoff, worst, unimodal, r_concave):
    assert bounds.pfer_bound(q, cutoff, p, bound="worst") == pytest.approx(worst, rel=3e-3)
    assert bounds.pfer_bound(q, cutoff, p, bound="unimodal") == pytest.approx(unimodal, rel=1e-3)
    # the reference stops up to 3 % short of the largest tail: see test_the_largest_tail
    assert r_concave * 0.995 <= bounds.pfer_bound(q, cutoff, p) <= r_concave * 1.03


def tail_as_stabs_finds_it(eta, t, m, r):
    """The same maximum by Brent's method at R's tolerance, which never reaches the ends, and without the law that
    ends at m: what R's ``optimize`` gives."""
    mean, s = eta * m, 1 / r
    first = int(np.ceil(2 * mean)) + 1
    ends = np.arange(first, m + 1)
    a = bounds._without_rest(ends, mean, s)
    return max(
        float(bounds._tail(np.array([k]), np.array([x]), t, mean, s)[0])
        for k, low, high in zip(ends[:-1], a[1:], a[:-1], strict=True)
        if k >= t - 1
        for x in [
            scipy.optimize.fminbound(
                lambda x, k=k: -float(bounds._tail(np.array([k]), np.array([x]), t, mean, s)[0]),
                low, high, xtol=np.finfo(float).eps ** 0.25,
            )
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("p", "q", "count", "value"),
    [(1000, 20, 60, 0.3342845388), (1000, 20, 90, 0.02494657179), (100, 10, 75, 0.2858199965)],
)
def test_the_largest_tail(p, q, count, value):
    """stabs's minD to 1e-6 where its search is repeated; ours, the supremum, is never below it."""
    theta = q / p
    pairs = [(theta**2, count - 50, 50, -0.5), (theta, count, 100, -0.25)]
    assert p * min(tail_as_stabs_finds_it(*pair) for pair in pairs) == pytest.approx(value, rel=1e-6)
    ours = bounds.pfer_bound(q, count / 100, p)
    assert value <= ours <= 1.03 * value


def test_the_largest_tail_is_the_largest():
    """Against a fine grid over all laws of the family."""
    eta, t, m, r = 0.01, 25, 50, -0.5
    mean, best = eta * m, 0.0
    ends = np.arange(int(np.ceil(2 * mean)) + 1, m + 1)
    a = bounds._without_rest(ends, mean, 1 / r)
    for k, low, high in zip(ends[:-1], a[1:], a[:-1], strict=True):
        if k < t - 1:
            continue
        grid = np.linspace(low, high, 200)
        best = max(best, bounds._tail(np.full(200, k), grid, t, mean, 1 / r).max())
    assert bounds.tail_bound(eta, t, m, r) == pytest.approx(best, rel=1e-9)


def test_the_most_features_to_choose():
    most = {
        p: [bounds.most_chosen(0.75, 1.0, p, 50, b) for b in ("unimodal", "r-concave", "worst")] for p in (1000, 4088)
    }
    assert most == {1000: [31, 61, 22], 4088: [63, 128, 45]}
    assert bounds.most_chosen(0.9, 1.0, 1000, 50, "unimodal") == 48


@pytest.mark.parametrize("most", [1, 8, 60, 61, 62, 500])
def test_no_more_features_than_asked_for(most):
    assert bounds.most_chosen(0.75, 1.0, 1000, 50, "r-concave", most) == min(most, 61)


@pytest.mark.parametrize("bound", bounds.BOUNDS)
def test_any_two_give_the_third(bound):
    for q in (5, 20, 40):
        pi = bounds.least_threshold(q, 1.0, 2000, 50, bound)
        assert bounds.pfer_bound(q, pi, 2000, 50, bound) <= 1.0
        if pi > bounds.LEAST_THRESHOLD:
            assert bounds.pfer_bound(q, pi - 0.01, 2000, 50, bound) > 1.0
        assert bounds.most_chosen(pi, 1.0, 2000, 50, bound) >= q


W = np.array([5, -1, 3, 2, -0.5, 4, 0, 1.5, 6, 2.5, -2, 0.2, 7, 8, 9, 10])


@pytest.mark.parametrize(
    ("offset", "fdr", "T", "kept"),
    [
        (0, 0.1, 1.5, 11), (0, 0.2, 1.0, 11), (0, 0.3, 0.2, 12),
        (1, 0.1, np.inf, 0), (1, 0.15, 2.5, 9), (1, 0.2, 1.5, 11), (1, 0.3, 1.0, 11),
    ],
)  # fmt: skip
def test_knockoff_thresholds(offset, fdr, T, kept):
    assert threshold(W, fdr, offset) == T
    assert np.count_nonzero(T <= W) == kept


def test_e_values_of_one_draw_give_back_its_selection():
    e = e_values(W, 0.2)
    np.testing.assert_array_equal(e_bh(e, 0.2), np.flatnonzero(threshold(W, 0.2) <= W))
    assert len(e_bh(np.zeros(20), 0.1)) == 0  # and not everything


@pytest.mark.parametrize(
    ("how", "s"),
    [
        ("equi", [0.72046] * 5),
        ("sdp", [0.999, 0.666, 0.666, 0.666, 0.999]),
        ("mvr", [0.594, 0.430, 0.438, 0.430, 0.594]),
        ("maxent", [0.657, 0.470, 0.488, 0.470, 0.657]),
    ],
)
def test_room_for_knockoffs(how, s):
    sigma = 0.5 ** np.abs(np.subtract.outer(range(5), range(5)))
    np.testing.assert_allclose(room(sigma, how), s, atol=2e-3 if how != "equi" else 5e-6)


@pytest.mark.parametrize("how", ["sdp", "mvr", "maxent"])
def test_room_is_optimal(how):
    """Against a general optimiser: no feasible s nearby is better."""
    rng = np.random.default_rng(3)
    A = rng.standard_normal((30, 8))
    sigma = np.corrcoef(A[:, :8].T) * 0.9 + 0.1 * np.eye(8)

    def value(s):
        left = np.linalg.eigvalsh(2 * sigma - np.diag(s))
        if left[0] <= 0 or s.min() <= 0 or (how == "sdp" and s.max() > 1):
            return np.inf
        return {
            "sdp": lambda: -s.sum(),
            "mvr": lambda: (1 / s).sum() + (1 / left).sum(),
            "maxent": lambda: -np.log(s).sum() - np.log(left).sum(),
        }[how]()

    s = room(sigma, how)
    assert np.isfinite(value(s))
    for size in (1e-1, 1e-2, 1e-3):
        for _ in range(300):
            assert value(s + size * rng.standard_normal(8)) >= value(s) - 1e-4
