"""Concave penalties: the parameters of their two classes, at one alpha and over many."""

from __future__ import annotations

from typing import Any, ClassVar

from riata.estimators.linear import LinearModel
from riata.estimators.many_alphas import ManyAlphas
from riata.estimators.one_alpha import OneAlpha
from riata.penalties import Penalty


class ConcaveModel(LinearModel):
    """A model that hardly shrinks large coefficients; what is certified is that a solution is stationary."""

    _shape: ClassVar[Any]  # the penalty's class
    gamma: float | None

    def _penalty(self) -> Penalty:
        made: Penalty = self._shape() if self.gamma is None else self._shape(gamma=float(self.gamma))
        return made


class ConcaveAtOne(OneAlpha, ConcaveModel):
    """At one alpha, at the end of a path from the alpha with all coefficients 0."""

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        gamma: float | None = None,
        fit_intercept: bool = True,
        standardize: bool = True,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        tol: float = 1e-8,
        threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.gamma = gamma
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.tol = tol
        self.threads = threads


class ConcaveOverMany(ManyAlphas, ConcaveModel):
    """Alpha chosen by cross-validation, every fold on a path of its own."""

    def __init__(
        self,
        alphas: Any = 100,
        *,
        gamma: float | None = None,
        cv: Any = None,
        scoring: str | None = None,
        rule: str = "min",
        fit_intercept: bool = True,
        standardize: bool = True,
        penalty_factor: Any = None,
        tol: float = 1e-8,
    ) -> None:
        self.alphas = alphas
        self.gamma = gamma
        self.cv = cv
        self.scoring = scoring
        self.rule = rule
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.tol = tol
