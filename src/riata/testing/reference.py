"""Slow, independent answers: every arrangement of signs and bounds, and plain descent.

    minimise over (b, w)  (1/S) Σ s_i ½(y_i - o_i - b - x_i'w)²
                          + λ Σ v_j (l1_ratio |t_j w_j| + ½(1 - l1_ratio)(t_j w_j)²),   lower_j <= w_j <= upper_j

They share nothing with the solver but the problem itself: small problems are answered by trying
out everything (`brute_force`), medium ones by the textbook's coordinate descent (`slow_descent`).
Both make dense copies of X freely and take no trouble over speed.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np

Array = np.ndarray


@dataclasses.dataclass(frozen=True)
class Answer:
    """Coefficients on the caller's scale, intercept and objective."""

    coef: Array
    intercept: float
    objective: float


@dataclasses.dataclass(frozen=True)
class _Dense:
    """The problem as plain arrays: rows of positive weight, columns and target centred if there is an intercept."""

    X: Array
    y: Array
    weight: Array
    l1: Array
    l2: Array
    lower: Array
    upper: Array
    x_mean: Array
    y_mean: float

    def objective(self, w: Array) -> float:
        residual = self.y - self.X @ w
        return float(0.5 * self.weight @ residual**2 + self.l1 @ np.abs(w) + 0.5 * self.l2 @ w**2)

    def answer(self, w: Array) -> Answer:
        return Answer(w, float(self.y_mean - self.x_mean @ w), self.objective(w))


def _dense(problem: Any, lam: float) -> _Dense:
    rows = problem.sample_weight > 0
    X = problem.design.columns(np.arange(problem.n_features))[rows]
    weight = problem.sample_weight[rows] / problem.sample_weight[rows].sum()
    y = (problem.y - problem.offset)[rows]
    mean = weight @ X
    t = np.sqrt(weight @ (X - mean) ** 2) if problem.standardize else np.ones(problem.n_features)
    out = np.isinf(problem.penalty_factor)
    if problem.standardize:
        out |= X.min(axis=0) == X.max(axis=0)
    v = np.where(out, 0.0, problem.penalty_factor)
    x_mean = mean if problem.fit_intercept else np.zeros_like(mean)
    y_mean = float(weight @ y) if problem.fit_intercept else 0.0
    return _Dense(
        X - x_mean,
        y - y_mean,
        weight,
        lam * problem.l1_ratio * v * t,
        lam * (1 - problem.l1_ratio) * v * t * t,
        np.where(out, 0.0, problem.lower),
        np.where(out, 0.0, problem.upper),
        x_mean,
        y_mean,
    )


def _solve(gram: Array, right: Array) -> Array:
    """A solution of gram w = right (of least norm if many), whatever the units of the columns."""
    unit = np.sqrt(np.where(np.diag(gram) > 0, np.diag(gram), 1.0))
    return np.linalg.lstsq(gram / np.outer(unit, unit), right / unit, rcond=1e-12)[0] / unit


def brute_force(problem: Any, lam: float) -> Answer:
    """The minimum by trying every arrangement: each coefficient -, 0, +, at its lower or at its upper bound.

    The minimiser is stationary on its own arrangement, so it is among the at most 5^p candidates
    (for unique arrangements; among several minimisers one is returned). For p <= 5.

    >>> from riata.path import make_problem
    >>> problem = make_problem(np.array([[1.0], [-1.0]]), np.array([2.0, -2.0]), standardize=False)
    >>> brute_force(problem, 0.5).coef.tolist()
    [1.5]
    """
    d = _dense(problem, lam)
    p = d.X.shape[1]
    if p > 5:
        raise ValueError(f"brute force tries 5^p arrangements; p = {p} is too many")
    gram, corr = (d.X.T * d.weight) @ d.X + np.diag(d.l2), d.X.T @ (d.weight * d.y)
    states = []
    for lo, up in zip(d.lower, d.upper, strict=True):
        edges = [("edge", e) for e in (lo, up) if np.isfinite(e) and e != 0]
        states.append(
            [("free", 0.0)] + ([("free", -1.0)] if lo < 0 else []) + ([("free", 1.0)] if up > 0 else []) + edges
        )
    best = d.answer(np.zeros(p))
    for arrangement in itertools.product(*states):
        fixed = np.array([value if kind == "edge" else 0.0 for kind, value in arrangement])
        sign = np.array([value if kind == "free" else 0.0 for kind, value in arrangement])
        on = np.flatnonzero(sign)
        w = fixed.copy()
        if on.size:
            right = corr[on] - d.l1[on] * sign[on] - gram[np.ix_(on, np.arange(p))] @ fixed
            w[on] = _solve(gram[np.ix_(on, on)], right)
        w = np.clip(w, d.lower, d.upper)
        if d.objective(w) < best.objective:
            best = d.answer(w)
    return best


def slow_descent(problem: Any, lam: float, epochs: int = 200_000) -> Answer:
    """Cyclic coordinate descent on the residual, one feature at a time, until nothing moves any more.

    It stops when no coefficient moved by more than 1e-14 of the largest (times its column's
    size) in an epoch. For well conditioned problems of a few dozen features.
    """
    d = _dense(problem, lam)
    p = d.X.shape[1]
    square = d.weight @ d.X**2
    w, residual = np.zeros(p), d.y.copy()
    for _ in range(epochs):
        moved = size = 0.0
        for j in range(p):
            curvature = square[j] + d.l2[j]
            if curvature == 0:
                continue
            pull = d.X[:, j] @ (d.weight * residual) + square[j] * w[j]
            new = np.sign(pull) * max(abs(pull) - d.l1[j], 0.0) / curvature
            new = min(max(new, d.lower[j]), d.upper[j])
            if new != w[j]:
                residual -= d.X[:, j] * (new - w[j])
                moved = max(moved, abs(new - w[j]) * np.sqrt(square[j]))
                w[j] = new
            size = max(size, abs(new) * np.sqrt(square[j]))
        residual = d.y - d.X @ w
        if moved <= 1e-14 * size:
            break
    return d.answer(w)
