"""The square-root lasso: what ties it to the lasso, its certificates, and the laws of its λ."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not installed (pip install 'riata[test]')")
from hypothesis import given, settings
from hypothesis import strategies as st

import riata
from riata.certify import certify_many
from riata.path import fit_path, make_problem
from riata.path.roots import solve_increasing
from riata.path.sqrt import simple_gaps, squares


def data(seed=0, n=50, p=8, noise=1.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.3, 3.0, p) + 1.0
    return rng, X, X[:, :3] @ np.array([1.0, -2.0, 0.5]) + noise * rng.normal(size=n)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), l1_ratio=st.sampled_from([1.0, 0.6]), intercept=st.booleans())
def test_every_solution_is_the_lassos_at_lam_times_the_residual(seed, l1_ratio, intercept):
    rng, X, y = data(seed)
    how = {
        "sample_weight": rng.integers(0, 4, len(y)), "offset": rng.normal(size=len(y)), "l1_ratio": l1_ratio,
        "fit_intercept": intercept,
    }  # fmt: skip
    problem = make_problem(X, y, family="sqrt", **how)
    path = fit_path(problem, n_lams=10, lam_min_ratio=0.01)
    found = certify_many(problem, path.coef, path.intercept, path.lams)
    assert max(c.gap_rel for c in found) <= 1e-10
    assert path.gap_rel.max() <= 1e-10
    s = how["sample_weight"] / how["sample_weight"].sum()
    for k, lam in enumerate(path.lams):
        r = y - how["offset"] - X @ path.coef[:, k] - path.intercept[k]
        norm = np.sqrt(s @ r**2)
        lasso = riata.path(X, y, lams=[lam * norm], tol=1e-13, **how)
        np.testing.assert_allclose(path.coef[:, k], lasso.coef[:, 0], atol=1e-9)
        assert path.dev_ratio[k] == pytest.approx(1 - norm / (path.null_deviance / 2), abs=1e-9)
    assert path.df[0] == 0
    assert path.df[-1] > 0


def test_lam_does_not_depend_on_the_noise():
    _, X, y = data(3)
    one, other = (riata.path(X, c * y, family="sqrt", n_lams=12) for c in (1.0, 1e4))
    np.testing.assert_allclose(one.lams, other.lams, rtol=1e-12)
    np.testing.assert_allclose(other.coef, 1e4 * one.coef, rtol=1e-7, atol=1e-6)


def test_more_features_than_rows_down_to_a_perfect_fit():
    """Below some λ the residual is 0: the shortest solution that fits, or one so close that the gap does not tell."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(12, 30))
    y = rng.normal(size=12)
    problem = make_problem(X, y, family="sqrt")
    path = fit_path(problem, lams=[2.0, 0.5, 0.1, 0.03, 1e-3, 1e-6])
    found = certify_many(problem, path.coef, path.intercept, path.lams)
    assert max(c.gap_rel for c in found) <= 1e-7
    assert np.abs(y - X @ path.coef[:, -1] - path.intercept[-1]).max() <= 1e-6


def test_a_wide_path_to_its_perfect_fit():
    """Its stored bound stays sharp where the residual is rounding; certificates from scratch agree where it is not."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(40, 300))
    y = X[:, :5].sum(axis=1) + rng.normal(size=40)
    problem = make_problem(X, y, family="sqrt", sample_weight=rng.integers(1, 3, 40))
    path = fit_path(problem, n_lams=40)
    assert path.gap_rel.max() <= 1e-7
    some = path.dev_ratio < 0.999
    found = certify_many(problem, path.coef[:, some], path.intercept[some], path.lams[some])
    assert max(c.gap_rel for c in found) <= 1e-12
    assert path.gap_rel[some].max() <= 1e-12
    moved = path.coef * (1 + 1e-3) + np.roll(path.coef, 1, axis=1) * 0.1
    behind = fit_path(squares(problem))
    used = np.flatnonzero(moved.any(axis=1))
    behind = dataclasses.replace(behind, active=used)
    np.testing.assert_allclose(
        simple_gaps(problem, behind, moved, path.intercept, path.lams),
        [primal_less_dual(problem, w, b, lam) for w, b, lam in zip(moved.T, path.intercept, path.lams, strict=True)],
        rtol=1e-9,
    )


def primal_less_dual(problem, w, b, lam):
    """(P(w) − D(u)) / P(null) for u = a·r/‖r‖, by the definitions; r less its mean, which the intercept takes up."""
    X, s = problem.design.raw, problem.sample_weight / problem.sample_weight.sum()
    t = np.sqrt(s @ (X - s @ X) ** 2)
    r = problem.y - X @ w - b
    r = r - s @ r
    norm = np.sqrt(s @ r**2)
    c = X.T @ (s * r) / norm
    a = min(1.0, float(np.min(lam * t / np.abs(c))))
    dual = a * (s * r / norm) @ problem.y
    null = np.sqrt(s @ (problem.y - s @ problem.y) ** 2)
    return (norm + lam * t @ np.abs(w) - dual) / null


def test_one_lam_is_the_paths():
    _, X, y = data(5)
    path = riata.path(X, y, family="sqrt", n_lams=9)
    for k in (0, 3, 8):
        one = riata.path(X, y, family="sqrt", lams=[path.lams[k]])
        np.testing.assert_allclose(one.coef[:, 0], path.coef[:, k], atol=1e-9)


def test_a_constant_target():
    _, X, y = data(6)
    path = riata.path(X, np.full(len(y), 2.0), family="sqrt", lams=[1.0, 0.1])
    assert not path.coef.any()
    np.testing.assert_allclose(path.intercept, 2.0)


def test_roots_of_many_equations_at_once():
    target = np.array([0.5, 2.0, 8.0, 900.0])
    calls = []

    def cube(x):
        calls.append(len(x))
        return x**3

    low, high = np.zeros(4), np.full(4, 10.0)
    x = solve_increasing(cube, target, low, high, cube(low), cube(high))
    np.testing.assert_allclose(x, np.cbrt(target), rtol=1e-15)
    assert len(calls) < 20


def test_a_root_on_a_linear_piece_takes_few_evaluations():
    calls = []

    def bent(x):
        calls.append(len(x))
        return np.where(x < 1, x, 3 * x - 2)

    ends = np.zeros(1), np.full(1, 3.0)
    x = solve_increasing(bent, np.array([4.0]), *ends, bent(ends[0]), bent(ends[1]))
    assert x[0] == pytest.approx(2.0, rel=1e-15)
    assert len(calls) < 12
