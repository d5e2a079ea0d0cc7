"""Why a feature is in a model or out of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from riata.core.errors import InvalidOption, did_you_mean
from riata.select.summary import number
from riata.select.swaps import Model, Swap
from riata.select.twins import LIKE, alike

if TYPE_CHECKING:
    from riata.select.selection import Selection

NEAR = 0.5  # |correlation| from which a selected feature is named beside another
MOST = 3  # that are named, and exchanged


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Why one feature was selected or not.

    Attributes
    ----------
    feature, selected, coef : its name, whether it is in the model, its coefficient
    entry : the largest λ of the path at which it is in the model, or None
    have, need : its correlation with the residual of the chosen model, on the scale of λ, and what the penalty asks
        for: they are equal for what is selected, and have < need for what is not
    stands_in : (selected feature, correlation with this one) where |correlation| is at least 0.5, strongest first
    swaps : what an exchange would cost (:class:`riata.select.swaps.Swap`): of a feature that is not selected with each
        of the first three of ``stands_in``; of a selected one with the features for which it stands in, those that are
        not selected and have |correlation| ≥ 0.8, the first three
    """

    feature: str
    selected: bool
    coef: float
    lam: float
    entry: float | None
    have: float
    need: float
    stands_in: tuple[tuple[str, float], ...]
    swaps: tuple[Swap, ...]

    @property
    def slack(self) -> float:
        """need − have ≥ 0; how much more correlation would have let it in."""
        return self.need - self.have

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        entry = "at no λ of the path" if self.entry is None else f"from λ = {number(self.entry)} down"
        if self.selected:
            head = f"{self.feature} is in the model with coefficient {number(self.coef)}: it is selected {entry}."
        else:
            head = (
                f"{self.feature} is not in the model at λ = {number(self.lam)}: it needed a correlation with the "
                f"residual of {number(self.need)} and had {number(self.have)}. It is selected {entry}."
            )
        near = ", ".join(f"{name} (correlation {r:+.2f})" for name, r in self.stands_in[:MOST])
        swaps = "; ".join(_said(swap, self.selected) for swap in self.swaps)
        if not self.selected:
            return f"{head} In its place: {swaps}." if swaps else head
        head += f" It stands in for: {swaps}." if swaps else ""
        return f"{head} It is close to {near}." if near else head


def _said(swap: Swap, selected: bool) -> str:
    """The other feature of an exchange and what it would cost."""
    return (
        f"{swap.twin if selected else swap.feature} (correlation {swap.correlation:+.2f}; swapped, "
        f"{_percent(swap.share)} of the model's gain would be lost, with neither {_percent(swap.dropped)})"
    )


def _percent(share: float) -> str:
    return "less than 0.1 %" if 0 < share < 1e-3 else f"{number(100 * share, 2)} %"


def explain(sel: Selection, feature: str) -> Explanation:
    """Why ``feature`` is in the model of a selection or out of it, by the optimality conditions of the lasso.

        |xⱼ'∇| / tⱼ ≤ λ l1_ratio vⱼ, with equality where wⱼ ≠ 0;   ∇ the gradient of the loss (and of the ridge part)

    And what an exchange with its twins would cost: :func:`riata.twins` says how that is measured.

    Raises InvalidOption for a name that is no feature.
    """
    path, problem, k = sel.path, sel.problem, sel.index
    if feature not in path.feature_names:
        hint = did_you_mean(feature, path.feature_names)
        raise InvalidOption(f'"{feature}" is not a feature.', got=feature, hint=hint)
    if path.outputs is not None or problem.groups is not None or path.stationarity is not None:
        raise InvalidOption(
            "Features are explained where each has one coefficient and a convex penalty of its own.",
            got=f"penalty {path.penalty!r}, {len(path.outputs or [1])} linear predictors",
        )
    j = path.feature_names.index(feature)
    coef, lam = path.coef[:, k], float(path.lams[k])
    t = path.scale[j] if problem.standardize else 1.0
    s = problem.sample_weight / problem.sample_weight.sum()
    eta = problem.offset + path.intercept[k] + problem.design.columns(path.active) @ path.coef_active[:, k]
    gradient = s * (eta - problem.y) if problem.loss is None else problem.loss.gradient(eta, s)
    own = problem.design.columns(np.array([j]))[:, 0]
    have = own @ gradient / (t if t > 0 else 1.0)
    have += lam * (1.0 - path.l1_ratio) * problem.penalty_factor[j] * t * coef[j]
    where = np.flatnonzero(path.coef[j])
    ((_, like, r),) = alike(problem, path, np.array([j]), NEAR)
    chosen = coef[like] != 0
    near = [(path.feature_names[i], float(x)) for i, x in zip(like[chosen], r[chosen], strict=True)]
    return Explanation(
        feature, bool(coef[j]), float(coef[j]), lam, float(path.lams[where[0]]) if len(where) else None,
        float(abs(have)), float(lam * path.l1_ratio * problem.penalty_factor[j]), tuple(near),
        _swaps(Model.of(sel), j, like, r, chosen),
    )  # fmt: skip


def _swaps(model: Model, j: int, like: Any, r: Any, chosen: Any) -> tuple[Swap, ...]:
    """Feature j with its twins; of each pair one is selected and the other is not."""
    if j in model.selected:
        use = np.flatnonzero(~chosen & (np.abs(r) >= LIKE))[:MOST]
        return tuple(model.swap(j, int(like[i]), float(r[i])) for i in use)
    return tuple(model.swap(int(like[i]), j, float(r[i])) for i in np.flatnonzero(chosen)[:MOST])
