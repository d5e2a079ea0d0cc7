"""Multinomial regression, symmetric: fᵢ(η) = log Σₖ exp ηₖ − Σₖ yᵢₖ ηₖ, one linear predictor for each class."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax

from riata.core.errors import InvalidData
from riata.losses.base import Array, Loss, per_weight
from riata.losses.newton import minimise
from riata.losses.numerics import excess, plogp, weighted_sum
from riata.losses.targets import labels, no_options


class Multinomial(Loss):
    """fᵢ(η) = log Σₖ exp ηₖ − Σₖ yᵢₖηₖ with yᵢ the indicator of the class of row i; no class is the reference.

    Adding a constant to all K predictors of a row changes nothing. With p = softmax(η), the natural cheap form of
    the Hessian is p itself: block i is sᵢ(diag p − pp'), see ``probabilities`` and ``hessian_times``.

    Examples
    --------
    >>> loss = Multinomial.parse(["b", "a", "c", "a"])
    >>> loss.classes.tolist(), loss.n_outputs
    (['a', 'b', 'c'], 3)
    >>> loss.mean(np.zeros((1, 3))).round(3).tolist()
    [[0.333, 0.333, 0.333]]
    """

    name = "multinomial"
    balanced = True
    words = "one of several classes, by the symmetric softmax likelihood"
    link = "softmax"

    def __init__(self, y: Array, classes: Array | None = None) -> None:
        self.y, self.classes = y, classes
        self.n_samples, self.n_outputs = y.shape

    @classmethod
    def parse(cls, y: Any, **options: Any) -> Multinomial:
        no_options(cls.name, options)
        found, code = labels(y)
        if found.size < 2:
            raise InvalidData("All rows are of one class.", expected="at least two labels", got=str(found.tolist()))
        return cls(np.eye(found.size)[code], found)

    @classmethod
    def examples(cls, rng: np.random.Generator, n: int) -> list[tuple[Any, dict[str, Any]]]:
        return [(rng.permutation(np.resize(np.array(["a", "b", "c"]), n)), {})]

    def probabilities(self, eta: Array) -> Array:
        """softmax(η), (n, K)."""
        return softmax(eta, axis=1)

    mean = probabilities

    def value(self, eta: Array, s: Array) -> float:
        # Σₖ yₖ (−log pₖ), term by term ≥ 0; y sums to one
        return weighted_sum(s, -np.sum(np.where(self.y > 0, self.y * log_softmax(eta, axis=1), 0.0), axis=1))

    def gradient(self, eta: Array, s: Array) -> Array:
        p = softmax(eta, axis=1)
        return np.where(s[:, None] > 0, s[:, None] * self._slope(p), 0.0)

    def _slope(self, p: Array) -> Array:
        """p − y, with the entry of a row's own class as −Σ of the others: digits survive p → 1."""
        own = self.y == 1.0
        others = np.sum(np.where(own, 0.0, p), axis=1)
        return np.where(own, -others[:, None], p - self.y)

    def hessian(self, eta: Array, s: Array) -> Array:
        p = softmax(eta, axis=1)
        blocks = -p[:, :, None] * p[:, None, :]
        at = np.arange(self.n_outputs)
        blocks[:, at, at] = p * (1.0 - p)
        return np.where(s > 0, s, 0.0)[:, None, None] * blocks

    def hessian_times(self, eta: Array, s: Array, V: Array) -> Array:
        p = softmax(eta, axis=1)
        if V.ndim == 3:
            p, s = p[:, :, None], s[:, None]
        return s[:, None] * p * (V - np.sum(p * V, axis=1, keepdims=True))

    def _target(self, v: Array, s: Array) -> Array | None:
        """y + v/s, or None where v is outside the domain of F* (rows must sum to 0)."""
        u = per_weight(v, s)
        if np.any(v[s <= 0] != 0) or np.any(np.abs(u.sum(axis=1)) > 1e-13 * self.n_outputs):
            return None
        return self.y + u

    def conjugate(self, v: Array, s: Array) -> float:
        p = self._target(v, s)
        return np.inf if p is None else weighted_sum(s, plogp(p).sum(axis=1))

    def fenchel_young(self, eta: Array, v: Array, s: Array) -> float:
        p, log_q = self._target(v, s), log_softmax(eta, axis=1)
        return np.inf if p is None else weighted_sum(s, excess(p, np.exp(log_q), log_q).sum(axis=1))

    def saturated(self, s: Array) -> float:
        return -self.conjugate(np.zeros_like(self.y), s)

    def null(self, offset: Array, s: Array, fit_intercept: bool = True) -> tuple[Array, float]:
        if not fit_intercept:
            return np.zeros(self.n_outputs), self.value(offset, s)
        share = np.where(s[:, None] > 0, s[:, None] * self.y, 0.0).sum(axis=0) / float(s.sum())
        if np.any(share <= 0):
            k = int(np.flatnonzero(share <= 0)[0])
            label = k if self.classes is None else self.classes[k]
            raise InvalidData(
                f"No row of positive weight is of class {label!s}.",
                expected="rows of every class",
                hint="a training fold may have lost a class: use fewer folds or stratified ones.",
            )
        b = np.log(share)
        if not offset.any():
            return b - b.mean(), self.value(offset + b, s)
        b = minimise(
            lambda x: self.value(offset + x, s),
            lambda x: self.gradient(offset + x, s).sum(axis=0),
            lambda x: self.hessian(offset + x, s).sum(axis=0),
            b - b.mean(),
        )
        return b - b.mean(), self.value(offset + b, s)
