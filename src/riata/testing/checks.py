"""Assertions that any path must pass, each with the numbers that failed in its message."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np

from riata.certify import Certificate, certify_many

ROUNDING = 1e-12  # of the null objective: what float64 may add to or take from a gap (see `rounding`)


def rounding(problem: Any, coef: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """What float64 may add to gap_rel at each column of ``coef``: 1e-12 (1 + √n/500 + Σ_j |w_j| sd_j / sd_y).

    Coefficients of near-collinear features are large and cancel in X w; the residual, and with it
    the dual point, keeps eps times their sum as noise (measured on meats_tecator: 3e-14 of that sum).
    Sums over n rows round like √n (measured on nycflights_sparse, n = 327 346: 1.6e-12).
    """
    weight = problem.sample_weight / problem.sample_weight.max()
    y = np.where(weight > 0, problem.y - problem.offset, 0.0)
    size = np.max(np.abs(y)) or 1.0
    spread = np.sqrt(np.average((y / size - np.average(y / size, weights=weight)) ** 2, weights=weight)) * size
    with np.errstate(over="ignore"):
        return ROUNDING * (1.0 + np.sqrt(y.size) / 500 + (np.abs(coef).T @ scale) / (spread or 1.0))


def check_path(problem: Any, path: Any, tol: float = 1e-8) -> list[Certificate]:
    """Assert that ``path`` solves ``problem`` at every λ, as an independent certificate sees it.

    * λ strictly decreasing, shapes as documented, every number finite, bounds kept to the last bit;
    * the certified gap_rel is at most ``tol`` and never below 0 beyond rounding;
    * the stored gap_rel is an upper bound of the certified one (`rounding` is granted) and at most ``tol``;
    * ``df``, ``active``, ``coef_active`` and ``dev_ratio`` say what ``coef`` says.

    Returns the certificates, one a λ.
    """
    _check_shapes(problem, path)
    coef = path.coef
    certificates = certify_many(problem, coef, path.intercept, path.lams)
    gaps = np.array([c.gap_rel for c in certificates])
    worst = int(np.argmax(gaps))
    assert gaps[worst] <= tol, (
        f"certified gap_rel {gaps[worst]:.3e} > {tol:.1e} at lambda[{worst}]={path.lams[worst]:g}"
    )
    assert gaps.min() >= -ROUNDING, f"negative gap {gaps.min():.3e} at lambda[{int(np.argmin(gaps))}]"
    below = gaps - np.asarray(path.gap_rel) - rounding(problem, coef, path.scale)
    at = int(np.argmax(below))
    assert below[at] <= 0, (
        f"stored gap_rel {path.gap_rel[at]:.3e} is below the certified {gaps[at]:.3e} at lambda[{at}]={path.lams[at]:g}"
    )
    assert np.max(path.gap_rel) <= tol, f"stored gap_rel {np.max(path.gap_rel):.3e} > {tol:.1e}"
    _check_counts(path, coef)
    _check_deviance(problem, path, coef)
    return certificates


def certify_folds(
    problem: Any, foldid: np.ndarray, lams: Any = None, *, tol: float = 1e-8, threads: int | None = None, **grid: Any
) -> FoldCertificates:
    """Solve all folds in lock-step, as `riata.select` does, and certify every training fit independently.

    ``foldid`` (n_samples,) from 0, -1 where a row is never held out. A fold's problem is the full one with the
    weights of its held-out rows at 0 (`Problem.train_on`), so means and scales are those of the training rows.
    """
    from riata.path.grid import checked, spread, top_of
    from riata.solve.engine import engine

    n_folds = int(foldid.max()) + 1
    groups = np.where(foldid < 0, n_folds, foldid).astype(np.intp)
    clock = time.perf_counter()
    with engine(problem, groups, n_folds, threads=threads) as run:
        if lams is None:
            top = top_of(problem, run.scaling(), run.null_correlations())
            lams = spread(problem, top, grid.get("n_lams", 100), grid.get("lam_min_ratio"))
        else:
            lams = checked(lams)
        lanes = run.run(lams, 0.5 * tol, 10_000, "mse")
        name, seconds = run.name, time.perf_counter() - clock
    stored, certified, slack = [], [], []
    for fold, lane in enumerate(lanes, start=-1):  # lane 0 holds all rows
        training = problem if fold < 0 else problem.train_on(foldid != fold)
        coef = np.zeros((problem.n_features, lams.size))
        coef[lane.active] = lane.coef_active
        stored.append(lane.gap_rel)
        slack.append(rounding(training, coef, lane.scaling.sd))
        certified.append([c.gap_rel for c in certify_many(training, coef, lane.intercept, lams)])
    support = max(int(np.count_nonzero(lane.coef_active, axis=0).max()) for lane in lanes)
    return FoldCertificates(lams, np.array(stored).T, np.array(certified).T, np.array(slack).T, name, seconds, support)


@dataclasses.dataclass(frozen=True)
class FoldCertificates:
    """gap_rel (n_lams, 1 + n_folds) as stored by the solve, as certified, and what rounding may have added to it.

    Column 0 is the fit on all rows. ``seconds`` is the solve alone, ``support`` the most features in one model.
    """

    lams: np.ndarray
    stored: np.ndarray
    certified: np.ndarray
    slack: np.ndarray
    solver: str
    seconds: float
    support: int

    def check(self, tol: float = 1e-8) -> None:
        """Assert the tolerance everywhere, and that the stored bound is a bound."""
        at = np.unravel_index(int(np.argmax(self.certified)), self.certified.shape)
        assert self.certified[at] <= tol, (
            f"certified gap_rel {self.certified[at]:.3e} > {tol:.1e} at (lambda, lane) {at}"
        )
        below = self.certified - self.stored - self.slack
        at = np.unravel_index(int(np.argmax(below)), below.shape)
        assert below[at] <= 0, (
            f"stored gap_rel {self.stored[at]:.3e} is below the certified {self.certified[at]:.3e} at {at}"
        )
        assert self.stored.max() <= tol, f"stored gap_rel {self.stored.max():.3e} > {tol:.1e}"


def _check_shapes(problem: Any, path: Any) -> None:
    p, L = problem.n_features, path.lams.size
    assert np.all(np.diff(path.lams) < 0), "lams are not strictly decreasing"
    assert path.coef.shape == (p, L), f"coef {path.coef.shape}, expected {(p, L)}"
    for name in ("intercept", "gap_rel", "df", "dev_ratio"):
        assert np.shape(getattr(path, name)) == (L,), f"{name} has shape {np.shape(getattr(path, name))}, not {(L,)}"
    for name in ("coef", "intercept", "gap_rel", "dev_ratio"):
        assert np.all(np.isfinite(getattr(path, name))), f"{name} is not finite everywhere"
    coef = path.coef
    assert np.all(coef >= problem.lower[:, None]), "a coefficient is below its lower bound"
    assert np.all(coef <= problem.upper[:, None]), "a coefficient is above its upper bound"
    if not problem.fit_intercept:
        assert not np.any(path.intercept), "an intercept where none is fitted"


def _check_counts(path: Any, coef: np.ndarray) -> None:
    ever = np.flatnonzero(np.any(coef != 0, axis=1))
    assert np.array_equal(path.df, np.count_nonzero(coef, axis=0)), "df is not the number of non-zero coefficients"
    assert set(ever) <= set(np.asarray(path.active).tolist()), "a feature with a coefficient is not in active"
    assert np.array_equal(path.coef_active, coef[path.active]), "coef_active is not coef[active]"


def _check_loss(problem: Any, path: Any, coef: np.ndarray) -> None:
    loss, s = problem.loss, problem.sample_weight / problem.sample_weight.sum()
    _, null = loss.null(problem.offset, s, problem.fit_intercept)
    floor = loss.saturated(s)
    eta = problem.offset[:, None] + problem.design.dot(coef) + path.intercept
    ratio = np.array([1.0 - (loss.value(at, s) - floor) / (null - floor) for at in eta.T])
    assert np.allclose(path.dev_ratio, ratio, rtol=0, atol=1e-6), (
        f"dev_ratio is off by {np.max(np.abs(path.dev_ratio - ratio)):.2e}"
    )


def _check_deviance(problem: Any, path: Any, coef: np.ndarray) -> None:
    if problem.loss is not None:
        _check_loss(problem, path, coef)
        return
    weight = problem.sample_weight / problem.sample_weight.max()
    y = np.where(weight > 0, problem.y - problem.offset, 0.0)
    size = np.max(np.abs(y)) or 1.0
    y = y / size
    null = y - weight @ y / weight.sum() if problem.fit_intercept else y
    null_ss = weight @ null**2
    if null_ss <= 1e-30:
        return
    fitted = problem.design.dot(coef) / size + path.intercept / size
    residual = np.where(weight[:, None] > 0, y[:, None] - fitted, 0.0)
    ratio = 1.0 - (weight @ residual**2) / null_ss
    # the intercept of a column with mean >> sd is only known to eps*mean: 1e-6 is far above that
    assert np.allclose(path.dev_ratio, ratio, rtol=0, atol=1e-6), (
        f"dev_ratio is off by {np.max(np.abs(path.dev_ratio - ratio)):.2e}"
    )
