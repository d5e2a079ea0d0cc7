"""Is the constrained form the penalised one, and is it the minimum? Projected gradients and the map t ↔ λ say so."""

import numpy as np
import pytest

import riata
from riata.core.errors import InvalidOption
from riata.losses import find
from riata.projections import l1_ball


def data(seed=0, n=60, p=6):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.3, 3.0, p) + 1.0
    return rng, X, X[:, :3] @ np.array([1.0, -1.0, 0.5]) + rng.normal(size=n)


def projected_gradient(loss, X, s, radius, weight, rounds=30000):
    """min F(b + Xw) with Σ weight|w| ≤ radius: descent, the intercept by its own null model."""
    w, step = np.zeros(X.shape[1]), 1.0 / np.linalg.norm((X.T * s) @ X, 2)
    for _ in range(rounds):
        b, _ = loss.null(X @ w, s)
        new = l1_ball(w - step * X.T @ loss.gradient(X @ w + b, s), radius, weight)
        if np.abs(new - w).max() <= 1e-15:
            break
        w = new
    return w, loss.null(X @ w, s)[1]


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
@pytest.mark.parametrize("radius", [0.05, 0.3, 0.8])
def test_it_is_the_minimum(family, radius):
    rng, X, y = data(1)
    y = {"binomial": (y > y.mean()) * 1.0, "poisson": rng.poisson(np.exp(0.3 * y))}.get(family, y)
    weight = rng.integers(1, 3, len(y))
    s = weight / weight.sum()
    fit = riata.constrained(X, y, radius, family=family, sample_weight=weight)
    t = np.sqrt(s @ (X - s @ X) ** 2)
    loss = find(family).parse(y)
    found = loss.value(X @ fit.coef[:, 0] + fit.intercept[0], s)
    Z = (X - s @ X) / t
    u, lowest = projected_gradient(loss, Z, s, radius, np.ones(6))
    assert found <= lowest + 1e-12 * abs(lowest)
    np.testing.assert_allclose(fit.coef[:, 0] * t, u, atol=2e-6)
    assert t @ np.abs(fit.coef[:, 0]) == pytest.approx(radius, rel=1e-10)
    assert t @ np.abs(fit.coef[:, 0]) <= radius * (1 + 1e-14)
    assert fit.gap_rel[0] <= 1e-8


def test_the_map_between_length_and_lam():
    _, X, y = data(2)
    path = riata.path(X, y, n_lams=30)
    lengths = np.abs(path.coef_per_sd).sum(axis=0)
    fit = riata.constrained(X, y, lengths[[25, 3, 14]])
    np.testing.assert_allclose(fit.lam, path.lams[[25, 3, 14]], rtol=1e-10)
    np.testing.assert_allclose(fit.coef, path.coef[:, [25, 3, 14]], atol=1e-10)
    assert np.all(fit.gap_rel <= 1e-10)


def test_the_ends():
    _, X, y = data(3)
    fit = riata.constrained(X, y, [0.0, 1e6])
    assert not fit.coef[:, 0].any()
    exact = np.linalg.lstsq(np.column_stack([np.ones(len(y)), X]), y, rcond=None)[0]
    np.testing.assert_allclose(fit.coef[:, 1], exact[1:], rtol=1e-9)
    assert fit.lam[1] == 0
    assert fit.gap_rel.max() <= 1e-8
    assert riata.constrained(X, np.ones(len(y)), 1.0).coef.any() is np.False_


def test_more_features_than_rows():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(15, 40)), rng.normal(size=15)
    fit = riata.constrained(X, y, [0.3, 1.0, 50.0])
    assert fit.gap_rel.max() <= 1e-7
    # where the bound does not bind, λ is not 0 and what that may cost is counted
    assert fit.gap_rel[2] >= fit.lam[2] * (50.0 - fit.length[2]) / (0.5 * y.var()) > 0
    np.testing.assert_allclose(fit.predict(X)[:, 2], y, atol=1e-4)


def test_factors_weigh_in_the_length():
    _, X, y = data(4)
    v = np.array([0.0, 2.0, np.inf, 1.0, 0.5, 1.0])
    fit = riata.constrained(X, y, 0.3, penalty_factor=v, standardize=False)
    w = fit.coef[:, 0]
    assert w[2] == 0
    assert w[0] != 0
    assert np.delete(v, 2) @ np.abs(np.delete(w, 2)) == pytest.approx(0.3, rel=1e-12)


@pytest.mark.parametrize("options", [{"l1_ratio": 0.5}, {"penalty": "mcp"}])
def test_only_absolute_values_have_a_length(options):
    _, X, y = data(5)
    with pytest.raises(InvalidOption, match="absolute values"):
        riata.constrained(X, y, 1.0, **options)


@pytest.mark.parametrize("radius", [-1.0, np.nan, "a", [], [[1.0]]])
def test_a_radius_that_is_none(radius):
    _, X, y = data(5)
    with pytest.raises(InvalidOption, match="radius"):
        riata.constrained(X, y, radius)
