"""The baseline hazard of a proportional hazards model: from risk scores back to survival probabilities.

    H(t | η) = exp(η − center) · H₀(t),      H₀(t) = Σ_{e : t_e ≤ t} m_e / S_e,      survival = exp(−H)

with the terms e of the partial likelihood, their masses m_e and S_e the sum over those at risk of
share · s_k exp(η_k − center) (Breslow 1972; with Efron's terms, Efron's). ``center`` is the weighted mean of η, so that
H₀ belongs to a subject of average risk and neither factor overflows.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.losses.partial import distributions

Array = np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Baseline:
    """One step function a stratum: ``hazard[k]`` is H₀ from ``times[k]`` on; 0 before the first time."""

    center: float
    times: tuple[Array, ...]
    hazard: tuple[Array, ...]

    def cumulative(self, eta: Array, at: Array, stratum: Array) -> Array:
        """H(t | η), shape (len(eta), len(at)); ``stratum`` (len(eta),) holds codes."""
        steps = np.array([step_values(t, h, at) for t, h in zip(self.times, self.hazard, strict=True)])
        with np.errstate(over="ignore", invalid="ignore"):
            out = np.exp(eta - self.center)[:, None] * steps[stratum]
        return np.nan_to_num(out, nan=0.0, posinf=np.inf)  # ∞ · 0: no event yet


def step_values(times: Array, hazard: Array, at: Array) -> Array:
    """The value at each of ``at`` of a step function that is 0 at first and ``hazard[k]`` from ``times[k]`` on.

    >>> step_values(np.array([1.0, 3.0]), np.array([0.2, 0.5]), np.array([0.5, 1.0, 2.0, 9.0])).tolist()
    [0.0, 0.2, 0.2, 0.5]
    """
    return np.concatenate([[0.0], hazard])[np.searchsorted(times, at, side="right")]


def breslow(loss: Any, eta: Array, s: Array) -> Baseline:
    """The baseline hazard of Cox's ``loss`` at the linear predictors ``eta`` and weights ``s``."""
    center = float(s @ np.where(s > 0, eta, 0.0) / s.sum())
    sets, terms = loss.sets, loss.terms(s)
    with np.errstate(over="ignore"):
        steps = terms.mass * np.exp(-distributions(sets, terms, eta - center, s).log_total)
    per_time = np.bincount(terms.at, weights=steps, minlength=sets.n_events)
    time_of = np.zeros(sets.n_events)
    time_of[sets.dead_at] = loss.stop[sets.dead]
    live = np.bincount(terms.at, minlength=sets.n_events) > 0
    codes = range(int(sets.stratum.max()) + 1)
    each = [np.flatnonzero((sets.stratum_of == k) & live) for k in codes]
    return Baseline(center, tuple(time_of[e] for e in each), tuple(np.cumsum(per_time[e]) for e in each))
