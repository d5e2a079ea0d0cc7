"""Dual candidates of a smooth loss: gradients at a linear predictor moved until they are feasible.

A dual point of  min F(η) + Σ h(w),  η = o + b + Zw,  is a vector v with Σ v = 0 where there is an intercept and
c = −Z'v in the domain of h*; it proves

    P(w) − P* ≤ [F(η) + F*(v) − ⟨v, η⟩] + Σ_j [h_j(w_j) + h_j*(c_j) − c_j w_j]          (both sums of terms ≥ 0)

The candidates are v = a·∇F(η′). With η′ = η nothing would be feasible but by luck, so η′ = η + b′ + Z_A d where
(b′, d) minimises F(η′) + ⟨goal, d⟩ + ½ρ‖d‖²: then Σ v = 0 and c_A = goal + ρd exactly. A holds the features without a
penalty (goal 0) and, for a sharper point, those of the support (goal: what their coefficients ask for; ρ their ridge).
Only the *candidate* moves; the coefficients certified stay as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg as sl

from riata.losses.newton import minimise

Array = np.ndarray

DEPENDENT = 1e-6  # what the columns before it leave of a column, in units of its norm, for it to be left out


def independent(columns: Array, s: Array, size: Array) -> Array:
    """Which columns (n, k) to keep so that none is a combination of those kept; the larger ``size`` goes first.

    Goals of dependent columns can contradict each other (a solver may leave a dust of coefficients on duplicates).
    """
    A = columns * np.sqrt(s)[:, None]
    norm = np.sqrt(np.sum(A * A, axis=0))
    rank = 1.0 + 1e-3 * np.argsort(np.argsort(size))  # ties in norm are decided by size, no digit is lost
    scale = np.where(norm > 0, rank / np.where(norm > 0, norm, 1.0), 0.0)
    R, pivot = sl.qr(A * scale, mode="r", pivoting=True, check_finite=False)
    left = np.abs(np.diag(R[: pivot.size]))
    keep = np.zeros(pivot.size, bool)
    keep[pivot[: left.size]] = left > DEPENDENT * rank[pivot[: left.size]]
    return keep


class Refit:
    """Moves η along the columns Z_A (per output where ``fixed`` says so) and the intercepts."""

    def __init__(
        self, loss: Any, s: Array, columns: Array, fixed: Array, goal: Array, ridge: Array, intercept: bool
    ) -> None:
        self.loss, self.s = loss, s
        n = columns.shape[0]
        outputs = fixed.shape[1]
        if intercept:
            columns = np.column_stack([columns, np.ones(n)])
            fixed = np.vstack([fixed, np.ones((1, outputs), bool)])
            goal, ridge = (np.vstack([x, np.zeros((1, outputs))]) for x in (goal, ridge))
        self.columns, self.fixed, self.goal, self.ridge = columns, fixed, goal[fixed], ridge[fixed]
        size = np.sqrt(s @ columns**2)  # in units in which every direction weighs about the same
        self.size = np.repeat(np.where(size > 0, size, 1.0)[:, None], outputs, axis=1)[fixed]

    def shift(self, d: Array) -> Array:
        """What the move d adds to η: (n,) or (n, K)."""
        table = np.zeros(self.fixed.shape)
        table[self.fixed] = d / self.size
        out = self.columns @ table
        return out[:, 0] if self.loss.n_outputs == 1 else out

    def run(self, eta: Array) -> tuple[Array, Array]:
        """(η′, what the correlations of ``fixed`` are there, row by row, the intercepts' 0 last)."""
        if not self.fixed.any():
            return eta, self.goal

        def value(d: Array) -> float:
            move = d / self.size
            return self.loss.value(eta + self.shift(d), self.s) + float((self.goal + 0.5 * self.ridge * move) @ move)

        def gradient(d: Array) -> Array:
            slope = self.loss.gradient(eta + self.shift(d), self.s).reshape(eta.shape[0], -1)
            return ((self.columns.T @ slope)[self.fixed] + self.goal + self.ridge * (d / self.size)) / self.size

        def hessian(d: Array) -> Array:
            return (self._hessian(eta + self.shift(d)) + np.diag(self.ridge)) / self.size / self.size[:, None]

        d = minimise(value, gradient, hessian, np.zeros(self.size.size))
        return eta + self.shift(d), self.goal + self.ridge * (d / self.size)

    def _hessian(self, eta: Array) -> Array:
        Z, loss = self.columns, self.loss
        if loss.n_outputs == 1:
            return Z.T @ loss.hessian_times(eta, self.s, Z)
        blocks = loss.hessian(eta, self.s)
        k, outputs = self.fixed.shape
        whole = np.empty((k, outputs, k, outputs))
        for a in range(outputs):
            for b in range(a + 1):
                whole[:, a, :, b] = Z.T @ (blocks[:, a, b, None] * Z)
                whole[:, b, :, a] = whole[:, a, :, b].T
        flat = self.fixed.reshape(-1)
        return whole.reshape(k * outputs, -1)[flat][:, flat]
