"""Value, slope and conjugate of the losses that the judge knows, one class each, in plain NumPy and float64.

η is (n, K, m): K predictors a row, m solutions side by side. F is a mean over n rows, and a method answers for each
of the m. A dual point is v = a·∇F(η) with a number a for each solution; conjugate(η, slope, a) is F*(v), or an upper
bound of it that is exact at a = 1, and infinite (or NaN) outside the domain. `slope` is n·∇F(η).
"""

from typing import Any

import numpy as np
from scipy.special import expit, log_softmax, softmax, xlogy

Array = np.ndarray


class Squares:
    """½‖y − η‖² for one or several responses."""

    has_intercept = True

    def __init__(self, y: Array) -> None:
        self.y = y.reshape(len(y), -1, 1)

    def value(self, eta: Array) -> Array:
        return 0.5 * ((self.y - eta) ** 2).sum(axis=1).mean(axis=0)

    def slope(self, eta: Array) -> Array:
        return eta - self.y

    def curve(self, eta: Array) -> Array:
        """Mean over the rows of the second derivative in the K predictors, (m, K, K)."""
        return np.broadcast_to(np.eye(eta.shape[1]), (eta.shape[2], eta.shape[1], eta.shape[1]))

    def conjugate(self, eta: Array, slope: Array, a: Array) -> Array:
        return (a * slope * (0.5 * a * slope + self.y)).sum(axis=1).mean(axis=0)

    lowest = 0.0


class Binomial:
    """log(1 + exp η) − yη, y 0 or 1."""

    has_intercept = True

    def __init__(self, y: Array) -> None:
        self.y = y.reshape(-1, 1, 1)

    def value(self, eta: Array) -> Array:
        return np.logaddexp(0.0, np.where(self.y > 0, -eta, eta)).mean(axis=0)[0]

    def slope(self, eta: Array) -> Array:
        return np.where(self.y > 0, -expit(-eta), expit(eta))

    def curve(self, eta: Array) -> Array:
        return (expit(eta) * expit(-eta)).mean(axis=0)[0][:, None, None]

    def conjugate(self, eta: Array, slope: Array, a: Array) -> Array:
        own = a * np.abs(slope)  # what is left to the other class
        return (xlogy(own, own) + xlogy(1.0 - own, 1.0 - own)).mean(axis=0)[0]

    lowest = 0.0


class Multinomial:
    """log Σₖ exp ηₖ − η_y, y the number of the class."""

    has_intercept = True

    def __init__(self, y: Array) -> None:
        self.y = np.eye(int(y.max()) + 1)[y.astype(int)][:, :, None]

    def value(self, eta: Array) -> Array:
        return -np.where(self.y > 0, log_softmax(eta, axis=1), 0.0).sum(axis=1).mean(axis=0)

    def slope(self, eta: Array) -> Array:
        return softmax(eta, axis=1) - self.y

    def curve(self, eta: Array) -> Array:
        p = softmax(eta, axis=1)
        return np.eye(p.shape[1]) * p.mean(axis=0).T[:, None] - np.einsum("ikm,ilm->mkl", p, p) / len(p)

    def conjugate(self, eta: Array, slope: Array, a: Array) -> Array:
        q = a * slope + self.y
        return xlogy(q, q).sum(axis=1).mean(axis=0)

    lowest = 0.0


class Poisson:
    """exp η − yη."""

    has_intercept = True

    def __init__(self, y: Array) -> None:
        self.y = y.reshape(-1, 1, 1)
        self.lowest = float((self.y - xlogy(self.y, self.y)).mean())

    def value(self, eta: Array) -> Array:
        return (np.exp(eta) - self.y * eta).mean(axis=0)[0]

    def slope(self, eta: Array) -> Array:
        return np.exp(eta) - self.y

    def curve(self, eta: Array) -> Array:
        return np.exp(eta).mean(axis=0)[0][:, None, None]

    def conjugate(self, eta: Array, slope: Array, a: Array) -> Array:
        q = a * slope + self.y
        return (xlogy(q, q) - q).mean(axis=0)[0]


class Cox:
    """The partial likelihood, ties as Breslow has them; y (n, 2) times and events.

    F(η) = (1/n) Σ_t [ m_t log Σ_{at risk} exp η − Σ_{deaths} η ], t over the times at which m_t ≥ 1 die. F* is a
    minimum over distributions p_t on the risk sets with Σ m_t p_t = n·v + deaths. Here p_t = a·softmax + (1 − a)·(its
    deaths, evenly): an upper bound of F*, hence a valid dual value.
    """

    has_intercept = False

    def __init__(self, y: Array) -> None:
        time, event = y[:, 0], y[:, 1] > 0
        self.order = np.argsort(-time, kind="stable")  # the last time first: whoever is at risk came before
        time, self.event = time[self.order], event[self.order]
        _, first, group = np.unique(-time, return_index=True, return_inverse=True)
        deaths = np.bincount(group, self.event)
        last = np.append(first[1:], len(time)) - 1
        kept = deaths > 0
        self.last, self.deaths = last[kept], deaths[kept][:, None]  # of each time with a death
        self.own = (np.cumsum(kept) - 1)[group][self.event]  # the time of each death
        self.after = np.searchsorted(self.last, np.arange(len(time)))  # the first time at which a row is at risk
        self.lowest = float(xlogy(deaths, deaths).sum() / len(time))

    def _risks(self, eta: Array) -> tuple[Array, Array, Array]:
        """η by falling time, less its maximum; exp of it; its sum over each risk set."""
        e = eta[self.order, 0]
        e = e - e.max(axis=0)
        w = np.exp(e)
        return e, w, np.cumsum(w, axis=0)[self.last]

    def value(self, eta: Array) -> Array:
        e, _, total = self._risks(eta)
        return ((self.deaths * np.log(total)).sum(axis=0) - e[self.event].sum(axis=0)) / len(e)

    def slope(self, eta: Array) -> Array:
        _, w, total = self._risks(eta)
        hazard = np.cumsum((self.deaths / total)[::-1], axis=0)[::-1]  # of this death and all before
        hazard = np.vstack([hazard, np.zeros((1, w.shape[1]))])
        out = np.empty_like(eta)
        out[self.order, 0] = w * hazard[self.after] - self.event[:, None]
        return out

    def conjugate(self, eta: Array, slope: Array, a: Array) -> Array:
        e, w, total = self._risks(eta)
        entropy = np.cumsum(w * e, axis=0)[self.last] / total - np.log(total)  # Σ q log q over each risk set
        whole = (self.deaths * (xlogy(a, a) + a * entropy)).sum(axis=0)
        own, mass = self.own, self.deaths[self.own]
        q = a * w[self.event] / total[own]
        p = q + (1.0 - a) / mass
        return (whole + (mass * (xlogy(p, p) - xlogy(q, q))).sum(axis=0)) / len(e)


LOSSES: dict[str, Any] = {
    "binomial": Binomial,
    "multinomial": Multinomial,
    "poisson": Poisson,
    "cox": Cox,
    "multigaussian": Squares,
    "group": Squares,
}
