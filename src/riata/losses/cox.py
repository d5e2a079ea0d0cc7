"""Cox's proportional hazards: the partial likelihood of survival times, with ties, strata and late entry."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.errors import InvalidData, InvalidOption
from riata.losses.base import Array, Loss
from riata.losses.numerics import excess
from riata.losses.partial import Fast, Slow, Terms, distributions, make_terms
from riata.losses.risk_sets import RiskSets
from riata.losses.survival import strata_codes, survival
from riata.losses.targets import no_options

TIES = ("breslow", "efron")
PAIRS = 2_000_000  # tied deaths × Efron terms held at a time


class Cox(Loss):
    """F(η) = Σ_e m_e log S_e − Σ_{events i} sᵢηᵢ, the negative logarithm of the partial likelihood.

    Breslow: one term a time t with an event, m_t = Σ sᵢ over its deaths D, S_t = Σ_{at risk} s_k exp η_k.
    Efron: d terms for d tied deaths, each of mass m_t/d, with S_tl = S_t − (l/d) Σ_D s_k exp η_k, l = 0 … d − 1.
    At risk at t are the rows of the same stratum with start < t ≤ stop: someone censored at t still is.

    A weight is a repetition for Breslow's ties; with Efron's d counts rows, as in R's survival. No intercept.
    F* has no closed form; ``fenchel_young_along`` bounds it by writing a·∇F + (event masses) as one distribution a
    term, (1−a)·(its own deaths) + a·(softmax over its risk set), and summing their divergences.

    Examples
    --------
    >>> loss = Cox.parse([[2.0, 1], [3.0, 0], [5.0, 1]])
    >>> s = np.ones(3) / 3
    >>> bool(np.isclose(loss.value(np.zeros(3), s), np.log(3.0 / 3) / 3 + np.log(1.0 / 3) / 3))
    True
    """

    name = "cox"
    words = "a time until an event or until the end of observation, by the partial likelihood"
    link = "log"
    ratio = "hazard ratio"
    separable = False
    has_intercept = False

    def __init__(
        self, stop: Array, event: Array, start: Array | None = None, strata: Array | None = None, ties: str = "breslow"
    ) -> None:
        self.stop, self.event, self.start, self.ties = stop, event, start, ties
        self.n_samples = stop.size
        self.strata = np.zeros(stop.size, np.intp) if strata is None else strata
        self.sets = RiskSets(start, stop, event, self.strata)

    @classmethod
    def parse(cls, y: Any, *, strata: Any = None, ties: str = "breslow", **options: Any) -> Cox:
        no_options(cls.name, options, ("strata", "ties"))
        if ties not in TIES:
            raise InvalidOption("ties says how equal event times count.", expected=" or ".join(TIES), got=repr(ties))
        start, stop, event = survival(y)
        return cls(stop, event, start, strata_codes(strata, stop.size), ties)

    @classmethod
    def examples(cls, rng: np.random.Generator, n: int) -> list[tuple[Any, dict[str, Any]]]:
        stop = rng.integers(1, max(3, n // 2), n).astype(float)
        event = rng.uniform(size=n) < 0.7
        event[:2] = True
        late = np.column_stack([stop - rng.integers(1, 4, n), stop, event])
        plain, strata = late[:, 1:], rng.integers(0, 2, n)
        distinct = np.column_stack([rng.permutation(n) + 1.0, event])
        return [
            (distinct, {}),
            (plain, {"ties": "breslow"}),
            (plain, {"ties": "efron"}),
            (late, {"strata": strata}),
            (late, {"strata": strata, "ties": "efron"}),
        ]

    def terms(self, s: Array) -> Terms:
        """Masses and shares of the terms at weights s; InvalidData where no event has a weight."""
        out = make_terms(self.sets, np.where(s > 0, s, 0.0), self.ties == "efron")
        if not out.at.size:
            raise InvalidData(
                "No row of positive weight has an event.",
                expected="at least one event",
                hint="a training fold may have lost the events: use fewer folds.",
            )
        return out

    def _state(self, eta: Array, s: Array) -> Fast | Slow:
        return distributions(self.sets, self.terms(s), eta, s)

    def _events(self, s: Array) -> Array:
        return np.where(self.event & (s > 0), s, 0.0)

    def value(self, eta: Array, s: Array) -> float:
        # with S relative to the deaths' own η: every term is a small number, also when η is large
        sets, terms = self.sets, self.terms(s)
        events = self._events(s)
        own = sets.at_event(events * np.where(events > 0, eta, 0.0))[terms.at] / sets.at_event(events)[terms.at]
        return float(terms.mass @ (distributions(sets, terms, eta, s).log_total - own))

    def gradient(self, eta: Array, s: Array) -> Array:
        state = self._state(eta, s)
        return state.spread(np.ones(state.terms.at.size)) - self._events(s)

    def hessian(self, eta: Array, s: Array) -> Array:
        state = self._state(eta, s)
        return np.maximum(state.spread(np.ones(state.terms.at.size)) - state.spread_squares(), 0.0)

    def hessian_times(self, eta: Array, s: Array, V: Array) -> Array:
        state = self._state(eta, s)
        total = state.spread(np.ones(state.terms.at.size))
        return (total if V.ndim == 1 else total[:, None]) * V - state.spread(state.average(V))

    def conjugate(self, v: Array, s: Array) -> float:
        raise NotImplementedError("the conjugate of a partial likelihood has no closed form; see conjugate_along")

    def fenchel_young(self, eta: Array, v: Array, s: Array) -> float:
        raise NotImplementedError("the conjugate of a partial likelihood has no closed form; see fenchel_young_along")

    def conjugate_along(self, eta: Array, a: float, s: Array) -> float:
        slope = self.gradient(eta, s)
        along = a * float(slope @ np.where(s > 0, eta, 0.0))
        return self._spread_bound(self._state(eta, s), eta, a, s) - self.value(eta, s) + along

    def fenchel_young_along(self, eta: Array, at: Array, a: float, s: Array) -> float:
        """F(η) + (bound of F*)(a·∇F(at)) − a⟨∇F(at), η⟩: the divergences at ``at`` plus F's own distance."""
        state = self._state(at, s)
        out = self._spread_bound(state, at, a, s)
        d = np.where(s > 0, eta - at, 0.0)
        if not np.any(d):
            return out
        slope = state.spread(np.ones(state.terms.at.size)) - self._events(s)
        if np.max(np.abs(d)) > 1.0:
            change = self.value(eta, s) - self.value(at, s)
        else:  # log Σ p exp(d), the digits of a small d kept
            change = float(state.terms.mass @ np.log1p(state.average(np.expm1(d)))) - float(self._events(s) @ d)
        return out + change - a * float(slope @ d)

    def _spread_bound(self, state: Fast | Slow, at: Array, a: float, s: Array) -> float:
        """Σ_e m_e KL((1−a)·own deaths + a·p_e ‖ p_e), as a sum of terms ≥ 0."""
        terms, sets = state.terms, self.sets
        events = self._events(s)
        mass = sets.at_event(events)
        dead = sets.dead[events[sets.dead] > 0]
        first = np.searchsorted(sets.own[dead], terms.at, side="left")
        count = np.searchsorted(sets.own[dead], terms.at, side="right") - first
        outside = a * np.log(a) - a + 1.0 if a > 0 else 1.0  # of a risk set's share that is not its deaths
        total, step = 0.0, max(1, PAIRS // int(count.max()))
        for start in range(0, terms.at.size, step):
            some = slice(start, start + step)
            e = np.repeat(np.arange(terms.at.size)[some], count[some])
            begin = np.cumsum(count[some]) - count[some]
            k = dead[np.arange(e.size) - np.repeat(begin - first[some], count[some])]
            log_p = np.log(terms.share[e]) + np.log(s[k]) + at[k] - state.log_total[e]
            p = np.exp(log_p)
            parts = excess(a * p + (1.0 - a) * events[k] / mass[terms.at[e]], p, log_p)
            rest = np.maximum(1.0 - np.add.reduceat(p, begin), 0.0)
            total += float(terms.mass[some] @ (np.add.reduceat(parts, begin) + rest * outside))
        return total

    def saturated(self, s: Array) -> float:
        # in the limit each death is certain: S_e is the deaths' own weight times Efron's share
        terms = self.terms(s)
        own = self.sets.at_event(self._events(s))[terms.at]
        return float(terms.mass @ np.log(terms.share * own))

    def null(self, offset: Array, s: Array, fit_intercept: bool = True) -> tuple[float, float]:
        return 0.0, self.value(offset, s)

    def mean(self, eta: Array) -> Array:
        """The hazard relative to η = 0."""
        with np.errstate(over="ignore"):
            return np.exp(eta)

    def held_out(self, eta: Array, s: Array) -> float:
        """2·F(η): a fold's score is this on all rows minus this on its training rows, weights on one common scale."""
        return 2.0 * self.value(eta, s)
