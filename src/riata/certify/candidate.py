"""Dual candidates of a smooth loss: gradients at a linear predictor moved until they are feasible.

A dual point of  min F(η) + Σ h(w),  η = o + b + Zw,  is a vector v with Σ v = 0 where there is an intercept and
c = −Z'v in the domain of h*; it proves

    P(w) − P* ≤ [F(η) + F*(v) − ⟨v, η⟩] + Σ_j [h_j(w_j) + h_j*(c_j) − c_j w_j]          (both sums of terms ≥ 0)

The candidates are v = a·∇F(η′). With a = 1 and η′ = η nothing would be feasible by more than luck, so η′ = η + b′ + Z_A d
where (b′, d) minimises F(η′) + ⟨goal, d⟩: then Σ v = 0 and c_A = goal exactly. A holds the features without a penalty
(goal 0) and, for a sharper point, those of the support (goal: what their coefficients ask for). Only the *candidate*
moves; the coefficients certified stay as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.losses.newton import minimise

Array = np.ndarray


class Refit:
    """Moves η along the columns Z_A (per output where ``fixed`` says so) and the intercepts."""

    def __init__(self, loss: Any, s: Array, columns: Array, fixed: Array, goal: Array, intercept: bool) -> None:
        self.loss, self.s = loss, s
        n, k = columns.shape
        outputs = fixed.shape[1]
        if intercept:
            columns = np.column_stack([columns, np.ones(n)])
            fixed = np.vstack([fixed, np.ones((1, outputs), bool)])
            goal = np.vstack([goal, np.zeros((1, outputs))])
        self.columns, self.fixed, self.goal = columns, fixed, goal[fixed]
        size = np.sqrt(s @ columns**2)  # in units in which every direction weighs about the same
        self.size = np.repeat(np.where(size > 0, size, 1.0)[:, None], outputs, axis=1)[fixed]

    def shift(self, d: Array) -> Array:
        """What the move d adds to η: (n,) or (n, K)."""
        table = np.zeros(self.fixed.shape)
        table[self.fixed] = d / self.size
        out = self.columns @ table
        return out[:, 0] if self.loss.n_outputs == 1 else out

    def run(self, eta: Array) -> Array:
        """η′."""
        if not self.fixed.any():
            return eta

        def value(d: Array) -> float:
            return self.loss.value(eta + self.shift(d), self.s) + float(self.goal @ (d / self.size))

        def gradient(d: Array) -> Array:
            slope = self.loss.gradient(eta + self.shift(d), self.s).reshape(eta.shape[0], -1)
            return ((self.columns.T @ slope)[self.fixed] + self.goal) / self.size

        def hessian(d: Array) -> Array:
            return self._hessian(eta + self.shift(d)) / self.size / self.size[:, None]

        return eta + self.shift(minimise(value, gradient, hessian, np.zeros(self.size.size)))

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
