"""Least squares: fᵢ(η) = ½(yᵢ − η)²."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.losses.base import Array, RowLoss
from riata.losses.numerics import weighted_sum
from riata.losses.targets import no_options, numbers


class Gaussian(RowLoss):
    """fᵢ(η) = ½(yᵢ − η)², identity link.

    Examples
    --------
    >>> loss = Gaussian.parse([1.0, 3.0])
    >>> loss.null(np.zeros(2), np.array([0.5, 0.5]))
    (2.0, 0.5)
    """

    name = "gaussian"
    words = "a number, by squared error"

    def __init__(self, y: Array) -> None:
        self.y = y

    @classmethod
    def parse(cls, y: Any, **options: Any) -> Gaussian:
        no_options(cls.name, options)
        return cls(numbers(y))

    @classmethod
    def examples(cls, rng: np.random.Generator, n: int) -> list[tuple[Any, dict[str, Any]]]:
        return [(rng.normal(size=n) + 3.0, {})]

    def rows(self, eta: Array) -> Array:
        return 0.5 * (eta - self.y) ** 2

    def slope(self, eta: Array) -> Array:
        return eta - self.y

    def curve(self, eta: Array) -> Array:
        return np.ones_like(eta)

    def row_conjugate(self, u: Array) -> Array:
        return u * (0.5 * u + self.y)

    def row_gap(self, eta: Array, u: Array) -> Array:
        return 0.5 * (eta - self.y - u) ** 2

    def intercepts(self, offset: Array, s: Array) -> tuple[float, float]:
        mean = weighted_sum(s, self.y - offset) / float(s.sum())
        return mean, mean

    def mean(self, eta: Array) -> Array:
        return eta
