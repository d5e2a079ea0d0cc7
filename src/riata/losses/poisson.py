"""Poisson regression of counts: fᵢ(η) = exp η − yᵢ η."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.errors import InvalidData
from riata.losses.base import Array, RowLoss
from riata.losses.numerics import excess, plogp, weighted_sum
from riata.losses.targets import no_options, non_negative


class Poisson(RowLoss):
    """fᵢ(η) = exp η − yᵢη (the constant log yᵢ! is left out), log link; yᵢ ≥ 0, not necessarily whole.

    An exposure enters as the offset log(exposure).

    Examples
    --------
    >>> loss = Poisson.parse([0, 2, 4])
    >>> intercept, value = loss.null(np.zeros(3), np.ones(3) / 3)
    >>> round(float(np.exp(intercept)), 12)
    2.0
    """

    name = "poisson"
    words = "a count or a rate, by the Poisson likelihood with a log link"
    link = "log"
    ratio = "rate ratio"

    def __init__(self, y: Array) -> None:
        self.y = y

    @classmethod
    def parse(cls, y: Any, **options: Any) -> Poisson:
        no_options(cls.name, options)
        return cls(non_negative(y))

    @classmethod
    def examples(cls, rng: np.random.Generator, n: int) -> list[tuple[Any, dict[str, Any]]]:
        return [(np.append(rng.poisson(2.0, size=n - 1), 3), {}), (rng.exponential(size=n), {})]

    def rows(self, eta: Array) -> Array:
        return np.exp(eta) - self.y * eta

    def slope(self, eta: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.exp(eta) - self.y

    def curve(self, eta: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.exp(eta)

    def row_conjugate(self, u: Array) -> Array:
        rate = self._rate(u)
        return plogp(rate) - rate

    def row_gap(self, eta: Array, u: Array) -> Array:
        with np.errstate(over="ignore"):
            return excess(self._rate(u), np.exp(eta), eta)

    def _rate(self, u: Array) -> Array:
        rate = self.y + u  # one rounding of a large count below 0 is no violation
        return np.where((rate < 0) & (rate >= -1e-15 * self.y), 0.0, rate)

    def intercepts(self, offset: Array, s: Array) -> tuple[float, float]:
        mean = weighted_sum(s, self.y) / float(s.sum())
        if mean <= 0:
            raise InvalidData(
                "Every count of positive weight is zero: the best rate is 0 and its logarithm has no value.",
                expected="at least one positive count",
                hint="a training fold may have lost the rare counts: use fewer folds.",
            )
        live = offset[s > 0]
        return float(np.log(mean) - live.max()), float(np.log(mean) - live.min())

    def mean(self, eta: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.exp(eta)
