"""The distributions over risk sets that a partial likelihood is made of, at one linear predictor.

The partial likelihood has terms e, each with a mass m_e and a distribution over those at risk,

    p_ek = share_ek · s_k exp(η_k) / S_e,      share_ek = 1, or 1 − l/d for the tied deaths of Efron's term l of d

and everything needed of it is ``log_total`` (log S_e), ``average(V)_e = Σ_k p_ek V_k`` and
``spread(y)_k = Σ_e m_e p_ek y_e``. ``Fast`` does them by cumulative sums of exp(η − max η); where η spans more than
floating point can hold that way, ``Slow`` computes each p_ek from its logarithm.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from riata.losses.risk_sets import RiskSets

Array = np.ndarray

SPAN = 300.0  # exp(−300) squared is still a normal number with room for the sums
NUMBERS = 4_000_000  # probabilities held at a time by ``Slow``


@dataclasses.dataclass(frozen=True)
class Terms:
    """Mass m_e > 0 of each term, the position ``at`` of its event time, and the share 1 − l/d of the tied deaths."""

    mass: Array
    at: Array
    share: Array


def make_terms(sets: RiskSets, s: Array, efron: bool) -> Terms:
    """The terms at weights s: one a time (Breslow), or one a death of positive weight (Efron)."""
    mass = sets.at_event(s)
    at = np.flatnonzero(mass > 0)
    if not efron:
        return Terms(mass[at], at, np.ones(at.size))
    deaths = sets.at_event((s > 0).astype(np.float64)).astype(np.intp)[at]
    each = np.repeat(at, deaths)
    first = np.repeat(np.cumsum(deaths) - deaths, deaths)
    count = np.repeat(deaths, deaths)
    return Terms(mass[each] / count, each, 1.0 - (np.arange(each.size) - first) / count)


def distributions(sets: RiskSets, terms: Terms, eta: Array, s: Array) -> Fast | Slow:
    """``Fast`` where the span of η within every stratum allows it, else ``Slow``."""
    live = s > 0
    n_strata = int(sets.stratum.max()) + 1
    top, bottom = np.full(n_strata, -np.inf), np.full(n_strata, np.inf)
    np.maximum.at(top, sets.stratum[live], eta[live])
    np.minimum.at(bottom, sets.stratum[live], eta[live])
    with np.errstate(invalid="ignore"):
        wide = np.any(top - bottom > SPAN)
    return Slow(sets, terms, eta, s) if wide else Fast(sets, terms, eta, s, top)


class Fast:
    """By cumulative sums, O(n) for each column of V."""

    def __init__(self, sets: RiskSets, terms: Terms, eta: Array, s: Array, top: Array) -> None:
        self.sets, self.terms = sets, terms
        live = s > 0
        high = np.where(np.isfinite(top), top, 0.0)
        self.x = np.zeros_like(eta)
        self.x[live] = s[live] * np.exp(eta[live] - high[sets.stratum[live]])
        self.total = self._gather(self.x)
        self.log_total = np.log(self.total) + high[sets.stratum_of[terms.at]]

    def _gather(self, x: Array) -> Array:
        at, share = self.terms.at, _tall(self.terms.share, x)
        return self.sets.cover.sums(x)[at] + share * self.sets.at_event(x)[at]

    def average(self, V: Array) -> Array:
        return self._gather(_tall(self.x, V) * V) / _tall(self.total, V)

    def spread(self, y: Array) -> Array:
        return _tall(self.x, y) * self._scatter(_tall(self.terms.mass / self.total, y) * y, self.terms.share)

    def spread_squares(self) -> Array:
        """Σ_e m_e p_ek²."""
        return self.x * self.x * self._scatter(self.terms.mass / self.total**2, self.terms.share**2)

    def _scatter(self, y: Array, share: Array) -> Array:
        sets, at = self.sets, self.terms.at
        plain, tied = np.zeros((sets.n_events,) + y.shape[1:]), np.zeros((sets.n_events,) + y.shape[1:])
        np.add.at(plain, at, y)
        np.add.at(tied, at, _tall(share, y) * y)
        return sets.cover.spread(plain) + sets.to_dead(tied)


class Slow:
    """Each probability from its logarithm, O(n · terms): for linear predictors that span more than ``SPAN``."""

    def __init__(self, sets: RiskSets, terms: Terms, eta: Array, s: Array) -> None:
        self.sets, self.terms = sets, terms
        with np.errstate(divide="ignore"):
            self.log_x = np.where(s > 0, eta + np.log(s), -np.inf)
        self.log_total = np.full(terms.at.size, -np.inf)
        for some, log_p in self._log_rows():
            top = log_p.max(axis=1)
            self.log_total[some] = top + np.log(np.exp(log_p - top[:, None]).sum(axis=1))

    def _log_rows(self):
        sets, terms, n = self.sets, self.terms, self.log_x.size
        width = max(1, NUMBERS // n)
        for start in range(0, terms.at.size, width):
            some = slice(start, start + width)
            e = terms.at[some, None]
            inside = (sets.low <= e) & (e < sets.high)
            tied = np.where(sets.own == e, np.log(terms.share[some, None]), -np.inf)
            yield some, self.log_x + np.where(inside, 0.0, tied)

    def _rows(self):
        for some, log_p in self._log_rows():
            yield some, np.exp(log_p - self.log_total[some, None])

    def average(self, V: Array) -> Array:
        return np.concatenate([p @ V for _, p in self._rows()])

    def spread(self, y: Array) -> Array:
        weighted = _tall(self.terms.mass, y) * y
        return sum(p.T @ weighted[some] for some, p in self._rows())

    def spread_squares(self) -> Array:
        return sum((p * p).T @ self.terms.mass[some] for some, p in self._rows())


def _tall(x: Array, like: Array) -> Array:
    """x (n,) with as many trailing axes as ``like``."""
    return x.reshape(x.shape + (1,) * (like.ndim - 1))
