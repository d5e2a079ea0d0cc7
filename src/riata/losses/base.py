"""What a loss is: value, derivatives, conjugate and null model of one checked target.

With η the linear predictors and s the sample weights, **s ≥ 0 and Σ sᵢ = 1** (whoever calls normalises once),

    value(η)        F(η) = Σ sᵢ fᵢ(ηᵢ)                         one number
    gradient(η)     ∂F/∂η, the shape of η
    conjugate(v)    F*(v) = sup_η ⟨v, η⟩ − F(η)                +∞ outside its domain
    fenchel_young   F(η) + F*(v) − ⟨v, η⟩ ≥ 0                  as a sum of terms ≥ 0 where that is possible

The last one is the part of the loss in a duality gap; 0 exactly when v = gradient(η).
A loss holds its target and never the weights: the same object serves every fold (weight 0 is as if the row were gone).
"""

from __future__ import annotations

import abc
import functools
from typing import Any, ClassVar

import numpy as np

from riata.losses.numerics import root_of_increasing, weighted_sum

Array = np.ndarray


class Loss(abc.ABC):
    """A loss with its target. Concrete classes are final: one file, one class, no subclass of it.

    η has shape (n_samples,) where ``n_outputs`` is 1, else (n_samples, n_outputs).

    Attributes
    ----------
    name : str
        What users type as ``family``.
    words : str
        One line for the documents.
    separable : bool
        True when F is a sum over rows, so that the Hessian is (block) diagonal.
    has_intercept : bool
        False when a constant in η changes nothing (Cox).
    smooth : bool
        True when F has a second derivative everywhere.
    link : "identity", "logit", "log" or "softmax"
        How η becomes a prediction: what ``mean`` inverts, and what a model file says.
    ratio : str or None
        What exp(coefficient) is called, where it is something.
    balanced : bool
        True when every row of every gradient sums to 0 over the outputs.
    multiplicity : array (n_samples,) or None
        Trials behind each row of proportions: the caller multiplies the sample weights by it before normalising.
    classes : array or None
        The labels of a classification target in the order of the model (binomial: the second is the positive one).
    """

    name: ClassVar[str]
    words: ClassVar[str]
    link: ClassVar[str] = "identity"
    ratio: ClassVar[str | None] = None
    separable: ClassVar[bool] = True
    has_intercept: ClassVar[bool] = True
    smooth: ClassVar[bool] = True
    balanced: ClassVar[bool] = False
    multiplicity: Array | None = None
    classes: Array | None = None
    n_samples: int
    n_outputs: int = 1

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for parent in cls.__mro__[1:]:
            if "name" in vars(parent):
                raise TypeError(f"{parent.__name__} is final; write a loss of its own in a new file")

    @classmethod
    @abc.abstractmethod
    def parse(cls, y: Any, **options: Any) -> Loss:
        """From what a user passes to a loss; InvalidData or InvalidOption where that cannot be."""

    @classmethod
    @abc.abstractmethod
    def examples(cls, rng: np.random.Generator, n: int) -> list[tuple[Any, dict[str, Any]]]:
        """Random targets of n rows, (y, options) each: what the contract tests feed to ``parse``."""

    @abc.abstractmethod
    def value(self, eta: Array, s: Array) -> float:
        """F(η)."""

    @abc.abstractmethod
    def gradient(self, eta: Array, s: Array) -> Array:
        """∂F/∂η, the shape of η; 0 where the weight is 0."""

    @abc.abstractmethod
    def hessian(self, eta: Array, s: Array) -> Array:
        """The diagonal (n,) of ∂²F/∂η², or its (n, K, K) blocks for K outputs."""

    @abc.abstractmethod
    def hessian_times(self, eta: Array, s: Array, V: Array) -> Array:
        """The exact ∂²F/∂η² times V; V is (n,) or (n, m), with K outputs (n, K) or (n, K, m)."""

    @abc.abstractmethod
    def conjugate(self, v: Array, s: Array) -> float:
        """F*(v); +∞ outside its domain. NotImplementedError where there is no closed form."""

    @abc.abstractmethod
    def fenchel_young(self, eta: Array, v: Array, s: Array) -> float:
        """F(η) + F*(v) − ⟨v, η⟩ ≥ 0, without subtracting large numbers. +∞ outside the domain of F*."""

    @abc.abstractmethod
    def saturated(self, s: Array) -> float:
        """inf_η F(η)."""

    @abc.abstractmethod
    def null(self, offset: Array, s: Array, fit_intercept: bool = True) -> tuple[Any, float]:
        """(intercept, value) of the model without features; the intercept is (K,) for K outputs.

        ``offset`` has the shape of η. InvalidData where the best intercept is infinite (one class only, no event).
        """

    @abc.abstractmethod
    def mean(self, eta: Array) -> Array:
        """The inverse link: expected target, probabilities, rates or hazard ratios."""

    def fenchel_young_along(self, eta: Array, at: Array, a: float, s: Array) -> float:
        """An upper bound (exact where F* has a closed form) of F(η) + F*(v) − ⟨v, η⟩ for v = a·∇F(at), 0 ≤ a ≤ 1."""
        return self.fenchel_young(eta, a * self.gradient(at, s), s)

    def conjugate_along(self, eta: Array, a: float, s: Array) -> float:
        """An upper bound (exact where F* has a closed form) of F*(a·∇F(η)) for 0 ≤ a ≤ 1."""
        return self.conjugate(a * self.gradient(eta, s), s)

    def deviance(self, eta: Array, s: Array) -> float:
        """2·(F(η) − inf F) ≥ 0."""
        return 2.0 * (self.value(eta, s) - self.saturated(s))

    def held_out(self, eta: Array, s: Array) -> float:
        """What cross-validation scores by default, s being the weights of the rows held out: the mean deviance."""
        return self.deviance(eta, s)


class RowLoss(Loss):
    """A loss of one output that is a weighted sum over rows: a file gives seven functions of rows.

    With u = v/s, all of shape (n,):  ``rows`` fᵢ(η), ``slope`` fᵢ'(η), ``curve`` fᵢ''(η),
    ``row_conjugate`` fᵢ*(u), ``row_gap`` fᵢ(η) + fᵢ*(u) − uη, and ``intercepts``, two numbers that the best
    intercept lies between. A row whose weight is 0 may hold anything.
    """

    y: Array

    @abc.abstractmethod
    def rows(self, eta: Array) -> Array: ...

    @abc.abstractmethod
    def slope(self, eta: Array) -> Array: ...

    @abc.abstractmethod
    def curve(self, eta: Array) -> Array: ...

    @abc.abstractmethod
    def row_conjugate(self, u: Array) -> Array: ...

    @abc.abstractmethod
    def row_gap(self, eta: Array, u: Array) -> Array: ...

    @abc.abstractmethod
    def intercepts(self, offset: Array, s: Array) -> tuple[float, float]: ...

    @property
    def n_samples(self) -> int:  # type: ignore[override]
        return self.y.shape[0]

    def value(self, eta: Array, s: Array) -> float:
        with np.errstate(over="ignore"):
            return weighted_sum(s, self.rows(eta))

    def gradient(self, eta: Array, s: Array) -> Array:
        return _weighted(s, self.slope(eta))

    def hessian(self, eta: Array, s: Array) -> Array:
        return _weighted(s, self.curve(eta))

    def hessian_times(self, eta: Array, s: Array, V: Array) -> Array:
        h = self.hessian(eta, s)
        return h * V if V.ndim == 1 else h[:, None] * V

    def conjugate(self, v: Array, s: Array) -> float:
        if np.any(v[s <= 0] != 0):
            return np.inf
        return weighted_sum(s, self.row_conjugate(per_weight(v, s)))

    def fenchel_young(self, eta: Array, v: Array, s: Array) -> float:
        if np.any(v[s <= 0] != 0):
            return np.inf
        return weighted_sum(s, self.row_gap(eta, per_weight(v, s)))

    def fenchel_young_along(self, eta: Array, at: Array, a: float, s: Array) -> float:
        # the slope itself: times s and over s again it would be a rounding off, and outside the domain at its rim
        return weighted_sum(s, self.row_gap(eta, a * self.slope(at)))

    def conjugate_along(self, eta: Array, a: float, s: Array) -> float:
        return weighted_sum(s, self.row_conjugate(a * self.slope(eta)))

    @functools.cached_property
    def _at_rest(self) -> Array:
        """−inf fᵢ of every row: every fold asks for a sum of them, with weights of its own."""
        return self.row_conjugate(np.zeros_like(self.y))

    def saturated(self, s: Array) -> float:
        return -weighted_sum(s, self._at_rest)

    def null(self, offset: Array, s: Array, fit_intercept: bool = True) -> tuple[float, float]:
        if not fit_intercept:
            return 0.0, self.value(offset, s)
        low, high = self.intercepts(offset, s)
        b = root_of_increasing(
            lambda x: (float(self.gradient(offset + x, s).sum()), float(self.hessian(offset + x, s).sum())), low, high
        )
        return b, self.value(offset + b, s)


def per_weight(v: Array, s: Array) -> Array:
    """v/s row by row; 0 where the weight is 0."""
    live = s > 0
    out = np.zeros_like(v, dtype=np.float64)
    np.divide(v, s if v.ndim == 1 else s[:, None], out=out, where=live if v.ndim == 1 else live[:, None])
    return out


def _weighted(s: Array, rows: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(s > 0, s * rows, 0.0)
