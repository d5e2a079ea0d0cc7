"""What a model file keeps so that a linear predictor becomes a probability, a rate or a survival function again."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.problem import Problem
from riata.core.results import Path
from riata.losses.baseline import breslow
from riata.select.data import Data
from riata.select.families import loss_of
from riata.select.options import Options


def class_words(data: Data, loss: Any) -> list[Any]:
    """The classes as the table has them: words, or numbers without a decimal point if they need none."""
    return list(data.levels or [int(x) if x == int(x) else x for x in loss.classes.tolist()])


def output_names(data: Data, loss: Any) -> list[str] | None:
    """Names of the linear predictors where there are several: the classes, or the columns of the target."""
    if loss is None or loss.n_outputs == 1:
        return None
    return [str(word) for word in class_words(data, loss)] if loss.classes is not None else list(data.parts)


def response_of(data: Data, o: Options, problem: Problem, path: Path, index: int) -> dict[str, Any]:
    """``link``, and where the family has them ``classes`` (of two the second is predicted), ``exposure`` (the name of
    a column), ``baseline`` (cumulative hazard, see :mod:`riata.losses.baseline`, by stratum)."""
    loss = loss_of(o.family)
    out: dict[str, Any] = {"link": loss.link if loss else "identity"}
    if o.family in ("binomial", "multinomial"):
        out["classes"] = None if problem.loss.classes is None else class_words(data, problem.loss)
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
