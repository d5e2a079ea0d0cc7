"""The square-root lasso's loss: F(η) = √(Σ sᵢ(yᵢ − η)²), whose λ does not depend on the noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.losses.base import Array, Loss, per_weight
from riata.losses.numerics import weighted_sum
from riata.losses.targets import no_options, numbers


class Sqrt(Loss):
    """F(η) = √(Σ sᵢ(yᵢ − ηᵢ)²): the root of a mean, **not** a mean of losses, so doubling y doubles F and λ.

    With u = v/s: F*(v) = ⟨v, y⟩ where Σ sᵢuᵢ² ≤ 1, else +∞. At a perfect fit F has a corner; ``gradient`` is 0
    there (one of its subgradients) and ``hessian`` 0.

    Examples
    --------
    >>> loss = Sqrt.parse([3.0, -3.0])
    >>> loss.null(np.zeros(2), np.array([0.5, 0.5]))
    (0.0, 3.0)

    References
    ----------
    Belloni, Chernozhukov, Wang (2011), "Square-root lasso", Biometrika 98.
    """

    name = "sqrt"
    words = "a number, by the root of the mean squared error (square-root lasso)"
    separable = False
    smooth = False

    def __init__(self, y: Array) -> None:
        self.y = y
        self.n_samples = y.shape[0]

    @classmethod
    def parse(cls, y: Any, **options: Any) -> Sqrt:
        no_options(cls.name, options)
        return cls(numbers(y))

    @classmethod
    def examples(cls, rng: np.random.Generator, n: int) -> list[tuple[Any, dict[str, Any]]]:
        return [(rng.normal(size=n) + 3.0, {})]

    def _residual(self, eta: Array, s: Array) -> tuple[Array, float]:
        """(η − y with 0 where the weight is 0, its norm)."""
        r = np.where(s > 0, eta - self.y, 0.0)
        size = float(np.max(np.abs(r), initial=0.0))
        return r, size * float(np.sqrt(s @ (r / size) ** 2)) if size > 0 else 0.0

    def value(self, eta: Array, s: Array) -> float:
        return self._residual(eta, s)[1]

    def gradient(self, eta: Array, s: Array) -> Array:
        r, norm = self._residual(eta, s)
        return s * (r / norm) if norm > 0 else np.zeros_like(r)

    def hessian(self, eta: Array, s: Array) -> Array:
        r, norm = self._residual(eta, s)
        return s * (1.0 - s * (r / norm) ** 2) / norm if norm > 0 else np.zeros_like(r)

    def hessian_times(self, eta: Array, s: Array, V: Array) -> Array:
        r, norm = self._residual(eta, s)
        if norm == 0:
            return np.zeros_like(V)
        g, columns = s * (r / norm), V.reshape(V.shape[0], -1)
        return ((s[:, None] * columns - np.outer(g, g @ columns)) / norm).reshape(V.shape)

    def _over(self, v: Array, s: Array) -> tuple[Array, float]:
        """(u = v/s, 1 − Σ s u²), the second −∞ where v is not 0 on a row without weight."""
        if np.any(v[s <= 0] != 0):
            return v, -np.inf
        u = per_weight(v, s)
        room = 1.0 - float(s @ u**2)
        return u, 0.0 if -1e-13 < room < 0 else room

    def conjugate(self, v: Array, s: Array) -> float:
        return np.inf if self._over(v, s)[1] < 0 else float(v @ np.where(s > 0, self.y, 0.0))

    def fenchel_young(self, eta: Array, v: Array, s: Array) -> float:
        """‖r‖·(½‖r/‖r‖ − u‖² + ½(1 − ‖u‖²)), norms weighted by s."""
        u, room = self._over(v, s)
        r, norm = self._residual(eta, s)
        if room < 0:
            return np.inf
        return norm * 0.5 * (float(s @ (r / norm - u) ** 2) + room) if norm > 0 else 0.0

    def fenchel_young_along(self, eta: Array, at: Array, a: float, s: Array) -> float:
        (r, norm), (r_at, norm_at) = self._residual(eta, s), self._residual(at, s)
        if norm == 0 or norm_at == 0:
            return self.fenchel_young(eta, a * self.gradient(at, s), s)
        # ‖u‖ is a, so that what is left of the ball is known without a subtraction from 1
        return norm * 0.5 * (float(s @ (r / norm - a * (r_at / norm_at)) ** 2) + (1.0 - a) * (1.0 + a))

    def saturated(self, s: Array) -> float:
        return 0.0

    def null(self, offset: Array, s: Array, fit_intercept: bool = True) -> tuple[float, float]:
        b = weighted_sum(s, self.y - offset) / float(s.sum()) if fit_intercept else 0.0
        return b, self.value(offset + b, s)

    def mean(self, eta: Array) -> Array:
        return eta

    def held_out(self, eta: Array, s: Array) -> float:
        """The mean squared error of the rows held out (the root would not add up over folds)."""
        return self.value(eta, s) ** 2
