"""The adaptive lasso: features that a first fit found large are penalised less."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.core.errors import InvalidOption, did_you_mean
from riata.core.problem import Problem
from riata.penalties.base import Fit, Floats, Penalty, above

PILOTS = ("lasso", "ols", "ridge")
RIDGE_SHARE = 0.1  # of the lasso's λ_max: the strength of a ridge pilot
# Families whose deviance has no scale of its own: information criteria take n times its logarithm.
SCALED = ("gaussian", "huber", "sqrt")


@dataclasses.dataclass(frozen=True)
class Adaptive(Penalty):
    """λ Σⱼ vⱼ (m/|tⱼŵⱼ|)^γ |tⱼwⱼ| with ŵ a pilot fit and m = max |tⱼŵⱼ|, so that the largest keeps its factor vⱼ.

    Features that the pilot sets to 0 are excluded; those of factor 0 stay unpenalised.

    pilot : "lasso" (default), at the λ of its path with the smallest BIC among models of at most half as many features
        as rows; "ridge", at a tenth of the lasso's λ_max; "ols", without a penalty (fewer features than rows)
    gamma : > 0 (default 1)

    The pilot sees the rows that the model sees: cross-validation fits it anew in every training fold.

    References
    ----------
    Zou (2006), J. Amer. Statist. Assoc. 101; Huang, Ma & Zhang (2008), Statist. Sinica 18 (more features than rows).
    """

    gamma: float = 1.0
    pilot: str = "lasso"

    name = "adaptive"
    words = "lasso with factors from a pilot fit"
    formula = "λ·v·(m/|û|)^γ |u|, û a pilot fit, m its largest"
    learns = True

    def __post_init__(self) -> None:
        above("gamma", self.gamma, 0.0, "is the power of the pilot's coefficients.")
        if self.pilot not in PILOTS:
            raise InvalidOption(
                f"There is no pilot {self.pilot!r}.", expected=" or ".join(PILOTS), got=self.pilot,
                hint=did_you_mean(str(self.pilot), PILOTS),
            )  # fmt: skip

    def learn(self, problem: Problem, fit: Fit) -> Problem:
        plain = problem.replace(penalty=None)
        size = self._pilot(plain, fit)
        top = float(size.max(initial=0.0))
        with np.errstate(divide="ignore", over="ignore"):
            share = (top / size) ** self.gamma if top > 0 else np.full(len(size), np.inf)
            factor = np.where(problem.penalty_factor == 0, 0.0, problem.penalty_factor * share)
        return plain.replace(penalty_factor=factor)

    def _pilot(self, problem: Problem, fit: Fit) -> Floats:
        """|tⱼŵⱼ| of every feature."""
        if self.pilot == "ols":
            rows = np.count_nonzero(problem.sample_weight)
            if problem.n_features >= rows:
                raise InvalidOption(
                    "A pilot without a penalty wants more rows than features.", expected=f"at most {rows - 1} features",
                    got=problem.n_features, hint='pilot="lasso" or pilot="ridge".',
                )  # fmt: skip
            path, k = fit(problem.replace(l1_ratio=1.0), [0.0]), 0
        elif self.pilot == "ridge":
            top = fit(problem.replace(l1_ratio=1.0), None, n_lams=1).lams[0]
            path, k = fit(problem.replace(l1_ratio=0.0), [RIDGE_SHARE * top]), 0
        else:
            path = fit(problem.replace(l1_ratio=1.0), None)
            k = smallest_bic(path, problem)
        t = path.scale if problem.standardize else np.ones(problem.n_features)
        return np.abs(path.at(float(path.lams[k]))[0]) * t


def smallest_bic(path: Any, problem: Problem) -> int:
    """The place on a path with the smallest n·log(deviance) or n·deviance, plus log(n)·df (Schwarz 1978)."""
    n = np.count_nonzero(problem.sample_weight)
    left = np.maximum(1.0 - path.dev_ratio, 1e-300)
    fit = n * np.log(left) if problem.family in SCALED else n * path.null_deviance * left
    score = fit + np.log(n) * path.df
    score[path.df > n / 2] = np.inf
    return int(np.argmin(score))
