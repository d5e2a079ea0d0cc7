"""The methods that a validation replays on targets drawn from a known truth: each makes a selection, or intervals."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidOption
from riata.core.problem import Floats
from riata.core.results import Path
from riata.inference.debiased import debiased_lasso
from riata.inference.knockoffs import knockoff_filter
from riata.inference.mfdr import mfdr
from riata.inference.stability import stability_selection
from riata.inference.truth import Truth
from riata.path.fit import fit_path
from riata.select.cv import cross_validate

# The nodewise lassos and the knockoffs of more columns take up to minutes for a single data set.
MOST_QUICK = 500


@dataclasses.dataclass(frozen=True, eq=False)
class Outcome:
    """Of one data set: ``selected`` (n_features,) and, of a method that has them, ``ci`` (n_features, 2)."""

    selected: NDArray[np.bool_]
    ci: Floats | None = None

    def covered(self, coef: Floats) -> Floats:
        """(n_features,) 1 where the interval holds the true coefficient, else 0; NaN where there is no interval."""
        if self.ci is None:
            return np.full(len(coef), np.nan)
        inside = (self.ci[:, 0] <= coef) & (coef <= self.ci[:, 1])
        return np.where(np.isnan(self.ci[:, 0]), np.nan, inside)


class Replay(ABC):
    """One method with its options on the rows of a truth; called with a target and a seed.

    Attributes
    ----------
    promise : what it bounds, with the level that it is run with
    cannot : why it cannot be run on these data, or None
    cubic : whether its cost grows with the cube of the number of features
    """

    name: ClassVar[str]
    cubic: ClassVar[bool] = False
    promise: str
    cannot: str | None = None

    def __init__(self, selection: Any, truth: Truth, how: dict[str, Any], threads: int | None):
        self.selection, self.truth, self.how, self.threads = selection, truth, how, threads
        self.names = list(selection.path.feature_names)
        self.foldid = selection.cv.foldid[:, truth.order]
        self.divided = not (self.foldid == -1).any()  # folds that hold each row out once
        self.settle()

    @property
    def slow(self) -> str | None:
        """Why it is left out unless it is asked for by name, or None."""
        if not self.cubic or len(self.names) <= MOST_QUICK:
            return None
        return f"with {len(self.names):,} features a data set takes up to minutes; name it in methods= to run it."

    @abstractmethod
    def settle(self) -> None:
        """Set ``promise`` and ``cannot``; InvalidOption for options that the method lacks."""

    @abstractmethod
    def __call__(self, y: Any, seed: int) -> Outcome: ...

    def chosen(self, names: Any) -> NDArray[np.bool_]:
        """(n_features,) whether a feature is among the names."""
        return np.isin(np.array(self.names), list(names))

    def data(self, *without: str) -> dict[str, Any]:
        """The keywords of the public functions that describe the problem, where they are not the defaults."""
        problem = self.truth.problem
        trials = getattr(problem.loss, "multiplicity", None)
        weight = problem.sample_weight if trials is None else problem.sample_weight / np.where(trials > 0, trials, 1.0)
        out: dict[str, Any] = {"family": problem.family, "feature_names": self.names}
        out |= {} if problem.fit_intercept else {"fit_intercept": False}
        out |= {} if problem.standardize else {"standardize": False}
        out |= {"sample_weight": weight} if np.ptp(weight) > 1e-12 * weight.max() else {}
        out |= {"offset": problem.offset} if problem.offset.any() else {}
        out |= {"penalty_factor": problem.penalty_factor} if (problem.penalty_factor != 1.0).any() else {}
        out |= {"lower": problem.lower} if np.isfinite(problem.lower).any() else {}
        out |= {"upper": problem.upper} if np.isfinite(problem.upper).any() else {}
        return {name: value for name, value in out.items() if name not in without}


class _Lasso(Replay):
    """The lasso with λ chosen as the selection's was."""

    name = "lasso"

    def settle(self) -> None:
        if self.how:
            raise InvalidOption('"lasso" is run as the selection was.', got=", ".join(self.how), expected="no options")
        rule, cv = self.selection.rule, self.selection.cv
        self.promise = f"λ = {self.selection.lam:.4g}" if rule == "given" else f"rule {rule}"
        if rule != "given" and not self.divided:
            self.cannot = "its folds do not hold out each row once, and λ would be chosen by others."
        given = self.selection.model.options
        named = ("n_lams", "lam_min_ratio", "tol", "max_iter")
        self.how = {name: given[name] for name in named if given[name] is not None}
        if given["lams"] is not None:
            self.how["lams"] = cv.lams

    def __call__(self, y: Any, seed: int) -> Outcome:
        problem, sel = self.truth.with_target(y), self.selection
        if sel.rule == "given":
            return Outcome(fit_path(problem, [sel.lam], threads=self.threads).coef[:, 0] != 0)
        cv = cross_validate(problem, foldid=self.foldid, measure=sel.cv.measure, threads=self.threads, **self.how)
        return Outcome(cv.path.coef[:, cv.index(sel.rule)] != 0)


class _MFDR(Replay):
    """The features whose marginal false discovery rate is at most a level."""

    name = "mfdr"

    def settle(self) -> None:
        self.level = float(self.how.get("level", 0.1))
        _only(self.name, self.how, "level")
        self.promise = f"marginally false ≤ {100 * self.level:g} %"

    def __call__(self, y: Any, seed: int) -> Outcome:
        problem = self.truth.with_target(y)
        path: Path = dataclasses.replace(fit_path(problem, threads=self.threads), problem=problem)
        return Outcome(self.chosen(mfdr(path, self.level).selected))


class _Stability(Replay):
    """Stability selection."""

    name = "stability"

    def settle(self) -> None:
        pfer = self.how.get("pfer")
        given = self.how.get("q") is not None and self.how.get("threshold") is not None
        self.promise = "as q and threshold say" if given else f"false ≤ {1.0 if pfer is None else pfer:g} on average"

    def __call__(self, y: Any, seed: int) -> Outcome:
        more = {"threads": self.threads, "seed": seed} | self.data() | self.how
        return Outcome(self.chosen(stability_selection(self.truth.problem.design.raw, y, **more).selected))


class _Knockoffs(Replay):
    """The knockoff filter."""

    name = "knockoffs"
    cubic = True

    def settle(self) -> None:
        self.promise = f"false ≤ {100 * float(self.how.get('fdr', 0.1)):g} %"
        if self.truth.problem.offset.any():
            self.cannot = "knockoffs take no offset."

    def __call__(self, y: Any, seed: int) -> Outcome:
        more = {"threads": self.threads, "seed": seed} | self.data() | self.how
        return Outcome(self.chosen(knockoff_filter(self.truth.problem.design.raw, y, **more).selected))


class _Debiased(Replay):
    """Debiased intervals, and the features whose adjusted p-value is small."""

    name = "debiased"
    cubic = True

    def settle(self) -> None:
        self.promise = f"{100 * float(self.how.get('level', 0.95)):g} % intervals"

    def __call__(self, y: Any, seed: int) -> Outcome:
        folds = {"foldid": self.foldid[0]} if self.divided else {}
        more = {"seed": seed} | folds | self.data("standardize") | self.how
        found = debiased_lasso(self.truth.problem.design.raw, y, **more)
        return Outcome(self.chosen(found.selected), found.ci)


def _only(name: str, given: dict[str, Any], *known: str) -> None:
    for word in given:
        if word not in known:
            raise InvalidOption(f'"{name}" has no option {word!r}.', got=word, expected=" or ".join(known))


REPLAYS: dict[str, type[Replay]] = {kind.name: kind for kind in (_Lasso, _MFDR, _Stability, _Knockoffs, _Debiased)}
