"""The knockoff filter: features that matter given all the others, with a bound on the share of false ones."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.core.drawn import Drawn
from riata.core.errors import InvalidOption
from riata.core.problem import Floats, Problem
from riata.core.result_frame import ResultFrame
from riata.design import as_design
from riata.inference import knockoff_choice as choice
from riata.inference import knockoff_statistics as statistics
from riata.inference.division import folds_given
from riata.inference.knockoff_copies import Maker, fixed, gaussian, standardised
from riata.inference.reading import read

MODELS, STATISTICS = ("gaussian", "fixed"), ("lcd", "lsm")
# Every draw's own threshold is at this share of the final rate: Ren & Barber's choice.
DRAW_SHARE = 0.5
MOST_FEATURES = 3000


@dataclasses.dataclass(frozen=True, eq=False)
class Knockoffs(Drawn):
    """What :func:`knockoff_filter` found.

    Attributes
    ----------
    selected : list of str, the largest statistic first
    W : (n_features,) statistic, of several draws their mean: large where the feature is needed more than its knockoff
    threshold : W from which features are selected, ∞ where none is; NaN of several draws
    e_values : (n_features,) mean over the draws, or None of one draw
    fdr, offset, model, construction, statistic, draws : as asked for
    room : (n_features,) s_j; 1 − s_j is the correlation of feature and knockoff. Near 0 there is no power
    """

    selected: list[str]
    W: Floats
    threshold: float
    e_values: Floats | None
    fdr: float
    offset: int
    model: str
    construction: str
    statistic: str
    draws: int
    room: Floats
    feature_names: list[str]

    def to_frame(self) -> ResultFrame:
        """Columns feature, W, (e_value,) room, selected, the largest first."""
        order = np.argsort(-(self.W if self.e_values is None else self.e_values), kind="stable")
        chosen = set(self.selected)
        names = [self.feature_names[j] for j in order]
        more = {} if self.e_values is None else {"e_value": self.e_values[order].tolist()}
        picked = [name in chosen for name in names]
        return ResultFrame(
            feature=names, W=self.W[order].tolist(), **more, room=self.room[order].tolist(), selected=picked
        )

    def __repr__(self) -> str:
        return f"Knockoffs({len(self.selected)} of {len(self.W)} features, fdr={self.fdr:g}, draws={self.draws})"


def knockoff_filter(
    X: Any,
    y: Any,
    *,
    fdr: float = 0.1,
    model: str = "gaussian",
    construction: str = "mvr",
    statistic: str | None = None,
    offset: int = 1,
    draws: int = 1,
    covariance: Any = None,
    seed: int = 0,
    threads: int | None = None,
    **options: Any,
) -> Knockoffs:
    """Which features matter once all others are known, with at most a share ``fdr`` of them false on average?

    Every feature gets a knockoff: a column that is as correlated with the other features as it is, and has nothing to
    do with y. The lasso is fitted to features and knockoffs together, and W_j says how much more the feature was needed
    than its knockoff. For a feature without effect the sign of W_j is a fair coin, so the negative W count
    the false ones among the positive:

        T = min{t : (offset + #{W_j ≤ −t}) / #{W_j ≥ t} ≤ fdr},    selected = {j : W_j ≥ T}

    Target and error: the conditional null, y independent of x_j given the other features;
    E[false / max(1, selected)] ≤ fdr with offset 1. Assumptions: model="gaussian": rows are independent draws of a
    Gaussian with the given covariance (the estimated one makes the bound approximate), nothing about y given X;
    model="fixed": y is linear in X with Gaussian noise, n > 2p, nothing about X.

    A draw is random: other seeds select other features. With ``draws`` > 1 their e-values are averaged, which is far
    steadier and keeps the bound (take 30 or more).

    Parameters
    ----------
    X, y : as for riata.select: frame and name, or arrays
    fdr : wanted false discovery rate
    model : "gaussian" (model-X, any family) or "fixed" (fixed-X, gaussian family)
    construction : "mvr", "sdp", "maxent" or "equi" (see riata.inference.knockoff_room)
    statistic : "lcd", difference of |coefficient| at the cross-validated λ (fixed-X: at a λ set by the noise alone, as
        its theorem demands), or "lsm", λ of entry; by default lcd (gaussian) or lsm (fixed)
    offset : 1 (knockoff+), or 0, which bounds a modified rate only
    draws : knockoffs drawn, joined by e-values
    covariance : (n_features, n_features) known covariance of a row, else estimated with shrinkage ("gaussian")
    seed : of knockoffs and folds (foldid, fold_groups and cv give the folds instead); the result does not depend on the
        order of rows or columns, nor on units
    threads : cores to use; the result does not depend on it
    options : family, drop, keep, feature_names, … as for riata.select

    Returns
    -------
    Knockoffs

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 30))
    >>> y = X[:, :12] @ np.ones(12) + rng.standard_normal(200)
    >>> found = riata.knockoff_filter(X, y, fdr=0.1, seed=1)
    >>> {f"x{j}" for j in range(12)} <= set(found.selected)
    True

    References
    ----------
    Barber & Candès (2015), Ann. Statist. 43, theorem 2; Candès, Fan, Janson & Lv (2018), J. R. Stat. Soc. B 80,
    theorem 3.4; Spector & Janson (2022), Ann. Statist. 50; Ren & Barber (2024), J. R. Stat. Soc. B 86.
    """
    problem, names, varies, foldid = _problem(X, y, options, seed)
    statistic = statistic or ("lcd" if model == "gaussian" else "lsm")
    _check(problem, fdr, model, statistic, offset, draws, covariance)
    Z = standardised(problem.design.columns(varies))
    maker = fixed(Z, construction) if model == "fixed" else gaussian(Z, construction, _correlation(covariance, varies))
    seeds = np.random.SeedSequence(seed).spawn(draws)
    found = np.zeros((draws, len(names)))
    for k, source in enumerate(seeds):
        folds = seed + k if foldid is None else foldid
        found[k, varies] = _statistics(problem, maker, statistic, np.random.default_rng(source), folds, threads)
    W, room = found.mean(axis=0), np.zeros(len(names))
    room[varies] = maker.s
    T, e = choice.threshold(W, fdr, offset), None
    chosen = np.flatnonzero((W >= T) & (W > 0))
    if draws > 1:
        e = np.mean([choice.e_values(one, DRAW_SHARE * fdr) for one in found], axis=0)
        T, chosen = float("nan"), choice.e_bh(e, fdr)
    chosen = chosen[np.argsort(-(W if e is None else e)[chosen], kind="stable")]
    return Knockoffs(
        [names[j] for j in chosen], W, T, e, fdr, offset, model, construction, statistic, draws, room, names
    )


def _problem(X: Any, y: Any, options: dict[str, Any], seed: int) -> tuple[Problem, list[str], np.ndarray, Any]:
    """The checked problem, its names, the columns that vary, and the folds if the caller gives them."""
    for name in ("penalty_factor", "penalty", "l1_ratio"):
        if name in options:
            raise InvalidOption(
                f"Knockoffs take no {name}.", got=name, hint="every feature meets its copy on one footing."
            )
    problem, data, o = read(X, y, alike="knockoff_filter", **options)
    names = list(problem.design.names or [f"x{j}" for j in range(problem.n_features)])
    if problem.n_features > MOST_FEATURES:
        raise InvalidOption(
            "There are too many features for a covariance matrix.", got=problem.n_features,
            expected=f"at most {MOST_FEATURES}", hint="riata.stability_selection works with any number.",
        )  # fmt: skip
    _, m2 = problem.design.group_moments(problem.sample_weight, np.zeros(problem.n_samples, np.intp), 1)
    return problem, names, np.flatnonzero(m2[0] > 0), folds_given(problem, data, o, o.folds, seed)


def _check(problem: Problem, fdr: float, model: str, statistic: str, offset: int, draws: int, covariance: Any) -> None:
    if not 0 < fdr < 1:
        raise InvalidOption("fdr must lie between 0 and 1.", got=fdr)
    for what, value, known in (
        ("model", model, MODELS),
        ("statistic", statistic, STATISTICS),
        ("offset", offset, (0, 1)),
    ):
        if value not in known:
            raise InvalidOption(f"{what} cannot be {value!r}.", got=value, expected=" or ".join(map(str, known)))
    if model == "fixed" and (problem.family != "gaussian" or not problem.fit_intercept):
        raise InvalidOption("Fixed-X knockoffs are for gaussian models with an intercept.", got=problem.family)
    if model == "fixed" and covariance is not None:
        raise InvalidOption("Fixed-X knockoffs take X as it is: no covariance.", got="covariance")
    if not (isinstance(draws, int | np.integer) and draws >= 1):
        raise InvalidOption("draws must be a whole number ≥ 1.", got=draws)
    if draws > 1 and offset == 0:
        raise InvalidOption("e-values come from knockoff+ thresholds.", got="offset=0 with several draws")


def _correlation(covariance: Any, varies: np.ndarray) -> Floats | None:
    if covariance is None:
        return None
    sigma = np.asarray(covariance, np.float64)[np.ix_(varies, varies)]
    sd = np.sqrt(np.diag(sigma))
    sigma = sigma / np.outer(sd, sd)
    if not np.isfinite(sigma).all() or np.linalg.eigvalsh(sigma)[0] <= 0:
        raise InvalidOption("covariance must be symmetric and positive definite.")
    return sigma


def _statistics(
    problem: Problem, maker: Maker, statistic: str, rng: np.random.Generator, folds: Any, threads: int | None
) -> Floats:
    """W of one draw."""
    both = np.column_stack([maker.Z, maker.draw(rng)])
    n, width = both.shape
    factor, bound = np.ones(width), np.full(width, np.inf)
    twice = problem.replace(
        design=as_design(np.asfortranarray(both)), penalty_factor=factor, lower=-bound, upper=bound, standardize=True
    )
    if statistic == "lsm":
        return statistics.entry(twice, threads)
    lam = None
    if maker.fixed:  # of the residual on all 2p columns only: a swap does not change it
        basis = np.linalg.qr(np.column_stack([np.ones(n), both]))[0]
        y = problem.y - problem.offset
        rest = y - basis @ (basis.T @ y)
        if n <= width + 1:
            raise InvalidOption("No row is left to estimate the noise from.", got=n, hint='statistic="lsm"')
        lam = float(np.sqrt(rest @ rest / (n - width - 1)) * np.sqrt(2.0 * np.log(width) / n))
    return statistics.coefficient_difference(twice, lam, folds, threads)
