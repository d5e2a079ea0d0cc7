"""Information criteria: misfit plus a price for every degree of freedom, smallest at the λ that they choose.

Three things may be known of the noise of a Gaussian model:

    σ² given or plugged in    −2 log L = RSS/σ² + n log 2πσ²         k = df
    σ² unknown                −2 log L = n log(2π RSS/n) + n         k = df + 1 (σ) + 1 (intercept)

log RSS runs to −∞ as a model takes up all rows, so with σ² unknown models with df + 2 ≥ n/2 are not looked at. Other
families have no σ²: −2 log L is the deviance and k = df + 1 (intercept; none for Cox).

Degrees of freedom are those of :mod:`riata.select.freedom`; they are for a λ that was fixed beforehand, and choosing it
by the smallest criterion uses up some more.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from riata.core.errors import InvalidData
from riata.core.problem import Floats
from riata.core.result_frame import ResultFrame
from riata.select.evidence import Evidence
from riata.select.noise import noise_variance, usual


@dataclasses.dataclass(frozen=True, eq=False)
class Fit:
    """What a criterion is made of.

    Attributes
    ----------
    misfit : (n_lams,) −2 log L, up to a constant where σ² is known
    k : (n_lams,) parameters that the likelihood has
    evidence : n, size, df, rss, chosen, candidates
    noise : what was said of σ²: None (unknown), a number, or a way to estimate it
    best : index of the cross-validated λ_min, or None
    """

    evidence: Evidence
    noise: Any = None
    best: int | None = None
    misfit: Floats = dataclasses.field(init=False)
    k: Floats = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        misfit, k = self._likelihood()
        object.__setattr__(self, "misfit", misfit)
        object.__setattr__(self, "k", k)

    @property
    def gaussian(self) -> bool:
        return self.evidence.problem.family == "gaussian"

    def variance(self, default: str | None = None) -> float:
        """σ², by ``default`` (the usual way for these data where that is None) if nothing was said."""
        how = self.noise if self.noise is not None else default or usual(self.evidence.problem)
        if how == "reid" and self.noise is None and self.best is None:
            how = "scaled"
        return noise_variance(how, self.evidence, self.best)

    def _likelihood(self) -> tuple[Floats, Floats]:
        e = self.evidence
        free = float(e.problem.fit_intercept and (e.problem.loss is None or e.problem.loss.has_intercept))
        if self.noise is not None:
            sigma2 = self.variance()
            return e.rss / sigma2 + e.n * np.log(2.0 * np.pi * sigma2), e.df
        if not self.gaussian:
            return e.rss, e.df + free
        k = e.df + free + 1.0
        small = (k < 0.5 * e.n) & (e.rss > 0)
        with np.errstate(divide="ignore"):
            misfit = e.n * np.log(2.0 * np.pi * e.rss / e.n) + e.n
        return np.where(small, misfit, np.inf), k


Criterion = Callable[[Fit], Floats]


def lowest(criterion: Criterion, cv: Any, noise: Any = None) -> int:
    """The λ with the smallest value; the largest of them where several tie."""
    value = criterion(fit_of(cv, noise))
    if not np.isfinite(value).any():
        raise InvalidData(
            "No model on the path is small enough for its number of rows.", got=f"{cv.evidence.n:.0f} rows",
            expected="df + 2 < n/2, or a known noise variance",
        )  # fmt: skip
    return int(np.nanargmin(value))


def fit_of(cv: Any, noise: Any = None) -> Fit:
    """The models of a cross-validated path, with λ_min for what needs it."""
    if cv.evidence is None:
        raise InvalidData("Information criteria need the data, which are not pickled with a cross-validation.",
                          hint="ask for the criterion before pickling, or fit again")  # fmt: skip
    return Fit(cv.evidence, noise, int(np.nanargmin(cv.risk)))


def table(cv: Any, noise: Any = None) -> ResultFrame:
    """Every criterion along the path: columns lambda, df, and one for each; inf where one does not apply."""
    fit = fit_of(cv, noise)
    out = ResultFrame({"lambda": cv.lams.tolist(), "df": fit.evidence.df.tolist()})
    for name, criterion in sorted(importlib.import_module("riata.select.rules").criteria().items()):
        if fit.gaussian or name not in ("cp", "gcv"):
            out[name] = criterion(fit).tolist()
    return out
