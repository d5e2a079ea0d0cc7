"""Scores of features at a solution: how large a correlation would be by chance alone, for any supported likelihood.

At a solution η = o + b + Xw, with weights s that sum to 1 and n rows,

    g_j = −Σᵢ x̃ᵢⱼ ∂F/∂ηᵢ        the score of feature j (x̃: centred where there is an intercept)
    v_j = Σᵢ hᵢ x̃ᵢⱼ²             its information, h the diagonal of ∂²F/∂η²

and √n g_j / (τ √v_j) is about N(0, 1) for a feature that has nothing to do with what is left of the target. τ² says how
much more the target varies about η than v_j supposes:

    gaussian          RSS/(n − df − 1), the noise variance
    poisson           max(1, Σᵢ (yᵢ − μᵢ)²/μᵢ / (n − df − 1)), Pearson's dispersion (McCullagh & Nelder 1989)
    binomial, cox     1

The penalty shrinks effects, and what it takes away is left in y − μ: a Gaussian τ takes that up by itself, and a
Poisson one too, with counts that vary more than their mean for whatever reason. Labels of 0 and 1 cannot show it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from riata import losses
from riata.core.errors import InvalidOption
from riata.core.problem import Floats, Problem
from riata.core.results import Path
from riata.inference.reading import check_alike

FAMILIES = ("gaussian", "binomial", "poisson", "cox")
BLOCK_BYTES = 1 << 23


def fitted(fit: Any) -> tuple[Path, Problem]:
    """(path, problem) of what riata.path or riata.select returned.

    Raises InvalidOption for what has no data with it, and where marginal error rates make no sense.
    """
    path = getattr(fit, "path", fit)
    problem = getattr(fit, "problem", None)
    if not isinstance(path, Path) or problem is None:
        raise InvalidOption(
            "The data are needed beside the path.", got=type(fit).__name__,
            expected="what riata.path or riata.select returned, in the same process",
        )  # fmt: skip
    if problem.family not in FAMILIES:
        raise InvalidOption(
            f"There is no mFDR for family {problem.family!r}.", got=problem.family, expected=" or ".join(FAMILIES)
        )
    trials = getattr(problem.loss, "multiplicity", None)
    s = problem.sample_weight
    check_alike(s if trials is None else s / np.where(trials > 0, trials, 1.0), "mFDR")
    if problem.groups is not None or path.penalty_factor is not None:
        raise InvalidOption(
            "mFDR is about features that are judged one by one, with factors that do not come from the target.",
            got=f"penalty {path.penalty!r}", expected="l1, or a concave penalty",
        )  # fmt: skip
    return path, problem


class Scores:
    """The columns, weights and loss of one problem, and what they say at a λ of its path."""

    def __init__(self, path: Path, problem: Problem):
        self.path, self.problem = path, problem
        self.s = problem.sample_weight / problem.sample_weight.sum()
        self.loss: Any = problem.loss or losses.find("gaussian").parse(problem.y)
        trials = self.loss.multiplicity
        on = self.s > 0
        self.n = float(on.sum() if trials is None else trials[on].sum())
        centred = problem.fit_intercept or problem.family == "cox"
        self.centre = path.mean if centred else np.zeros_like(path.mean)
        # what λ is multiplied by to give the threshold on |g_j|; ∞ for features that cannot enter
        unit = path.scale if problem.standardize else np.ones_like(path.scale)
        with np.errstate(invalid="ignore"):
            threshold = problem.l1_ratio * problem.penalty_factor * unit
        self.threshold = np.where(path.scale > 0, threshold, np.inf)

    @property
    def judged(self) -> np.ndarray:
        """(n_features,) whether a feature is penalised and may enter."""
        return (self.threshold > 0) & np.isfinite(self.threshold)

    def eta(self, coef: Floats, intercept: float) -> Floats:
        on = np.flatnonzero(coef)
        return self.problem.offset + intercept + self.problem.design.columns(on) @ coef[on]

    def noise(self, k: int) -> float:
        """τ at the k-th λ; NaN where no row is left over to estimate it from."""
        path = self.path
        return self.noise_of(self.eta(path.coef[:, k], float(path.intercept[k])), int(path.df[k]))

    def noise_of(self, eta: Floats, df: int) -> float:
        if self.problem.family not in ("gaussian", "poisson"):
            return 1.0
        left = self.n - df - self.problem.fit_intercept
        if not left > 0:
            return np.nan
        if self.problem.family == "gaussian":
            return float(np.sqrt(self.n * float(self.s @ (self.problem.y - eta) ** 2) / left))
        mean = self.loss.mean(eta)
        return float(np.sqrt(max(1.0, self.n * float(self.s @ ((self.loss.y - mean) ** 2 / mean)) / left)))

    def blocks(self) -> Any:
        """(slice of features, their centred columns)."""
        n, p = self.problem.design.shape
        width = max(1, BLOCK_BYTES // (8 * n))
        for start in range(0, p, width):
            cols = np.arange(start, min(p, start + width))
            yield slice(start, start + len(cols)), self.problem.design.columns(cols) - self.centre[cols]

    def information(self, etas: Floats) -> Floats:
        """(n_features, m) v at m linear predictors (n_samples, m), one pass over X for all."""
        if self.problem.family == "gaussian":
            square = self.path.scale**2 + (self.path.mean - self.centre) ** 2
            return np.repeat(square[:, None], etas.shape[1], axis=1)
        h = np.column_stack([self.loss.hessian(eta, self.s) for eta in etas.T])
        out = np.empty((self.problem.n_features, etas.shape[1]))
        for which, columns in self.blocks():
            out[which] = (columns**2).T @ h
        return out

    def statistics(self, coef: Floats, eta: Floats, sigma: float) -> Floats:
        """(n_features,) z_j = √n (g_j + v_j w_j) / (τ √v_j), v from the whole Hessian where that is not diagonal.

        It is the score of feature j once its own effect is added back. NaN for a column without information.
        """
        slope, out = self.loss.gradient(eta, self.s), np.empty(self.problem.n_features)
        for which, columns in self.blocks():
            v = np.einsum("ij,ij->j", columns, self.loss.hessian_times(eta, self.s, columns))
            with np.errstate(divide="ignore", invalid="ignore"):
                z = (v * coef[which] - columns.T @ slope) / np.sqrt(v)
            out[which] = np.where(v > 0, z, np.nan)
        return np.sqrt(self.n) / sigma * out
