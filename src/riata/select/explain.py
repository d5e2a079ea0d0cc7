"""Why a feature is in a model or out of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from riata.core.errors import InvalidOption, did_you_mean
from riata.select.summary import number

if TYPE_CHECKING:
    from riata.select.selection import Selection

NEAR = 0.5  # |correlation| from which a selected feature may stand in for another


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
    """

    feature: str
    selected: bool
    coef: float
    lam: float
    entry: float | None
    have: float
    need: float
    stands_in: tuple[tuple[str, float], ...]

    @property
    def slack(self) -> float:
        """need − have ≥ 0; how much more correlation would have let it in."""
        return self.need - self.have

    def __str__(self) -> str:
        entry = "at no λ of the path" if self.entry is None else f"from λ = {number(self.entry)} down"
        if self.selected:
            head = f"{self.feature} is in the model with coefficient {number(self.coef)}: it is selected {entry}."
        else:
            head = (
                f"{self.feature} is not in the model at λ = {number(self.lam)}: it needed a correlation with the "
                f"residual of {number(self.need)} and had {number(self.have)}. It is selected {entry}."
            )
        near = ", ".join(f"{name} (correlation {r:+.2f})" for name, r in self.stands_in[:3])
        if not near:
            return head
        return f"{head} {'It is close to' if self.selected else 'In its place:'} {near}."


def explain(sel: Selection, feature: str) -> Explanation:
    """Why ``feature`` is in the model of a selection or out of it, by the optimality conditions of the lasso.

        |xⱼ'∇| / tⱼ ≤ λ l1_ratio vⱼ, with equality where wⱼ ≠ 0;   ∇ the gradient of the loss (and of the ridge part)

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
    others = np.array([i for i in np.flatnonzero(coef) if i != j], dtype=np.intp)
    X = problem.design.columns(others)
    centred = own - s @ own
    cross = (s * centred) @ (X - s @ X)
    size = np.sqrt(s @ centred**2) * path.scale[others]
    near = [
        (path.feature_names[i], float(r)) for i, r in zip(others, cross / np.where(size > 0, size, 1.0), strict=True)
    ]
    near = sorted((pair for pair in near if abs(pair[1]) >= NEAR), key=lambda pair: -abs(pair[1]))
    return Explanation(
        feature, bool(coef[j]), float(coef[j]), lam, float(path.lams[where[0]]) if len(where) else None,
        float(abs(have)), float(lam * path.l1_ratio * problem.penalty_factor[j]), tuple(near),
    )  # fmt: skip
