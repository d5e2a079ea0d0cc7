"""What only the data can say of a selection: rates of false discovery, and the features that each one stands in for."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.core.errors import RiataError
from riata.inference.mfdr import mfdr
from riata.select.twins import alike

NAMED = 3  # of them by name, the others are counted
WORK = 2e10  # multiplications for all correlations: some seconds
ENOUGH = 20  # features: with fewer a density of their z is a guess


@dataclasses.dataclass(frozen=True)
class Known:
    """Beside a model; empty where there is a model file and no data.

    Attributes
    ----------
    warnings : list of sentences
    mfdr : rate at every λ, or None
    local : feature -> probability to be noise, at the chosen λ
    similar : feature -> {"count": of features with |correlation| ≥ 0.8, "named": the first few as [name, correlation]}
    coef_table, groups : as of the Selection
    """

    warnings: list[str] = dataclasses.field(default_factory=list)
    mfdr: list[float] | None = None
    local: dict[str, float] = dataclasses.field(default_factory=dict)
    similar: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    coef_table: list[dict[str, Any]] | None = None
    groups: Any = None


def known_of(selection: Any, features: list[str]) -> Known:
    """All of it, for the ``features`` that the page shows."""
    rates, local = false_discoveries(selection)
    return Known(
        list(selection.warnings), rates, local, similar(selection, list(dict.fromkeys(features))),
        selection.coef_table, selection.groups,
    )  # fmt: skip


def false_discoveries(selection: Any) -> tuple[list[float] | None, dict[str, float]]:
    """(mFDR along the path, local rate of each chosen feature), as far as the family and the penalty have them."""
    try:
        found = mfdr(selection)
    except RiataError:  # says that this model has no such rate
        return None, {}
    if int(found.scores.judged.sum()) < ENOUGH or not selection.features:
        return found.rate.tolist(), {}
    try:
        local = found.local(selection.lam)
    except RiataError:  # no noise is left to compare with
        return found.rate.tolist(), {}
    rate = dict(zip(local.feature_names, local.rate.tolist(), strict=True))
    return found.rate.tolist(), {name: rate[name] for name in selection.features if np.isfinite(rate[name])}


def similar(selection: Any, features: list[str]) -> dict[str, dict[str, Any]]:
    """Who else says the same, by weighted correlation over all rows; as many features as WORK allows."""
    path, problem = selection.path, selection.problem
    n, p = problem.design.shape
    place = {name: j for j, name in enumerate(path.feature_names)}
    cols = np.array([place[name] for name in features[: int(WORK / max(n * p, 1))]], np.intp)
    out = {}
    for j, like, r in alike(problem, path, cols):
        named = [[path.feature_names[i], round(float(value), 6)] for i, value in zip(like[:NAMED], r, strict=False)]
        if named:
            out[path.feature_names[j]] = {"count": len(like), "named": named}
    return out
