"""What a model file keeps so that a linear predictor becomes a probability, a rate or a survival function again."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.problem import Problem
from riata.core.results import Path
from riata.losses.baseline import breslow
from riata.select.data import Data
from riata.select.families import FAMILIES
from riata.select.options import Options


def _label(number: float) -> float | int:
    """A class that was coded by a number, without a decimal point if it needs none."""
    return int(number) if number == int(number) else number


def response_of(data: Data, o: Options, problem: Problem, path: Path, index: int) -> dict[str, Any]:
    """``link``, and where the family has them ``classes`` (the second is what is predicted), ``exposure`` (the name of
    a column), ``baseline`` (cumulative hazard, see :mod:`riata.losses.baseline`, by stratum)."""
    out: dict[str, Any] = {"link": FAMILIES[o.family].link}
    if o.family == "binomial":
        found = problem.loss.classes
        out["classes"] = None if found is None else list(data.levels or [_label(x) for x in found.tolist()])
    if o.family == "poisson":
        out["exposure"] = o.exposure if isinstance(o.exposure, str) else None
    if o.family == "cox":
        eta = problem.offset + problem.design.columns(path.active) @ path.coef_active[:, index]
        base = breslow(problem.loss, eta, problem.sample_weight / problem.sample_weight.sum())
        strata = data.per_row(o.strata, "strata")
        out["baseline"] = {
            "center": base.center,
            "strata": None if strata is None else np.unique(strata).tolist(),
            "times": [times.tolist() for times in base.times],
            "hazard": [hazard.tolist() for hazard in base.hazard],
        }
    return out
