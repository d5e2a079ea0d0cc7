"""What only the data can say of a selection: false discoveries, features that stand in for others, held-out errors."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData, RiataError
from riata.geometry.touching import Touching
from riata.inference.mfdr import mfdr
from riata.report.diagnoses import Diagnosis, diagnose
from riata.report.held_out import held_out
from riata.report.touching import touching_of
from riata.select.twins import alike

NAMED = 7  # of them by name, the others are counted
WORK = 2e10  # multiplications for all correlations: some seconds
ENOUGH = 20  # features: with fewer a density of their z is a guess
WITHOUT_DATA = (
    "Held-out predictions, correlations and rates of false discovery need the data: selection.report() and "
    "riata fit --report have them, a model file alone has not."
)


@dataclasses.dataclass(frozen=True)
class Known:
    """Beside a model; empty where there is a model file and no data.

    Attributes
    ----------
    warnings : list of sentences
    mfdr : rate at every λ, or None
    local : feature -> probability to be noise, at the chosen λ
    similar : feature -> {"count": of features with |correlation| ≥ 0.8, "named": the first few as [name, correlation]}
    diagnoses : of the out-of-fold predictions;  silent : why there are none, if so
    touching : the geometry of two coefficients, or None
    coef_table, groups : as of the Selection
    """

    warnings: list[str] = dataclasses.field(default_factory=list)
    mfdr: list[float] | None = None
    local: dict[str, float] = dataclasses.field(default_factory=dict)
    similar: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    diagnoses: list[Diagnosis] = dataclasses.field(default_factory=list)
    silent: str = WITHOUT_DATA
    touching: Touching | None = None
    coef_table: list[dict[str, Any]] | None = None
    groups: Any = None


def known_of(selection: Any, features: list[str]) -> Known:
    """All of it, for the ``features`` that the page shows."""
    rates, local = false_discoveries(selection)
    found, silent = diagnosed(selection)
    return Known(
        list(selection.warnings), rates, local, similar(selection, list(dict.fromkeys(features))), found, silent,
        touching_of(selection), selection.coef_table, selection.groups,
    )  # fmt: skip


def diagnosed(selection: Any) -> tuple[list[Diagnosis], str]:
    """(diagnoses of the held-out predictions at the chosen λ, why there are none)."""
    if not selection.features:
        return [], "No feature is in the model: there are no predictions to judge."
    try:
        held = held_out(selection.problem, selection.out_of_fold())
    except InvalidData:
        return [], "Held-out predictions need the data, which are not pickled with a cross-validation."
    if held is None:
        return [], "Too few rows were held out, or all with the same prediction: there is nothing to judge."
    found = diagnose(selection.model.family, held)
    return found, "" if found else f"The family {selection.model.family} has no diagnosis here."


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
    column_of = columns(selection.model.encoder, len(path.feature_names))
    out = {}
    for j, like, r in alike(problem, path, cols):
        other = column_of[like] != column_of[j]  # not another level of the same column
        like, r = like[other], r[other]
        named = [[path.feature_names[i], round(float(value), 6)] for i, value in zip(like[:NAMED], r, strict=False)]
        if named:
            out[path.feature_names[j]] = {"count": len(like), "named": named}
    return out


def columns(encoder: Any, p: int) -> NDArray[np.intp]:
    """(p,) the column of the table that each feature comes from: its levels do not stand in for each other."""
    if encoder is None:
        return np.arange(p)
    return np.repeat(np.arange(len(encoder.steps)), [len(step.names) for step in encoder.steps])
