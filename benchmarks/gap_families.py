"""The judge for what is not least squares under an L1 penalty: primal and dual value from X, y and the coefficients.

    primal  P = F(b + Xw) + λ Ω(w)                 F: benchmarks/duals.py
    dual    D = −F*(a·∇F(b′ + Xw)),   0 ≤ a ≤ λ / Ω°(X'∇F(b′ + Xw))

Ω is a sum of lengths: of single entries, of the rows of w (several responses), or of groups of features times the roots
of their sizes; Ω° is the largest of such lengths, over that root. b′ is the best intercept for w, so that the slopes
add up to 0; b is the library's own where it gives one. D ≤ the minimum for every such a: those taken are the largest
one, and the largest one up to 1. gap_rel = (P − D) / (F of the model without features − inf F).
"""

from typing import Any

import numpy as np
import scipy.sparse

from benchmarks.duals import LOSSES
from benchmarks.gap import Bounds

Array = np.ndarray
NUMBERS = 4_000_000  # of a predictor held at a time: 32 MB, of which there are a few copies
STEPS, HALVINGS, FLAT = 100, 30, 1e-14  # of Newton for the intercepts; the mean slope that is as good as 0


class Sizes:
    """Ω and Ω° for entries (p, K, m)."""

    def __init__(self, work: Any) -> None:
        self.rows = work.family in ("multigaussian", "group")
        groups = work.groups if work.family == "group" else np.arange(work.X.shape[1])
        self.starts = np.flatnonzero(np.diff(groups, prepend=-1))
        if len(self.starts) != len(np.unique(groups)):
            raise ValueError("the features of a group must be neighbours")
        self.root = np.sqrt(np.diff(self.starts, append=len(groups)))[:, None]

    def lengths(self, entries: Array) -> Array:
        if not self.rows:
            return np.abs(entries).reshape(-1, entries.shape[2])
        return np.sqrt(np.add.reduceat((entries**2).sum(axis=1), self.starts, axis=0))

    def norm(self, w: Array) -> Array:
        return (self.lengths(w) * (self.root if self.rows else 1.0)).sum(axis=0)

    def dual(self, c: Array) -> Array:
        return (self.lengths(c) / (self.root if self.rows else 1.0)).max(axis=0)


def outputs(work: Any) -> int:
    """K."""
    if work.family == "multinomial":
        return int(work.y.max()) + 1
    return work.y.shape[1] if work.family == "multigaussian" else 1


def centred(loss: Any, eta: Array, b: Array) -> Array:
    """The intercepts (K, m) that are best on top of η, from b on: Newton with halved steps."""
    value = loss.value(eta + b)
    for _ in range(STEPS):
        slope = loss.slope(eta + b).mean(axis=0)
        if np.abs(slope).max() <= FLAT:
            break
        step = (np.linalg.pinv(loss.curve(eta + b)) @ slope.T[:, :, None])[:, :, 0].T
        size = np.ones(eta.shape[2])
        for _ in range(HALVINGS):
            with np.errstate(over="ignore", invalid="ignore"):
                new = loss.value(eta + b - size * step)
            worse = ~(new <= value + 1e-15 * np.abs(value))
            if not worse.any():
                break
            size[worse] *= 0.5
        size[worse] = 0.0
        moved = b - size * step
        if np.array_equal(moved, b):
            break
        b, value = moved, np.where(worse, value, new)
    return b


def null(work: Any) -> tuple[Any, Array, float]:
    """(loss, slopes (n, K, 1), F − inf F) of the model without features."""
    loss = LOSSES[work.family](work.y)
    eta = np.zeros((len(work.y), outputs(work), 1))
    if work.intercept and loss.has_intercept:
        eta = eta + centred(loss, eta, np.zeros(eta.shape[1:]))
    return loss, loss.slope(eta), float(loss.value(eta)[0]) - loss.lowest


def top(work: Any) -> float:
    """λ_max."""
    slope = null(work)[1]
    return float(Sizes(work).dual((work.X.T @ slope[:, :, 0] / len(slope))[:, :, None])[0])


def bounds(work: Any, coef: Any, intercept: Array | None = None) -> Bounds:
    """Bounds of coefficients (p·K, n_lams), features slowest, and intercepts (n_lams,) or (K, n_lams)."""
    if work.weights is not None or work.l1_ratio != 1:
        raise ValueError("no family has weights or an elastic net here")
    loss, _, spread = null(work)
    K, sizes, L = outputs(work), Sizes(work), len(work.lams)
    coef = scipy.sparse.csc_array(coef, dtype=np.float64)
    b = None if intercept is None else np.asarray(intercept, np.float64).reshape(K, L)
    parts, step = [], max(1, NUMBERS // (len(work.y) * K))
    for first in range(0, L, step):
        some = slice(first, first + step)
        w = coef[:, some].toarray().reshape(work.X.shape[1], K, -1)
        parts.append(_some(work, loss, sizes, w, work.lams[some], None if b is None else b[:, some]))
    primal, dual = (np.concatenate(values) for values in zip(*parts, strict=True))
    return Bounds(primal, dual, spread)


def _some(work: Any, loss: Any, sizes: Sizes, w: Array, lams: Array, b: Array | None) -> tuple[Array, Array]:
    """(primal, dual) at a few λ."""
    p, K, m = w.shape
    if not (np.isfinite(w).all() and (b is None or np.isfinite(b).all())):
        return np.full(m, np.nan), np.full(m, -np.inf)
    active = np.flatnonzero(w.any(axis=(1, 2)))
    eta = (work.X[:, active] @ w[active].reshape(len(active), K * m)).reshape(-1, K, m)
    best = eta
    if work.intercept and loss.has_intercept:
        found = centred(loss, eta, np.zeros((K, m)) if b is None else b)
        best, eta = eta + found, eta + (found if b is None else b)
    primal = loss.value(eta) + lams * sizes.norm(w)
    slope = loss.slope(best)
    c = (work.X.T @ slope.reshape(len(slope), K * m)).reshape(p, K, m) / len(slope)
    size = sizes.dual(c)
    limit = np.divide(lams, size, out=np.ones(m), where=size > 0)
    return primal, np.fmax(*(_dual(loss, best, slope, a) for a in (np.minimum(limit, 1.0), limit)))


def _dual(loss: Any, eta: Array, slope: Array, a: Array) -> Array:
    """−F*(a·∇F), −∞ outside the domain."""
    with np.errstate(all="ignore"):
        value = -loss.conjugate(eta, slope, a)
    return np.where(np.isfinite(value), value, -np.inf)
