"""Area under the ROC curve: how often a row of the second class ranks above one of the first; ties count half."""

from __future__ import annotations

from typing import Any

import numpy as np

NAME = "auc"
WORDS = "area under the ROC curve"
LARGER = True
FAMILIES = ("binomial",)


def score(loss: Any, eta: Any, held: Any, train: Any) -> float:
    """Weighted Mann–Whitney statistic; NaN where the held-out rows are of one class."""
    rows = np.flatnonzero(held > 0)
    order = rows[np.argsort(eta[rows], kind="stable")]
    yes, no = held[order] * loss.y[order], held[order] * (1.0 - loss.y[order])
    if yes.sum() <= 0 or no.sum() <= 0:
        return np.nan
    value = eta[order]
    first = np.r_[0, np.flatnonzero(np.diff(value) > 0) + 1]  # where a new value begins
    yes, no = np.add.reduceat(yes, first), np.add.reduceat(no, first)
    below = np.cumsum(no) - 0.5 * no
    return float(yes @ below / (yes.sum() * no.sum()))
