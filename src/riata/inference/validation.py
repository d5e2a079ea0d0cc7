"""What the error rates of the methods are on data like the user's: a parametric bootstrap on the same rows."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidOption, RiataError, did_you_mean
from riata.core.problem import Floats
from riata.core.result_frame import ResultFrame
from riata.inference.replays import REPLAYS, Outcome, Replay
from riata.inference.truth import Truth, truth_of
from riata.select.summary import number
from riata.table.words import count

PENALTIES = ("l1",)


@dataclasses.dataclass(frozen=True)
class Rates:
    """What one method did on average over the data sets, each mean with its Monte-Carlo standard error.

    Attributes
    ----------
    method, promise : its name, and what it bounds, at the level that it was run with
    n_boot : data sets
    n_selected : features selected, on average
    fdr : share of the selected that is false;  false : number of them;  power : share of the real ones that is found
    coverage, coverage_real : share of the intervals that cover, of all coefficients and of those that are not 0
    fdr_se, … : standard errors of these. NaN where there is nothing to average: no real feature, no intervals
    """

    method: str
    promise: str
    n_boot: int
    n_selected: float
    fdr: float
    fdr_se: float
    false: float
    false_se: float
    power: float
    power_se: float
    coverage: float
    coverage_se: float
    coverage_real: float
    coverage_real_se: float


@dataclasses.dataclass(frozen=True, eq=False)
class Validation:
    """What :func:`validate` found.

    Attributes
    ----------
    rates : list of Rates, one for each method
    skipped : {method: why it could not be run on these data}
    features : the features that have an effect in the truth that was simulated from
    coef : {feature: true coefficient};  sigma : true standard deviation of the noise (1 where the family has none)
    n_boot, seed : data sets drawn, and the seed
    notes : list of sentences
    """

    rates: list[Rates]
    skipped: dict[str, str]
    features: list[str]
    coef: dict[str, float]
    sigma: float
    n_boot: int
    seed: int
    notes: list[str]

    def of(self, method: str) -> Rates:
        """The rates of one method; InvalidOption where it was not run."""
        for row in self.rates:
            if row.method == method:
                return row
        raise InvalidOption(
            f"{method!r} was not run.", got=method, expected=" or ".join(row.method for row in self.rates),
            hint=self.skipped.get(method),
        )  # fmt: skip

    def to_frame(self) -> ResultFrame:
        """A column for each attribute of :class:`Rates`, a row for each method."""
        names = [field.name for field in dataclasses.fields(Rates)]
        return ResultFrame({name: [getattr(row, name) for row in self.rates] for name in names})

    def summary(self) -> str:
        """The rates in sentences."""
        k = len(self.features)
        lines = [
            f"On {count(self.n_boot, 'simulated data set')} like these, in which "
            f"{count(k, 'feature')} {'has' if k == 1 else 'have'} an effect:"
        ]
        lines += [f"  {row.method} ({row.promise}): {_said(row)}." for row in self.rates]
        lines += [f"  {name} was left out: {why}" for name, why in self.skipped.items()]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def __repr__(self) -> str:
        return f"Validation({', '.join(row.method for row in self.rates)}; n_boot={self.n_boot}, seed={self.seed})"


def _said(row: Rates) -> str:
    share = f"{_share(row.fdr, row.fdr_se)} of the selected were false ({number(row.false, 2)} of "
    words = [f"{share}{number(row.n_selected, 3)} on average)"]
    if np.isfinite(row.power):
        words.append(f"{_share(row.power, row.power_se)} of the real ones were found")
    if np.isfinite(row.coverage):
        words.append(f"{_share(row.coverage, row.coverage_se)} of the intervals covered")
    if np.isfinite(row.coverage_real):
        words.append(f"{_share(row.coverage_real, row.coverage_real_se)} of those of real effects")
    return ", ".join(words)


def _share(value: float, se: float) -> str:
    return f"{100 * value:.1f} ± {100 * se:.1f} %" if np.isfinite(se) else f"{100 * value:.1f} %"


def validate(
    selection: Any, *, methods: Sequence[str] | Mapping[str, Mapping[str, Any]] | None = None, n_boot: int = 40,
    seed: int = 0, seconds: float | None = 60.0, threads: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Validation:  # fmt: skip
    """What false discovery rate, power and coverage do the methods have on data like mine?

    A parametric bootstrap on the user's own X. The selected model is taken for the truth: its features A, refitted
    without a penalty, are the real ones, all others have no effect. For b = 1 … n_boot

        y_b ~ the family's law at η = o + b + Xβ    (gaussian: η + σ·N(0, 1), σ² = RSS / (n − |A| − 1) of the refit)

    is drawn for the same rows (X, sample weights, offset, folds), every method is run on (X, y_b), and

        FDR = mean of false / max(1, selected),    power = mean of found / |A|,    coverage = mean share of intervals
        that hold their coefficient,    each ± its Monte-Carlo standard error, sd / √n_boot

    What it is worth. X, its correlations, n and p, and the size of the noise are the real ones, which no table of
    simulations can have. The truth is a guess: features that were selected have overestimated effects (power is
    optimistic), weak effects that were missed count as none, and the law is the model's. "False" is every feature
    outside A, correlated with A or not, whereas mFDR promises something only for those independent of the target and
    cross-validation promises nothing.

    Parameters
    ----------
    selection : what riata.select returned; family gaussian, binomial or poisson, the lasso or elastic net
    methods : of "lasso" (cross-validated, by the selection's own rule), "mfdr", "stability", "knockoffs", "debiased";
        all by default. Or {name: options of the method}: {"knockoffs": {"fdr": 0.2}}. A method that is named and cannot
        be run raises; one that is not named is left out, and ``skipped`` says why. So are knockoffs and debiased with
        more than 500 features
    n_boot : data sets. Standard errors fall with its root: 40 give ± 3 points of a rate of 5 %
    seed : of everything random
    seconds : begin no further data set after so long, None for no limit; the data sets that were made do not depend on
        it, and ``n_boot`` of the result says how many they were
    threads : cores to use; the result does not depend on it
    progress : a function that is told what is being done, such as print

    Returns
    -------
    Validation

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 10))
    >>> sel = riata.select(X, X[:, 0] - X[:, 1] + rng.standard_normal(100))
    >>> found = sel.validate(methods=["lasso", "debiased"], n_boot=5)
    >>> found.of("lasso").power, found.of("debiased").coverage > 0.8
    (1.0, True)

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 6.5.
    """
    _check(selection, n_boot, seconds)
    truth = truth_of(selection.path, selection.problem, selection.index)
    options, named = _asked(methods)
    runs = {name: REPLAYS[name](selection, truth, how, threads) for name, how in options.items()}
    skipped = {name: why for name, run in runs.items() if (why := run.cannot or (None if named else run.slow))}
    found: dict[str, list[Outcome]] = {name: [] for name in runs}
    start = time.monotonic()
    sources = np.random.SeedSequence(seed).spawn(n_boot)
    for b, source in enumerate(sources):
        if b and seconds is not None and time.monotonic() - start > seconds:
            break
        if progress is not None:
            progress(f"data set {b + 1} of {n_boot}")
        y, each = truth.draw(np.random.default_rng(source)), int(source.generate_state(1)[0])
        _replay(runs, skipped, found, truth, y, each, named)
    return _result(selection, truth, runs, skipped, found, n_boot, seed)


def _check(selection: Any, n_boot: int, seconds: float | None) -> None:
    path, problem = getattr(selection, "path", None), getattr(selection, "problem", None)
    if path is None or problem is None or not hasattr(selection, "cv"):
        raise InvalidOption("Only a selection can be validated.", got=type(selection).__name__, expected="riata.select")
    if path.penalty not in PENALTIES or problem.groups is not None:
        raise InvalidOption(
            "The methods are those of the lasso and the elastic net.", got=f"penalty {path.penalty!r}", expected="l1"
        )
    if not (isinstance(n_boot, int | np.integer) and n_boot >= 2):
        raise InvalidOption("n_boot must be a whole number ≥ 2.", got=n_boot)
    if seconds is not None and not seconds > 0:
        raise InvalidOption("seconds must be positive, or None.", got=seconds)


def _asked(methods: Any) -> tuple[dict[str, dict[str, Any]], bool]:
    """({method: its options}, whether they were named)."""
    if methods is None:
        return {name: {} for name in REPLAYS}, False
    names = [methods] if isinstance(methods, str) else list(methods)
    for name in names:
        if name not in REPLAYS:
            hint = did_you_mean(str(name), list(REPLAYS))
            raise InvalidOption(
                f"There is no method {name!r} here.", got=name, expected=" or ".join(REPLAYS), hint=hint
            )
    return {name: dict(methods[name]) if isinstance(methods, Mapping) else {} for name in names}, True


def _replay(
    runs: dict[str, Replay], skipped: dict[str, str], found: dict[str, list[Outcome]], truth: Truth, y: Any, seed: int,
    named: bool,
) -> None:  # fmt: skip
    """Every method on one data set; one that cannot be run is asked once and left out, or raises where it was named."""
    for name, run in runs.items():
        if name in skipped and named:
            raise InvalidOption(f"{name} cannot be run here: {skipped[name]}", got=name)
        if name in skipped:
            continue
        try:
            found[name].append(run(y, seed))
        except RiataError as error:
            if found[name]:
                continue  # on some data sets, such as those with one class in a training fold: a note counts them
            if named:
                raise
            skipped[name] = error.what


def _result(
    selection: Any, truth: Truth, runs: dict[str, Replay], skipped: dict[str, str], found: dict[str, list[Outcome]],
    n_boot: int, seed: int,
) -> Validation:  # fmt: skip
    names = selection.path.feature_names
    real = np.flatnonzero((truth.coef != 0) & (truth.problem.penalty_factor > 0))
    made = max((len(outcomes) for outcomes in found.values()), default=0)
    notes = ["the effects of selected features are overestimated, so that the power is what it would be at best."]
    if not len(real):
        notes = ["no feature was selected: the truth has no effects, and there is no power to speak of."]
    elif not truth.refitted:
        notes.append("the selected features could not be refitted without a penalty: the truth has shrunken effects.")
    if "mfdr" in runs and len(real):
        notes.append("a feature selected in place of a real one counts as false; mFDR promises nothing about those.")
    judged = truth.problem.penalty_factor > 0  # a feature without a penalty is given, and selected by nobody
    rates = [_rates(run, found[name], truth.coef, judged) for name, run in runs.items() if found[name]]
    notes += [
        f"{row.method} could not be run on {made - row.n_boot} of {made} data sets."
        for row in rates
        if row.n_boot < made
    ]
    notes += [
        f"knockoffs at this fdr select at least {int(np.ceil(1.0 / runs[row.method].how.get('fdr', 0.1)))} features or "
        "none: a larger fdr may find some where few have an effect."
        for row in rates
        if row.method == "knockoffs" and row.n_selected == 0 and _plain(runs[row.method].how)
    ]
    if made < n_boot:
        notes.append(f"time ran out after {made} of {n_boot} data sets: see seconds=.")
    s = truth.problem.sample_weight
    if np.ptp(s[s > 0]) > 0 and truth.problem.family != "binomial":
        notes.append("every row was given one draw of noise, whatever its sample weight.")
    return Validation(
        rates=rates, skipped=skipped, features=[names[j] for j in real],
        coef={names[j]: float(truth.coef[j]) for j in real}, sigma=truth.sigma, n_boot=made, seed=seed, notes=notes,
    )  # fmt: skip


def _plain(knockoffs: dict[str, Any]) -> bool:
    """Whether the filter is knockoff+ with one draw, which selects 1/fdr features or none."""
    return int(knockoffs.get("offset", 1)) == 1 and int(knockoffs.get("draws", 1)) == 1


def _rates(run: Replay, outcomes: list[Outcome], coef: Floats, judged: NDArray[np.bool_]) -> Rates:
    real = (coef != 0) & judged
    chosen = np.array([outcome.selected for outcome in outcomes]) & judged
    false = chosen[:, ~real].sum(axis=1)
    size = chosen.sum(axis=1)
    power = _share_of(chosen, real)
    covered = np.array([outcome.covered(coef) for outcome in outcomes])
    told = ~np.isnan(covered).any(axis=0)
    all_, those = _share_of(covered, told), _share_of(covered, told & real)
    values = [number for column in (false / np.maximum(size, 1), false, power, all_, those) for number in _mean(column)]
    return Rates(run.name, run.promise, len(outcomes), float(size.mean()), *values)


def _share_of(values: Floats | NDArray[np.bool_], which: NDArray[np.bool_]) -> Floats:
    """(n_boot,) mean over some features; NaN where there are none."""
    return values[:, which].mean(axis=1) if which.any() else np.full(len(values), np.nan)


def _mean(values: Floats) -> tuple[float, float]:
    """(mean, standard error)."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
