"""Assertions that any path must pass, each with the numbers that failed in its message."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.certify import Certificate, certify_many

ROUNDING = 1e-12  # of the null objective: what float64 may add to or take from a gap


def check_path(problem: Any, path: Any, tol: float = 1e-8) -> list[Certificate]:
    """Assert that ``path`` solves ``problem`` at every λ, as an independent certificate sees it.

    * λ strictly decreasing, shapes as documented, every number finite, bounds kept to the last bit;
    * the certified gap_rel is at most ``tol`` and never below 0 beyond rounding;
    * the stored gap_rel is an upper bound of the certified one (1e-12 is granted to rounding) and at most ``tol``;
    * ``df``, ``active``, ``coef_active`` and ``dev_ratio`` say what ``coef`` says.

    Returns the certificates, one a λ.
    """
    _check_shapes(problem, path)
    coef = path.coef
    certificates = certify_many(problem, coef, path.intercept, path.lams)
    gaps = np.array([c.gap_rel for c in certificates])
    worst = int(np.argmax(gaps))
    assert gaps[worst] <= tol, f"certified gap_rel {gaps[worst]:.3e} > {tol:.1e} at lambda[{worst}]={path.lams[worst]:g}"
    assert gaps.min() >= -ROUNDING, f"negative gap {gaps.min():.3e} at lambda[{int(np.argmin(gaps))}]"
    below = gaps - np.asarray(path.gap_rel)
    at = int(np.argmax(below))
    assert below[at] <= ROUNDING, (
        f"stored gap_rel {path.gap_rel[at]:.3e} is below the certified {gaps[at]:.3e} at lambda[{at}]={path.lams[at]:g}"
    )
    assert np.max(path.gap_rel) <= tol, f"stored gap_rel {np.max(path.gap_rel):.3e} > {tol:.1e}"
    _check_counts(path, coef)
    _check_deviance(problem, path, coef)
    return certificates


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


def _check_deviance(problem: Any, path: Any, coef: np.ndarray) -> None:
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
