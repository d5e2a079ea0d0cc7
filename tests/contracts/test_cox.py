"""The partial likelihood against its definition, risk set by risk set, and its two ways of summing."""

import numpy as np
import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not installed (pip install 'riata[test]')")
from hypothesis import given, settings
from hypothesis import strategies as st

from riata.losses import partial
from riata.losses.cox import Cox
from riata.losses.risk_sets import Cover


def by_definition(loss, eta, s):
    """−log partial likelihood: a loop over strata, times and (Efron) tied deaths."""
    total = 0.0
    start = np.full(eta.size, -np.inf) if loss.start is None else loss.start
    for stratum in np.unique(loss.strata):
        here = (loss.strata == stratum) & (s > 0)
        for time in np.unique(loss.stop[here & loss.event]):
            dead = here & loss.event & (loss.stop == time)
            risk = here & (start < time) & (time <= loss.stop)
            d, top = int(dead.sum()), eta[risk].max()
            for l in range(d):
                share = l / d if loss.ties == "efron" else 0.0
                inside = s[risk] @ np.exp(eta[risk] - top) - share * (s[dead] @ np.exp(eta[dead] - top))
                total += s[dead].sum() / d * (top + np.log(inside))
            total -= s[dead] @ eta[dead]
    return total


def drawn(seed, n, kind):
    rng = np.random.default_rng(seed)
    y, options = Cox.examples(rng, n)[kind]
    loss = Cox.parse(y, **options)
    s = rng.uniform(0.1, 2.0, n) * (rng.uniform(size=n) < 0.8)
    s[np.flatnonzero(loss.event)[0]] = 1.0  # never without an event
    return loss, rng.normal(size=n), s / s.sum(), rng


@pytest.mark.parametrize("kind", range(5))
@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31), n=st.integers(3, 40), size=st.sampled_from([1.0, 20.0, 300.0]))
def test_value_is_its_definition(kind, seed, n, size):
    loss, eta, s, _ = drawn(seed, n, kind)
    assert loss.value(size * eta, s) == pytest.approx(by_definition(loss, size * eta, s), rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("kind", range(5))
def test_the_fast_sums_and_the_slow_ones_agree(kind, monkeypatch):
    loss, eta, s, rng = drawn(7, 30, kind)
    V = rng.normal(size=(30, 3))

    def everything():
        return [
            np.atleast_1d(loss.value(eta, s)),
            loss.gradient(eta, s),
            loss.hessian(eta, s),
            loss.hessian_times(eta, s, V),
            np.atleast_1d(loss.fenchel_young_along(eta, 0.9 * eta, 0.9, s)),
        ]

    fast = everything()
    monkeypatch.setattr(partial, "SPAN", -1.0)
    assert isinstance(loss._state(eta, s), partial.Slow)
    monkeypatch.setattr(partial, "NUMBERS", 60)  # two terms at a time
    for a, b in zip(fast, everything(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-14)


def test_a_tied_censoring_is_at_risk():
    """glmnet 4.1 leaves the censored row out of the risk set of a death at the same time; it belongs to it."""
    loss = Cox.parse([[2.0, 1], [2.0, 0], [5.0, 1]])
    s, eta = np.full(3, 1 / 3), np.array([0.0, 3.0, 0.0])
    expected = (np.log((2 + np.exp(3.0)) / 3) + np.log(1 / 3)) / 3
    assert loss.value(eta, s) == pytest.approx(expected, rel=1e-14)


def test_efron_equals_breslow_without_ties():
    rng = np.random.default_rng(2)
    y = np.column_stack([rng.permutation(20) + 1.0, rng.uniform(size=20) < 0.6])
    eta, s = rng.normal(size=20), rng.dirichlet(np.ones(20))
    one, other = Cox.parse(y, ties="efron"), Cox.parse(y, ties="breslow")
    assert one.value(eta, s) == pytest.approx(other.value(eta, s), rel=1e-14)
    tied = np.column_stack([np.ceil(y[:, 0] / 3), y[:, 1]])
    assert Cox.parse(tied, ties="efron").value(eta, s) < Cox.parse(tied).value(eta, s) - 1e-3


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 30), events=st.integers(1, 20), late=st.booleans())
def test_sums_over_intervals(seed, n, events, late):
    rng = np.random.default_rng(seed)
    low = rng.integers(0, events + 1, n) * late
    high = rng.integers(0, events + 1, n)
    table = (low[:, None] <= np.arange(events)) & (np.arange(events) < high[:, None])
    cover = Cover(low, high, events)
    x, y = rng.normal(size=(n, 2)), rng.normal(size=(events, 2))
    np.testing.assert_allclose(cover.sums(x), table.T @ x, atol=1e-12)
    np.testing.assert_allclose(cover.spread(y), table @ y, atol=1e-12)
    np.testing.assert_allclose(cover.sums(x[:, 0]), table.T @ x[:, 0], atol=1e-12)


def test_late_entry_keeps_the_digits_of_small_hazards():
    """Someone of hazard e^60 has not entered yet: a difference of cumulative sums would return 0 for the others."""
    loss = Cox.parse([[0.0, 1.0, 1], [0.0, 2.0, 1], [1.5, 3.0, 1]])
    s, eta = np.full(3, 1 / 3), np.array([0.0, 0.0, 60.0])
    assert loss.value(eta, s) == pytest.approx(by_definition(loss, eta, s), rel=1e-14)
    p = loss.gradient(eta, s)
    assert p[0] == pytest.approx(-0.5 / 3, rel=1e-12)
