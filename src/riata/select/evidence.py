"""What information criteria know of a path: its misfit, its degrees of freedom, and among how many it chose."""

from __future__ import annotations

import dataclasses
from functools import cached_property

import numpy as np

from riata.core.errors import InvalidOption
from riata.core.problem import Floats, Problem
from riata.core.results import Path
from riata.select.freedom import degrees_of_freedom

LIKELIHOODS = ("gaussian", "binomial", "poisson", "cox")


@dataclasses.dataclass(frozen=True, eq=False)
class Evidence:
    """A path and its problem, read as a sequence of models; everything is worked out when first asked for.

    Attributes
    ----------
    n : rows of positive weight (trials, where rows are proportions): what −2 log L is a sum over
    size : what log n of BIC means: n, or the number of events of survival data (Volinsky & Raftery 2000)
    df : (n_lams,) see :mod:`riata.select.freedom`
    rss : (n_lams,) deviance; residual sum of squares of a Gaussian model
    chosen, candidates : features (groups) that are penalised and in the model (n_lams,), and that could be
    """

    problem: Problem
    path: Path

    def __post_init__(self) -> None:
        factor = self.path.penalty_factor
        if factor is not None:  # adaptive factors are part of the penalty, once they are learnt
            object.__setattr__(self, "problem", self.problem.replace(penalty=None, penalty_factor=factor))

    @cached_property
    def n(self) -> float:
        seen = self.problem.sample_weight > 0
        trials = getattr(self.problem.loss, "multiplicity", None)
        return float(np.count_nonzero(seen) if trials is None else np.sum(trials[seen]))

    @cached_property
    def size(self) -> float:
        if self.problem.family != "cox":
            return self.n
        return float(np.count_nonzero(self.problem.loss.event & (self.problem.sample_weight > 0)))

    @cached_property
    def df(self) -> Floats:
        return degrees_of_freedom(self.problem, self.path)

    @cached_property
    def rss(self) -> Floats:
        if self.problem.family not in LIKELIHOODS:
            raise InvalidOption(
                f'The family "{self.problem.family}" has no likelihood, and so no information criterion.',
                got=self.problem.family, expected=" or ".join(LIKELIHOODS), hint='rule="min" or "1se" need none.',
            )  # fmt: skip
        return self.n * self.path.null_deviance * np.maximum(1.0 - self.path.dev_ratio, 0.0)

    @cached_property
    def _penalised(self) -> Floats:
        v, groups = self.problem.penalty_factor, self.problem.groups
        free = np.isfinite(v) & (self.path.scale > 0) & ((v if groups is None else groups.factor[groups.index]) > 0)
        return free

    @cached_property
    def candidates(self) -> int:
        at = np.flatnonzero(self._penalised)
        return len(at if self.problem.groups is None else np.unique(self.problem.groups.index[at]))

    @cached_property
    def chosen(self) -> Floats:
        on = self.path.coef_active[self._penalised[self.path.active]] != 0
        if self.problem.groups is not None:
            member = self.problem.groups.index[self.path.active[self._penalised[self.path.active]]]
            on = np.array([on[member == g].any(axis=0) for g in np.unique(member)]).reshape(-1, on.shape[1])
        return np.count_nonzero(on, axis=0).astype(np.float64)
