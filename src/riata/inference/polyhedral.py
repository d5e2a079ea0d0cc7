"""Intervals after the lasso chose: what is left of the data once the choice is known."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.core.errors import InvalidData, InvalidOption
from riata.core.problem import Floats, Problem
from riata.inference.intervals import Intervals, adjust, check_level
from riata.inference.reading import read
from riata.inference.truncated import mean_interval, upper_tail
from riata.path.fit import fit_path
from riata.select.evidence import Evidence
from riata.select.noise import noise_variance

TARGETS = {
    "selected": "coefficients of least squares on the selected features alone, given that the lasso selected them",
    "full": "coefficients of the full linear model, for those that the lasso selected",
}


def post_selection(
    X: Any, y: Any, *, lam: float, level: float = 0.95, target: str = "selected", adjustment: str = "none",
    noise: Any = None, **options: Any,
) -> Intervals:  # fmt: skip
    """p-values and intervals for the features that a lasso at a fixed λ selected, valid although it selected them.

    That the lasso selects the set A with signs s is a polyhedron {y : Ay ≤ b}. Given it, the estimate η'y of a
    coefficient is a normal number truncated to [V⁻, V⁺], whatever the rest of y:

        V⁻ = max over (Ac)ᵢ < 0 of (bᵢ − (Ar)ᵢ)/(Ac)ᵢ,   V⁺ = min over (Ac)ᵢ > 0,   c = η/‖η‖²,   r = y − c η'y

    The p-value is twice the smaller tail at mean 0, and the interval holds the means for which the estimate is no
    surprise. Intervals may be very long, and infinite: their expected length is infinite (Kivaranovic & Leeb 2021).

    Target: ``target="selected"`` least squares on the selected features alone; "full" the model with all features.

    Assumptions: Gaussian errors with one known variance; λ fixed before the data were seen — a λ from cross-validation
    on these data is not, and with it the intervals are too short; X fixed.

    Parameters
    ----------
    X, y, and options (feature_names, drop, keep, standardize, …) : as for :func:`riata.select`, gaussian, a lasso
    lam : λ, on the scale of riata.path
    level : of the intervals
    target : "selected" or "full"
    adjustment : of the p-values, "none", "bonferroni" or "holm"
    noise : variance σ², or "ols" (default) or "scaled"

    Returns
    -------
    Intervals
        NaN for features that were not selected; details["one_sided"] are p-values in the direction of the lasso's sign,
        details["vlo"] and details["vup"] the truncation points in units of the standard error.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 5))
    >>> riata.post_selection(X, X[:, 1] + rng.standard_normal(100), lam=0.3).selected
    ['x1']

    References
    ----------
    Lee, Sun, Sun & Taylor (2016), Ann. Stat. 44; Kivaranovic & Leeb (2021), J. Am. Stat. Assoc. 116.
    """
    level = check_level(level)
    if target not in TARGETS:
        raise InvalidOption("There is no such target.", expected=" or ".join(TARGETS), got=target)
    if not (np.isfinite(lam) and lam > 0):
        raise InvalidOption("lam must be a positive number.", got=lam)
    problem, _, _ = read(X, y, alike="post_selection", **options)
    if problem.loss is not None or problem.penalty is not None or problem.l1_ratio != 1.0 or problem.groups is not None:
        raise InvalidOption(
            "post_selection knows the gaussian lasso.", got=problem.family, expected='family="gaussian"'
        )
    path = fit_path(problem, [lam], tol=1e-14)
    how = ("ols" if problem.n_samples > problem.n_features + 1 else "scaled") if noise is None else noise
    sigma = float(np.sqrt(noise_variance(how, Evidence(problem, path))))
    return _intervals(problem, path, lam, sigma, level, target, adjustment)


@dataclasses.dataclass(frozen=True, eq=False)
class _Event:
    """{y : Ay ≤ b}: these features with these signs."""

    A: Floats
    b: Floats
    at: Any  # active features


def _event(Z: Floats, y: Floats, sign: Floats, weight: Floats) -> _Event:
    """The polyhedron of the active set; Z has the scale that the penalty sees, ``weight`` is nλ per feature."""
    at = np.flatnonzero(sign)
    off = np.flatnonzero((sign == 0) & np.isfinite(weight))
    E, s = Z[:, at], sign[at]
    inverse = np.linalg.pinv(E)
    if np.linalg.matrix_rank(E) < len(at):
        raise InvalidData("The selected columns depend on each other: the selection is not unique.", got=f"{len(at)}")
    dual = inverse.T @ (weight[at] * s)
    own, shift = -s[:, None] * inverse, -s * (inverse @ dual)
    rest = Z[:, off] - E @ (inverse @ Z[:, off])
    edge = Z[:, off].T @ dual
    A = np.vstack([own, rest.T, -rest.T])
    b = np.concatenate([shift, weight[off] - edge, weight[off] + edge])
    slack = b - A @ y
    if slack.min() < -1e-7 * (np.abs(b).max() + np.abs(A @ y).max()):
        raise InvalidData("The lasso's solution is not inside its own selection event.", got=f"{slack.min():.1e}")
    return _Event(A, b, at)


def _truncation(event: _Event, eta: Floats, y: Floats) -> tuple[float, float]:
    """[V⁻, V⁺] of η'y."""
    c = eta / (eta @ eta)
    slope, left = event.A @ c, event.b - event.A @ (y - c * (eta @ y))
    size = 1e-12 * np.linalg.norm(event.A, axis=1) * np.linalg.norm(c)
    low, high = slope < -size, slope > size
    return (
        float(np.max(left[low] / slope[low], initial=-np.inf)),
        float(np.min(left[high] / slope[high], initial=np.inf)),
    )


def _intervals(
    problem: Problem, path: Any, lam: float, sigma: float, level: float, target: str, adjustment: str
) -> Intervals:
    n, p = problem.design.shape
    X, y = problem.design.columns(np.arange(p)), problem.y - problem.offset
    if problem.fit_intercept:
        X, y = X - X.mean(axis=0), y - y.mean()
    scale = path.scale if problem.standardize else np.ones(p)
    Z = X / np.where(scale > 0, scale, 1.0)
    weight = np.where(scale > 0, n * lam * problem.penalty_factor, np.inf)
    event = _event(Z, y, np.sign(path.coef[:, 0]), weight)
    if target == "full" and n <= p:
        raise InvalidData("The full model has no least-squares fit.", expected=f"more than {p} rows", got=n)
    columns = event.at if target == "selected" else np.arange(p)
    rows = np.linalg.pinv(X[:, columns])
    coef, se, pvalues, one, vlo, vup = np.full((6, p), np.nan)
    ci = np.full((p, 2), np.nan)
    for j in event.at:
        eta = rows[np.flatnonzero(columns == j)[0]]
        coef[j], se[j] = eta @ y, sigma * np.linalg.norm(eta)
        x, low, high = np.array([coef[j], *_truncation(event, eta, y)]) / se[j]
        above, vlo[j], vup[j] = upper_tail(x, 0.0, low, high), low, high
        one[j] = above if path.coef[j, 0] > 0 else 1.0 - above
        pvalues[j] = min(1.0, 2.0 * min(above, 1.0 - above))
        ci[j] = np.array(mean_interval(x, low, high, level)) * se[j]
    return Intervals(
        method="polyhedral post-selection inference",
        target=TARGETS[target],
        assumptions="Gaussian errors of known variance, and a λ that was fixed before the data were seen",
        reference="Lee, Sun, Sun & Taylor (2016)",
        features=list(path.feature_names), coef=coef, se=se, ci=ci, pvalues=pvalues,
        adjusted=adjust(pvalues, adjustment), adjustment=adjustment, level=level, sigma=sigma,
        scale=path.scale, details={"lam": lam, "one_sided": one, "vlo": vlo, "vup": vup},
    )  # fmt: skip
