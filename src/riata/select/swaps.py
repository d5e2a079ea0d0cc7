"""What a selected feature stands in for, and what taking a twin in its place would cost."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.certify import certify
from riata.core.errors import InvalidOption
from riata.core.problem import Floats, Problem
from riata.core.result_frame import ResultFrame
from riata.core.results import Path
from riata.design import as_design
from riata.path.fit import fit_path
from riata.select.twins import LIKE, alike

Ints = NDArray[np.intp]

TOL = 1e-10  # losses are compared that may differ by little


@dataclasses.dataclass(frozen=True)
class Swap:
    """One selected feature, one that is not, and what exchanging them costs.

    Attributes
    ----------
    feature, twin : names of the selected one and of the other
    correlation : of the two columns, weighted
    loss : growth of the penalised loss, ≥ 0, in its units (½ y² of a Gaussian model, else mean negative log-likelihood)
    share : loss / what the model gains over the one without features; 0 is "as good", 1 "all is lost"
    dropped : the same share where the feature is left out and nothing takes its place: share ≤ dropped
    gap_rel : the largest certificate of the fits compared
    """

    feature: str
    twin: str
    correlation: float
    loss: float
    share: float
    dropped: float
    gap_rel: float


@dataclasses.dataclass(frozen=True, eq=False)
class Twins:
    """What :func:`twins` found.

    Attributes
    ----------
    lam : λ;  least : |correlation| from which a feature counts as a twin
    swaps : list of Swap: selected features in the order of their effects, the twins of each by |correlation|
    counts : {selected feature: how many features that are not selected it stands in for}; ``swaps`` has the first few
    """

    lam: float
    least: float
    swaps: list[Swap]
    counts: dict[str, int]

    def of(self, feature: str) -> list[Swap]:
        """The swaps of one selected feature; InvalidOption where it is not selected."""
        if feature not in self.counts:
            raise InvalidOption(f'"{feature}" is not selected.', got=feature, expected=" or ".join(self.counts))
        return [swap for swap in self.swaps if swap.feature == feature]

    def to_frame(self) -> ResultFrame:
        """Columns feature, twin, correlation, loss, share, dropped."""
        names = ("feature", "twin", "correlation", "loss", "share", "dropped")
        return ResultFrame({name: [getattr(swap, name) for swap in self.swaps] for name in names})

    def __repr__(self) -> str:
        with_twins = sum(count > 0 for count in self.counts.values())
        return (
            f"Twins({with_twins} of {len(self.counts)} selected features have a twin, |correlation| ≥ {self.least:g})"
        )


def twins(fit: Any, lam: float | None = None, *, least: float = LIKE, most: int = 3) -> Twins:
    """Which features does each selected one stand in for, and what would the model lose with them in its place?

    The lasso takes one of several correlated features and says nothing of the others. With A the features selected at
    λ, and P_S the smallest penalised loss when the features of S alone may be used,

        P_S = min over (b, w), w = 0 outside S, of  F(o + b + Xw) + λ Σⱼ vⱼ ( l1_ratio |tⱼwⱼ| + ½(1 − l1_ratio)(tⱼwⱼ)² )
        loss(j → k)  = P_{A − j + k} − P_A,        share(j → k) = loss(j → k) / (P_∅ − P_A)
        dropped(j)   = (P_{A − j} − P_A) / (P_∅ − P_A)

    All features of S are refitted, at the same λ and with the same weights, offset, factors and bounds, to a relative
    duality gap of 1e-10; the losses are those of :func:`riata.certify`. 0 ≤ share ≤ dropped ≤ 1: near 0 the data cannot
    tell the twin from the feature, near ``dropped`` the twin is no replacement. No units: y·c and X·D leave the shares.

    It describes the fit to these rows and is no test: it has no error rate.

    Parameters
    ----------
    fit : what riata.select or riata.path returned, in the same process; one linear predictor and a convex penalty of
        single features (l1, adaptive, elastic net), of every family
    lam : λ of the model; by default that of the selection. A path needs it
    least : |correlation| ≥ this makes a feature that is not selected a twin
    most : twins of each feature that are swapped in, the most correlated first

    Returns
    -------
    Twins

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 3))
    >>> X[:, 2] = X[:, 0] + 0.2 * rng.standard_normal(100)
    >>> sel = riata.select(X, X[:, 0] + 0.5 * rng.standard_normal(100), feature_names=["a", "b", "twin"])
    >>> (swap,) = riata.twins(sel).swaps
    >>> swap.feature, swap.twin, round(swap.share, 2), round(swap.dropped, 2)
    ('a', 'twin', 0.07, 1.0)
    """
    if not 0 < least <= 1 or most < 0:
        raise InvalidOption("least must lie above 0 and be at most 1, and most be ≥ 0.", got=f"{least}, {most}")
    model = Model.of(fit, lam)
    names = model.path.feature_names
    swaps, counts = [], {}
    for j, others, r in alike(model.problem, model.path, model.selected, least):
        out = np.flatnonzero(~np.isin(others, model.selected))
        counts[names[j]] = len(out)
        swaps += [model.swap(j, int(others[i]), float(r[i])) for i in out[:most]]
    return Twins(model.lam, least, swaps, counts)


class Model:
    """A selected model among whose features one may be exchanged; losses that several swaps need are computed once."""

    def __init__(self, path: Path, problem: Problem, lam: float, coef: Floats):
        self.path, self.problem, self.lam, self.coef = path, problem, lam, coef
        on = np.flatnonzero(coef)
        self.selected: Ints = on[np.argsort(-np.abs(coef[on]) * path.scale[on], kind="stable")]
        self._losses: dict[tuple[int, ...], tuple[float, float]] = {}

    @classmethod
    def of(cls, fit: Any, lam: float | None = None) -> Model:
        """Of what riata.select or riata.path returned; InvalidOption where features cannot be exchanged one by one."""
        path, problem = getattr(fit, "path", fit), getattr(fit, "problem", None)
        if not isinstance(path, Path) or problem is None:
            raise InvalidOption(
                "The data are needed beside the path.", got=type(fit).__name__,
                expected="what riata.path or riata.select returned, in the same process",
            )  # fmt: skip
        if path.outputs is not None or problem.groups is not None or path.stationarity is not None:
            raise InvalidOption(
                "Features are exchanged where each has one coefficient and a convex penalty of its own.",
                got=f"penalty {path.penalty!r}, {len(path.outputs or [1])} linear predictors",
            )
        lam = getattr(fit, "lam", None) if lam is None else float(lam)
        if lam is None:
            raise InvalidOption("A path has many models.", got="no lam", hint="say which: twins(path, lam=…).")
        if path.penalty_factor is not None:  # adaptive factors are part of the penalty, once they are learnt
            problem = problem.replace(penalty=None, penalty_factor=path.penalty_factor)
        if lam not in path.lams:
            path = fit_path(problem, [lam], tol=TOL)
        return cls(path, problem, lam, path.at(lam)[0])

    def swap(self, j: int, k: int, r: float) -> Swap:
        """Feature k, which is not selected, in place of j, which is."""
        names, rest = self.path.feature_names, [i for i in self.selected if i != j]
        own, gap = self._loss(list(self.selected))
        other, gap_other = self._loss([*rest, k])
        left, gap_left = self._loss(rest)
        none, _ = self._loss([])
        gain = max(none - own, np.finfo(float).tiny)
        dropped = max(left - own, 0.0)
        growth = min(max(other - own, 0.0), dropped)  # so it is but for the gaps: S may do without any of its features
        return Swap(names[j], names[k], r, growth, growth / gain, dropped / gain, max(gap, gap_other, gap_left))

    def _loss(self, features: list[int]) -> tuple[float, float]:
        """(P_S, gap_rel) of the features S."""
        key = tuple(sorted(int(i) for i in features))
        if key not in self._losses:
            at = np.array(key or (0,), np.intp)  # a design has at least one column
            problem = self.problem.replace(
                design=as_design(self.problem.design.columns(at)), penalty_factor=self.problem.penalty_factor[at],
                lower=self.problem.lower[at], upper=self.problem.upper[at],
            )  # fmt: skip
            if not key:
                problem = problem.replace(penalty_factor=np.full(1, np.inf))
            path = fit_path(problem, [self.lam], tol=TOL, start=self.coef[at] if key else None)
            found = certify(problem, path.coef[:, 0], path.intercept[0], self.lam)
            self._losses[key] = found.primal, found.gap_rel
        return self._losses[key]
