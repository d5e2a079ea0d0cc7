"""Is every projection the nearest point? It is where (z − x)'(y − x) ≤ 0 for all y of the set."""

import numpy as np
import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not installed (pip install 'riata[test]')")
from hypothesis import given, settings
from hypothesis import strategies as st

from riata.core.errors import InvalidData, InvalidOption
from riata.projections import group_ball, l1_ball, l2_ball, simplex

# the largest value of (z − x)'y over the set, and the most that any point may have of what the set bounds
EPS = 1e-13
points = st.tuples(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([0.0, 1e-3, 0.7, 5.0, 300.0]))


def draw(seed, n, ties=True):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n) * 10.0 ** rng.integers(-3, 3)
    if ties and n > 2:
        z[1] = z[0]
    return rng, z


def nearest(z, x, support, room):
    """x is feasible and no point of the set is further along z − x."""
    size = 1.0 + max(np.abs(z).max(), np.abs(x).max()) ** 2
    assert room >= -EPS * size
    assert support(z - x) <= (z - x) @ x + EPS * size * z.size


@settings(max_examples=200, deadline=None, derandomize=True)
@given(points, st.booleans())
def test_l1_ball(how, weighted):
    seed, n, r = how
    rng, z = draw(seed, n)
    a = rng.uniform(0.1, 3.0, n) if weighted else np.ones(n)
    x = l1_ball(z, r, a if weighted else None)
    nearest(z, x, lambda d: r * np.max(np.abs(d) / a), r - a @ np.abs(x))
    if a @ np.abs(z) <= r:
        np.testing.assert_array_equal(x, z)
    else:
        assert a @ np.abs(x) == pytest.approx(r, rel=1e-12, abs=1e-300)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(points)
def test_simplex(how):
    seed, n, r = how
    _, z = draw(seed, n)
    x = simplex(z, r)
    assert x.min() >= 0
    assert x.sum() == pytest.approx(r, rel=1e-12)
    nearest(z, x, lambda d: r * np.max(d), 0.0)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(points, st.booleans())
def test_group_ball(how, weighted):
    seed, n, r = how
    rng, z = draw(seed, n)
    groups = rng.integers(0, 3, n)
    labels = np.unique(groups)
    a = rng.uniform(0.1, 3.0, labels.size) if weighted else np.ones(labels.size)

    def lengths(v):
        return np.array([np.linalg.norm(v[groups == g]) for g in labels])

    x = group_ball(z, groups, r, a if weighted else None)
    nearest(z, x, lambda d: r * np.max(lengths(d) / a), r - a @ lengths(x))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(points, st.booleans())
def test_l2_ball(how, grouped):
    seed, n, r = how
    rng, z = draw(seed, n)
    groups = rng.integers(0, 3, n) if grouped else np.zeros(n, int)
    x = l2_ball(z, r, groups if grouped else None)
    for g in np.unique(groups):
        at = groups == g
        nearest(z[at], x[at], lambda d: r * np.linalg.norm(d), r - np.linalg.norm(x[at]))


@pytest.mark.parametrize("project", [l1_ball, simplex, l2_ball, lambda z, r: group_ball(z, [0, 0, 1, 1, 1], r)])
def test_rows_are_projected_one_by_one(project):
    Z = np.random.default_rng(3).normal(size=(2, 4, 5)) * 3
    each = np.array([[project(z, 1.5) for z in block] for block in Z])
    np.testing.assert_array_equal(project(Z, 1.5), each)


def test_groups_of_one_are_the_l1_ball_and_one_group_the_l2_ball():
    _, z = draw(5, 8)
    np.testing.assert_allclose(group_ball(z, np.arange(8), 0.3), l1_ball(z, 0.3), rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(group_ball(z, np.zeros(8), 0.3), l2_ball(z, 0.3), rtol=1e-13)


def test_weights_of_nothing_and_of_infinity():
    x = l1_ball([5.0, 5.0, 5.0], 1.0, [0.0, 1.0, np.inf])
    assert x.tolist() == [5.0, 1.0, 0.0]


def test_inputs_stay_as_they_are():
    z = np.array([3.0, -1.0])
    for project in (l1_ball, simplex, l2_ball):
        project(z, 10.0)[:] = 7.0
    assert z.tolist() == [3.0, -1.0]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: l1_ball([1.0], -1.0), InvalidOption),
        (lambda: l1_ball([np.nan], 1.0), InvalidData),
        (lambda: l1_ball([], 1.0), InvalidData),
        (lambda: l1_ball([1.0, 2.0], 1.0, [1.0]), InvalidOption),
        (lambda: l1_ball([1.0, 2.0], 1.0, [1.0, -1.0]), InvalidOption),
        (lambda: group_ball([1.0, 2.0], [0], 1.0), InvalidOption),
        (lambda: simplex([1.0], np.inf), InvalidOption),
    ],
)
def test_what_cannot_be_projected(call, error):
    with pytest.raises(error):
        call()
