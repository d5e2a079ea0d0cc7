"""Does every penalty of the registry keep its promise: slope, concavity, prox, facts, options, and what it refuses?"""

import dataclasses
import inspect

import numpy as np
import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not installed (pip install 'riata[test]')")
from hypothesis import given, settings
from hypothesis import strategies as st

import riata
from riata.core.errors import InvalidOption
from riata.losses import losses
from riata.penalties import Concave, find, penalties, take
from riata.penalties.base import Penalty
from riata.penalties.mcp import MCP
from riata.penalties.scad import SCAD

CONCAVE = sorted(name for name, cls in penalties().items() if issubclass(cls, Concave))
over_concave = pytest.mark.parametrize("name", CONCAVE)
SIZES = st.floats(0.0, 50.0)
LAMS = st.floats(1e-3, 10.0)
GAMMAS = st.sampled_from([None, 2.5, 4.0, 30.0])


def made(name, gamma):
    return find(name)() if gamma is None else find(name)(gamma=gamma)


# --- value and slope --------------------------------------------------------------------------------------------------


@over_concave
@settings(max_examples=100, deadline=None, derandomize=True)
@given(t=SIZES, lam=LAMS, gamma=GAMMAS)
def test_slope_is_the_derivative_of_the_value(name, t, lam, gamma):
    """By the midpoint rule, whose error is nothing where p is quadratic; a corner of p' costs at most step²."""
    penalty, step = made(name, gamma), 1e-4
    t = t + step
    rise = penalty.value(np.array([t + step, t - step]), np.array([lam]))
    slope = penalty.slope(np.array([t]), np.array([lam]))[0]
    assert (rise[0] - rise[1]) / (2 * step) == pytest.approx(slope, abs=1e-4 * (1 + lam), rel=1e-6)


@over_concave
@settings(max_examples=100, deadline=None, derandomize=True)
@given(t=SIZES, more=SIZES, lam=LAMS, gamma=GAMMAS)
def test_value_rises_and_slope_falls(name, t, more, lam, gamma):
    penalty = made(name, gamma)
    at, lams = np.array([t, t + more]), np.array([lam])
    slope, value = penalty.slope(at, lams), penalty.value(at, lams)
    assert 0 <= slope[1] <= slope[0] <= lam * (1 + 1e-15)
    assert value[1] >= value[0] - 1e-12 * abs(value[0])
    # below its tangent: what makes the linear approximation one from above
    assert value[1] <= value[0] + slope[0] * more + 1e-12 * (1 + value[1])


@over_concave
@given(lam=LAMS, gamma=GAMMAS)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_at_zero_it_is_the_lasso(name, lam, gamma):
    penalty = made(name, gamma)
    assert penalty.value(np.zeros(1), np.array([lam]))[0] == 0
    assert penalty.slope(np.zeros(1), np.array([lam]))[0] == pytest.approx(lam, rel=1e-15)


@over_concave
def test_every_lam_has_its_own_entry(name):
    penalty, t, lam = find(name)(), np.array([0.1, 1.0, 9.0]), np.array([0.5, 1.0, 2.0])
    for f in (penalty.value, penalty.slope):
        np.testing.assert_array_equal(f(t, lam), [f(t[k : k + 1], lam[k : k + 1])[0] for k in range(3)])


@pytest.mark.parametrize("name", [name for name in CONCAVE if hasattr(find(name), "prox")])
@settings(max_examples=60, deadline=None, derandomize=True)
@given(z=st.floats(-12.0, 12.0), lam=st.floats(0.05, 3.0), gamma=GAMMAS)
def test_prox_beats_a_grid(name, z, lam, gamma):
    penalty, lams = made(name, gamma), np.array([lam])

    def objective(u):
        return 0.5 * (u - z) ** 2 + penalty.value(np.abs(u), lams)

    best = penalty.prox(np.array([z]), lams)
    assert objective(best)[0] <= objective(np.linspace(-13.0, 13.0, 20001)).min() + 1e-12


def test_the_known_values_of_mcp_and_scad():
    """Fan & Li's (2001) and Zhang's (2010) thresholds, by hand at λ = 1."""
    z, one = np.array([0.9, -1.5, 2.5, 3.5, -4.0]), np.ones(1)
    np.testing.assert_allclose(MCP(3.0).prox(z, one), [0.0, -0.75, 2.25, 3.5, -4.0], rtol=1e-15)
    np.testing.assert_allclose(
        SCAD(3.7).prox(z, one), [0.0, -0.5, (2.7 * 2.5 - 3.7) / 1.7, (2.7 * 3.5 - 3.7) / 1.7, -4.0]
    )


# --- facts and options ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(penalties()))
def test_every_penalty_declares_what_it_is(name):
    cls = find(name)
    assert issubclass(cls, Penalty)
    assert cls.name == name
    assert cls.words
    assert cls.formula
    assert cls.outputs in ("one", "any")
    assert cls() == cls(**cls.options())
    assert cls.convex != issubclass(cls, Concave)
    assert cls.learns == ("learn" in vars(cls))
    assert cls.__doc__
    assert dataclasses.fields(cls) == dataclasses.fields(cls())
    assert hash(cls()) == hash(cls())


def test_the_registry_has_those_promised():
    assert set(penalties()) >= {"l1", "adaptive", "mcp", "scad", "log"}


def test_a_penalty_is_final():
    with pytest.raises(TypeError, match="MCP is final"):
        type("Mine", (MCP,), {})


def test_no_option_belongs_to_a_family_as_well():
    """riata.path takes both as keywords."""
    taken = {"X", "y", *inspect.signature(riata.path).parameters}
    for cls in losses().values():
        taken |= set(inspect.signature(cls.parse).parameters)
    for cls in penalties().values():
        assert not set(cls.options()) & taken


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"penalty": "mpc"}, 'did you mean "mcp"'),
        ({"penalty": "mcp", "gama": 3.0}, "penalty 'mcp' has no option 'gama'"),
        ({"penalty": "mcp", "gama": 3.0}, 'did you mean "gamma"'),
        ({"penalty": "mcp", "gamma": 1.0}, "a number > 1"),
        ({"penalty": "scad", "gamma": 2.0}, "a number > 2"),
        ({"penalty": "log", "gamma": 0.0}, "a number > 0"),
        ({"penalty": "mcp", "gamma": "3"}, "a number > 1"),
        ({"penalty": "mcp", "gamma": float("nan")}, "a number > 1"),
        ({"penalty": "adaptive", "pilot": "olss"}, 'did you mean "ols"'),
        ({"penalty": "mcp", "l1_ratio": 0.5}, "no ridge part"),
        ({"gamma": 3.0}, "no option 'gamma'"),
        ({"penalty": MCP(2.0), "gamma": 3.0}, "no option 'gamma'"),
        ({"penalty": "mcp", "early_stop": True}, "no early stop"),
    ],
)
def test_what_cannot_be_says_so(options, words):
    X, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20.0)
    with pytest.raises(InvalidOption) as error:
        riata.path(X, y, **options)
    assert words in str(error.value)


def test_options_find_their_owner():
    assert take("adaptive", {"pilot": "ridge", "delta": 1.0}) == (find("adaptive")(pilot="ridge"), {"delta": 1.0})
    assert take(MCP(2.0), {"delta": 1.0}) == (MCP(2.0), {"delta": 1.0})
