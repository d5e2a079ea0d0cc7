"""Huber's loss: squared error near the target, absolute error beyond ``delta``."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.errors import InvalidOption
from riata.losses.base import Array, RowLoss
from riata.losses.targets import no_options, numbers


class Huber(RowLoss):
    """fᵢ(η) = ½r² for |r| ≤ δ, else δ(|r| − ½δ), with r = η − yᵢ; δ → ∞ is least squares.

    ``delta`` is in units of y (default 1.35). Its slope is bounded by δ, so that one row never decides alone.

    Examples
    --------
    >>> loss = Huber.parse([0.0, 10.0], delta=1.0)
    >>> loss.value(np.zeros(2), np.array([0.5, 0.5]))
    4.75
    """

    name = "huber"
    words = "a number, by squared error near it and absolute error far from it"
    smooth = False

    def __init__(self, y: Array, delta: float) -> None:
        self.y, self.delta = y, delta

    @classmethod
    def parse(cls, y: Any, *, delta: float = 1.35, **options: Any) -> Huber:
        no_options(cls.name, options)
        if not (np.isscalar(delta) and np.isfinite(delta) and delta > 0):  # type: ignore[operator]
            raise InvalidOption("delta is where Huber's loss turns linear.", expected="a number > 0", got=delta)
        return cls(numbers(y), float(delta))  # type: ignore[arg-type]

    @classmethod
    def examples(cls, rng: np.random.Generator, n: int) -> list[tuple[Any, dict[str, Any]]]:
        return [(rng.standard_t(2, size=n), {}), (rng.normal(size=n), {"delta": 0.3})]

    def rows(self, eta: Array) -> Array:
        size = np.abs(eta - self.y)
        near = np.minimum(size, self.delta)
        return near * (size - 0.5 * near)

    def slope(self, eta: Array) -> Array:
        return np.clip(eta - self.y, -self.delta, self.delta)

    def curve(self, eta: Array) -> Array:
        return (np.abs(eta - self.y) <= self.delta).astype(np.float64)

    def row_conjugate(self, u: Array) -> Array:
        out = u * (0.5 * u + self.y)
        return np.where(self._outside(u), np.inf, out)

    def row_gap(self, eta: Array, u: Array) -> Array:
        r = eta - self.y
        size, along = np.abs(r), np.clip(u * np.sign(r), -self.delta, self.delta)
        far = (self.delta - along) * (size - 0.5 * (self.delta + along))
        return np.where(self._outside(u), np.inf, np.where(size <= self.delta, 0.5 * (r - u) ** 2, far))

    def _outside(self, u: Array) -> Array:
        return np.abs(u) > self.delta * (1.0 + 1e-15)

    def intercepts(self, offset: Array, s: Array) -> tuple[float, float]:
        rest = (self.y - offset)[s > 0]
        return float(rest.min()), float(rest.max())

    def mean(self, eta: Array) -> Array:
        return eta
