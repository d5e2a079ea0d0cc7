"""Does every loss of the registry keep its promises: derivatives, conjugate, Fenchel-Young terms, null model, weights?

Each test runs over every (loss, example) there is: a new loss file is tested by being there.
"""

import numpy as np
import pytest
import scipy.optimize

pytest.importorskip("hypothesis", reason="hypothesis is not installed (pip install 'riata[test]')")
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from riata.losses import Loss, find, losses

KINDS = [
    pytest.param(name, k, id=f"{name}-{k}")
    for name, cls in sorted(losses().items())
    for k in range(len(cls.examples(np.random.default_rng(0), 8)))
]
over_losses = pytest.mark.parametrize(("name", "kind"), KINDS)
SEEDS = st.integers(0, 2**31)
STEP = 1e-6


def example(name, kind, rng, n):
    y, options = find(name).examples(rng, n)[kind]
    return np.asarray(y), options


def rows_of(name, y, options, rows):
    """The loss of some rows (repeated or permuted) of a target."""
    picked = {k: v[rows] if isinstance(v, np.ndarray) else v for k, v in options.items()}
    return find(name).parse(y[rows], **picked)


def case(name, kind, seed, n=9, size=1.5, zeros=True):
    """(loss, η, s, rng): weights of mean 1/n, some 0; the first rows have weight so that no class is lost."""
    rng = np.random.default_rng(seed)
    y, options = example(name, kind, rng, n)
    loss = find(name).parse(y, **options)
    s = rng.uniform(0.2, 2.0, n)
    if zeros and name != "multinomial":
        s[3:] *= rng.uniform(size=n - 3) < 0.8
    eta = size * rng.normal(size=(n, loss.n_outputs) if loss.n_outputs > 1 else n)
    return loss, eta, s / s.sum(), rng


def usable(loss, s):
    """A draw can take every row of a class or every event out; that has a test of its own."""
    if loss.classes is not None and loss.n_outputs == 1:
        assume(0 < s @ loss.y < s.sum())
    if loss.name == "cox":
        assume(np.any(loss.event & (s > 0)))


def loss_has_one_minimum(loss):
    """Huber's best constant can be a whole interval."""
    return loss.name != "huber"


def inner(a, b):
    return float(np.sum(a * b))


# --- derivatives ------------------------------------------------------------------------------------------------------


@over_losses
@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_gradient_is_the_slope_of_the_value(name, kind, seed):
    loss, eta, s, rng = case(name, kind, seed)
    usable(loss, s)
    d = rng.normal(size=eta.shape)
    slope = (loss.value(eta + STEP * d, s) - loss.value(eta - STEP * d, s)) / (2 * STEP)
    assert inner(loss.gradient(eta, s), d) == pytest.approx(slope, rel=1e-6, abs=1e-7)


@over_losses
@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_hessian_times_is_the_slope_of_the_gradient(name, kind, seed):
    loss, eta, s, rng = case(name, kind, seed)
    usable(loss, s)
    d = rng.normal(size=eta.shape)
    ahead, behind = eta + STEP * d, eta - STEP * d
    if not loss.smooth:  # a difference across a corner is nobody's derivative
        assume(np.allclose(loss.hessian(ahead, s), loss.hessian(behind, s), rtol=1e-3))
    slope = (loss.gradient(ahead, s) - loss.gradient(behind, s)) / (2 * STEP)
    np.testing.assert_allclose(loss.hessian_times(eta, s, d), slope, rtol=1e-5, atol=1e-7)
    both = np.stack([d, 2 * d], axis=-1)
    np.testing.assert_allclose(loss.hessian_times(eta, s, both)[..., 1], 2 * loss.hessian_times(eta, s, d), rtol=1e-12)


@over_losses
@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_hessian_is_the_diagonal_of_hessian_times(name, kind, seed):
    loss, eta, s, _ = case(name, kind, seed)
    usable(loss, s)
    whole = loss.hessian_times(eta, s, np.eye(eta.size).reshape(*eta.shape, eta.size)).reshape(eta.size, -1)
    np.testing.assert_allclose(whole, whole.T, rtol=0, atol=1e-15)
    assert np.linalg.eigvalsh(whole).min() >= -1e-14
    n, K = loss.n_samples, loss.n_outputs
    if K == 1:
        np.testing.assert_allclose(loss.hessian(eta, s), np.diag(whole), rtol=1e-9, atol=1e-14)
        assert not loss.separable or np.array_equal(whole, np.diag(np.diag(whole)))
    else:
        blocks = np.stack([whole[i * K : i * K + K, i * K : i * K + K] for i in range(n)])
        np.testing.assert_allclose(loss.hessian(eta, s), blocks, rtol=1e-9, atol=1e-14)


# --- conjugate and Fenchel-Young --------------------------------------------------------------------------------------


def supremum(loss, v, s, start):
    """sup ⟨v, η⟩ − F(η) by a quasi-Newton method on the rows of positive weight."""

    def negative(x):
        eta = x.reshape(start.shape)
        return loss.value(eta, s) - inner(v, eta), (loss.gradient(eta, s) - v).ravel()

    with np.errstate(over="ignore", invalid="ignore"):
        found = scipy.optimize.minimize(negative, start.ravel(), jac=True, method="BFGS", options={"gtol": 1e-10})
    return -float(found.fun)


@over_losses
@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=SEEDS, a=st.sampled_from([0.3, 0.8, 1.0]))
def test_conjugate_is_the_supremum(name, kind, seed, a):
    loss, eta, s, _ = case(name, kind, seed, n=6, size=0.7, zeros=False)
    usable(loss, s)
    best = supremum(loss, a * loss.gradient(eta, s), s, eta)
    bound = loss.conjugate_along(eta, a, s)
    assert bound >= best - 1e-9  # the heart: an upper bound always
    if name == "cox":  # a bound, exact at both ends
        assert bound <= best + (1 - a) * (loss.value(eta, s) - loss.saturated(s)) + 1e-8
    else:
        assert bound == pytest.approx(best, abs=1e-7 if loss.smooth else 2e-3)


@over_losses
@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=SEEDS, a=st.sampled_from([0.0, 0.4, 0.999, 1.0]))
def test_fenchel_young_is_what_its_name_says(name, kind, seed, a):
    loss, at, s, rng = case(name, kind, seed)
    usable(loss, s)
    eta = at + rng.normal(size=at.shape)
    v = a * loss.gradient(at, s)
    expected = loss.value(eta, s) + loss.conjugate_along(at, a, s) - inner(v, eta)
    found = loss.fenchel_young_along(eta, at, a, s)
    assert found >= 0
    assert found == pytest.approx(expected, abs=1e-12 * (1 + abs(loss.value(eta, s))))
    assert loss.fenchel_young_along(at, at, 1.0, s) <= 1e-28


@over_losses
@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_fenchel_young_keeps_its_digits(name, kind, seed):
    """At a distance d the terms are ½ d'Hd: 1e-14 here, which values subtracted would drown in 1e-16 of rounding."""
    loss, at, s, rng = case(name, kind, seed)
    usable(loss, s)
    d = 1e-7 * rng.normal(size=at.shape)
    assume(loss.smooth or np.array_equal(loss.hessian(at + 2 * d, s) > 0, loss.hessian(at - 2 * d, s) > 0))
    expected = 0.5 * inner(d, loss.hessian_times(at, s, d))
    room = 1e-4 * expected + (1e-21 if name != "cox" else 1e-22)
    assert loss.fenchel_young_along(at + d, at, 1.0, s) == pytest.approx(expected, abs=room)


@over_losses
def test_outside_its_domain_the_conjugate_is_infinite(name, kind):
    loss, eta, s, _ = case(name, kind, 1, zeros=False)
    if name in ("gaussian", "multigaussian", "cox"):
        return  # finite everywhere, or without a closed form
    far = -50.0 * np.ones_like(eta) * s.reshape((-1,) + (1,) * (eta.ndim - 1))
    assert loss.conjugate(far, s) == np.inf
    assert loss.fenchel_young(eta, far, s) == np.inf
    nothing = np.where(np.arange(s.size) == 0, 0.0, s)
    assert loss.conjugate(loss.gradient(eta, s), nothing) == np.inf  # moves a row that has no weight


# --- weights, order, offset -------------------------------------------------------------------------------------------


@over_losses
@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_a_weight_is_a_repetition(name, kind, seed):
    rng = np.random.default_rng(seed)
    y, options = example(name, kind, rng, 8)
    times = rng.integers(1, 4, 8)
    times[4:] *= rng.integers(0, 2, 4)
    if options.get("ties") == "efron":
        times = np.minimum(times, 1)  # d counts rows, as documented: only 0 and 1 mean the same
    rows = np.repeat(np.arange(8), times)
    whole, repeated = rows_of(name, y, options, np.arange(8)), None
    assume(len(np.unique(y[rows], axis=0)) > 1)
    if name in ("binomial", "multinomial"):
        assume(set(np.unique(y[rows])) == set(np.unique(y)) or y.dtype.kind == "f")
    if name == "cox":
        assume(np.any(whole.event[rows]))
    repeated = rows_of(name, y, options, rows)
    eta = rng.normal(size=(8, whole.n_outputs) if whole.n_outputs > 1 else 8)
    s, one = times / times.sum(), np.full(rows.size, 1.0 / rows.size)
    assert whole.value(eta, s) == pytest.approx(repeated.value(eta[rows], one), rel=1e-12)
    assert whole.saturated(s) == pytest.approx(repeated.saturated(one), rel=1e-12, abs=1e-14)
    g = np.zeros_like(eta)
    np.add.at(g, rows, repeated.gradient(eta[rows], one))
    np.testing.assert_allclose(whole.gradient(eta, s), g, atol=1e-14)
    a, b = whole.null(np.zeros_like(eta), s), repeated.null(np.zeros_like(eta[rows]), one)
    assert a[1] == pytest.approx(b[1], rel=1e-12)
    if loss_has_one_minimum(whole):
        np.testing.assert_allclose(a[0], b[0], rtol=1e-9, atol=1e-12)


@over_losses
@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_the_order_of_rows_does_not_matter(name, kind, seed):
    rng = np.random.default_rng(seed)
    y, options = example(name, kind, rng, 9)
    order = rng.permutation(9)
    one, other = rows_of(name, y, options, np.arange(9)), rows_of(name, y, options, order)
    eta = rng.normal(size=(9, one.n_outputs) if one.n_outputs > 1 else 9)
    s = rng.uniform(0.1, 1, 9)
    assert other.value(eta[order], s[order]) == pytest.approx(one.value(eta, s), rel=1e-13)
    np.testing.assert_allclose(other.gradient(eta[order], s[order]), one.gradient(eta, s)[order], atol=1e-14)


@over_losses
@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=SEEDS, shift=st.sampled_from([0.0, 0.7, -3.0, 40.0]))
def test_null_model_is_the_best_constant(name, kind, seed, shift):
    loss, offset, s, _ = case(name, kind, seed)
    usable(loss, s)
    intercept, value = loss.null(offset, s)
    moved, same = loss.null(offset + shift, s)
    assert same == pytest.approx(value, rel=1e-10)
    assert loss.null(offset, s, fit_intercept=False)[1] == loss.value(offset, s)
    assert loss.saturated(s) <= value <= loss.value(offset, s) + 1e-14
    if not loss.has_intercept:
        assert intercept == 0
        assert loss.value(offset + shift, s) == pytest.approx(value, rel=1e-10)
        return
    slope = loss.gradient(offset + intercept, s)
    np.testing.assert_allclose(slope.sum(axis=0), 0.0, atol=1e-13 * max(1.0, np.abs(slope).sum()))
    if name != "multinomial" and loss_has_one_minimum(loss):  # a constant on all classes is no change
        np.testing.assert_allclose(moved, intercept - shift, rtol=1e-9, atol=1e-9)


@over_losses
@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=SEEDS, size=st.sampled_from([30.0, 250.0, 700.0]))
def test_huge_predictors_end_in_numbers(name, kind, seed, size):
    loss, eta, s, _ = case(name, kind, seed)
    usable(loss, s)
    eta = size * np.tanh(eta)
    for found in (loss.value(eta, s), loss.gradient(eta, s), loss.hessian(eta, s), loss.hessian_times(eta, s, eta)):
        assert np.all(np.isfinite(found))
    assert loss.deviance(eta, s) >= 0
    assert np.isfinite(loss.held_out(eta, s))
    assert not np.any(np.isnan(loss.mean(eta)))
    assert loss.fenchel_young_along(eta, eta, 1.0, s) <= 1e-12 * (1 + abs(loss.value(eta, s)))


# --- the registry -----------------------------------------------------------------------------------------------------


def test_every_loss_says_what_it_is():
    assert set(losses()) >= {
        "gaussian", "binomial", "multinomial", "poisson", "cox", "multigaussian", "huber", "sqrt",
    }  # fmt: skip
    for name, cls in losses().items():
        assert cls.name == name
        assert cls.words
        assert issubclass(cls, Loss)


def test_a_loss_is_final():
    with pytest.raises(TypeError, match="Gaussian is final"):
        type("Mine", (find("gaussian"),), {})
