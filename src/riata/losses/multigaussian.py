"""Least squares for several responses at once: fᵢ(η) = ½ Σₖ (yᵢₖ − ηₖ)²."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.errors import InvalidData
from riata.losses.base import Array, Loss, per_weight
from riata.losses.numerics import weighted_sum
from riata.losses.targets import no_options, numbers


class MultiGaussian(Loss):
    """fᵢ(η) = ½ Σₖ (yᵢₖ − ηₖ)², y of shape (n_samples, n_outputs).

    Examples
    --------
    >>> loss = MultiGaussian.parse([[0.0, 1.0], [2.0, 1.0]])
    >>> intercept, value = loss.null(np.zeros((2, 2)), np.array([0.5, 0.5]))
    >>> intercept.tolist(), value
    ([1.0, 1.0], 0.5)
    """

    name = "multigaussian"
    words = "several numbers at once, by squared error"

    def __init__(self, y: Array) -> None:
        self.y = y
        self.n_samples, self.n_outputs = y.shape

    @classmethod
    def parse(cls, y: Any, **options: Any) -> MultiGaussian:
        no_options(cls.name, options)
        Y = numbers(y, ndim=2)
        if Y.shape[1] < 2:
            raise InvalidData("A family of several targets was given one.", expected="y of shape (n_samples, K), K ≥ 2",
                              got=f"shape {Y.shape}", hint='family="gaussian" takes one target')  # fmt: skip
        return cls(Y)

    @classmethod
    def examples(cls, rng: np.random.Generator, n: int) -> list[tuple[Any, dict[str, Any]]]:
        return [(rng.normal(size=(n, 3)), {})]

    def value(self, eta: Array, s: Array) -> float:
        return weighted_sum(s, 0.5 * np.sum((eta - self.y) ** 2, axis=1))

    def gradient(self, eta: Array, s: Array) -> Array:
        return np.where(s[:, None] > 0, s[:, None] * (eta - self.y), 0.0)

    def hessian(self, eta: Array, s: Array) -> Array:
        return s[:, None, None] * np.eye(self.n_outputs)

    def hessian_times(self, eta: Array, s: Array, V: Array) -> Array:
        return s.reshape((-1,) + (1,) * (V.ndim - 1)) * V

    def conjugate(self, v: Array, s: Array) -> float:
        if np.any(v[s <= 0] != 0):
            return np.inf
        u = per_weight(v, s)
        return weighted_sum(s, np.sum(u * (0.5 * u + self.y), axis=1))

    def fenchel_young(self, eta: Array, v: Array, s: Array) -> float:
        if np.any(v[s <= 0] != 0):
            return np.inf
        return weighted_sum(s, 0.5 * np.sum((eta - self.y - per_weight(v, s)) ** 2, axis=1))

    def saturated(self, s: Array) -> float:
        return 0.0

    def null(self, offset: Array, s: Array, fit_intercept: bool = True) -> tuple[Array, float]:
        b = np.zeros(self.n_outputs)
        if fit_intercept:
            live = s > 0
            b = s[live] @ (self.y - offset)[live] / float(s.sum())
        return b, self.value(offset + b, s)

    def mean(self, eta: Array) -> Array:
        return eta
