"""The result of methods that give every coefficient an interval and a p-value, and corrections for many p-values."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from riata.core.drawn import Drawn
from riata.core.errors import InvalidOption
from riata.core.problem import Floats, Problem
from riata.core.result_frame import ResultFrame

ADJUSTMENTS = ("holm", "bonferroni", "maxz", "none")


@dataclasses.dataclass(frozen=True, eq=False)
class Intervals(Drawn):
    """What is said of each of n_features coefficients, in units of y per unit of the column.

    Attributes
    ----------
    method, target, assumptions, reference : sentences: what was done, of which numbers these are intervals, what must
        hold for that, and who proved it
    features : names
    coef, se : (n_features,) estimates and standard errors; NaN where nothing is said of a feature
    ci : (n_features, 2) ends of the intervals; ±∞ are answers
    pvalues : (n_features,) of "this coefficient is 0", each by itself
    adjusted : (n_features,) corrected for how many there are, by ``adjustment``
    level : of the intervals
    sigma : standard deviation of the noise that was used (1 where the family has none)
    details : numbers of the method by name (lam, lam_nodewise, …)
    scale : (n_features,) standard deviations of the columns, which make coefficients comparable
    joint : (n_samples, n_features) unit columns whose inner products are the correlations of the estimates, or None
    """

    method: str
    target: str
    assumptions: str
    reference: str
    features: list[str]
    coef: Floats
    se: Floats
    ci: Floats
    pvalues: Floats
    adjusted: Floats
    adjustment: str
    level: float
    sigma: float
    details: dict[str, Any]
    scale: Floats
    joint: Floats | None = dataclasses.field(default=None, repr=False)

    @property
    def selected(self) -> list[str]:
        """Features whose adjusted p-value is at most 1 − level."""
        return [name for name, p in zip(self.features, self.adjusted, strict=True) if p <= 1.0 - self.level]

    def group_test(self, members: Sequence[str | int], *, draws: int = 9999, seed: int = 0) -> float:
        """The p-value of "all coefficients of the group are 0", by the largest |z| among its members.

        The members' correlations are those of the estimates: P( max |N| ≥ max |z| ) over ``draws`` draws. InvalidOption
        where the method has no joint distribution.
        """
        if self.joint is None:
            raise InvalidOption(f"{self.method} gives no joint distribution of its estimates.", got="group_test")
        at = np.array([self.features.index(m) if isinstance(m, str) else m for m in members])
        top = np.max(np.abs(self.coef[at] / self.se[at]))
        return float(tail(largest(self.joint[:, at], draws, seed), np.array([top]))[0])

    def to_frame(self) -> ResultFrame:
        """Columns feature, coef, se, lower, upper, p, p_adjusted."""
        columns = (self.coef, self.se, self.ci[:, 0], self.ci[:, 1], self.pvalues, self.adjusted)
        names = ("coef", "se", "lower", "upper", "p", "p_adjusted")
        return ResultFrame(feature=list(self.features), **{k: v.tolist() for k, v in zip(names, columns, strict=True)})

    def __repr__(self) -> str:
        said = int(np.isfinite(self.pvalues).sum())
        return f"<{self.method}: {len(self.selected)} of {said} coefficients differ from 0 at level {self.level:g}>"


def spread_of(problem: Problem) -> Floats:
    """(n_features,) standard deviations of the columns; a sparse X stays sparse."""
    weight = problem.sample_weight
    _, m2 = problem.design.group_moments(weight, np.zeros(problem.n_samples, np.intp), 1)
    return np.asarray(np.sqrt(m2[0] / weight.sum()))


def check_level(level: float) -> float:
    """The level as a float; InvalidOption outside (0, 1)."""
    if not 0.0 < level < 1.0:
        raise InvalidOption("level is the probability that an interval covers.", expected="0 < level < 1", got=level)
    return float(level)


def adjust(pvalues: Floats, how: str, joint: Floats | None = None, z: Floats | None = None, seed: int = 0) -> Floats:
    """p-values corrected so that the probability of any false one ≤ α is at most α.

    "bonferroni" p·m; "holm" its step-down, never worse (Holm 1979); "maxz" P(max_k |N_k| ≥ |z_j|) with the estimates'
    correlations, sharper where they are correlated (Westfall & Young 1993); "none".
    """
    if how not in ADJUSTMENTS or (how == "maxz" and (joint is None or z is None)):
        raise InvalidOption("There is no such adjustment here.", expected=" or ".join(ADJUSTMENTS), got=how)
    out, known = np.array(pvalues, np.float64), np.flatnonzero(np.isfinite(pvalues))
    m = len(known)
    if how == "bonferroni":
        out[known] = np.minimum(out[known] * m, 1.0)
    elif how == "holm":
        order = known[np.argsort(out[known], kind="stable")]
        out[order] = np.minimum(np.maximum.accumulate(out[order] * np.arange(m, 0, -1)), 1.0)
    elif how == "maxz":
        assert joint is not None
        assert z is not None
        out[known] = tail(largest(joint[:, known], 9999, seed), np.abs(z[known]))
    return out


def largest(unit: Floats, draws: int, seed: int) -> Floats:
    """(draws,) sorted max_j |N_j| for normal N with covariance unit'unit, in blocks of draws.

    Rows are taken in an order of their own, so that shuffled ones meet the same draws.
    """
    rng, tops = np.random.default_rng(seed), []
    unit = unit[np.argsort(np.round((unit**2).sum(axis=1), 12), kind="stable")]
    for start in range(0, draws, 1000):
        noise = rng.standard_normal((min(1000, draws - start), unit.shape[0]))
        tops.append(np.abs(noise @ unit).max(axis=1))
    return np.sort(np.concatenate(tops))


def tail(sample: Floats, at: Floats) -> Floats:
    """(1 + how many draws are ≥ each) / (1 + draws)."""
    above = len(sample) - np.searchsorted(sample, at, side="left")
    return np.asarray((1.0 + above) / (1.0 + len(sample)), np.float64)
