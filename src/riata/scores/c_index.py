"""Harrell's concordance: of two rows of which one is known to have failed first, how often it had the larger risk."""

from __future__ import annotations

from typing import Any

import numpy as np

NAME = "c_index"
WORDS = "concordance index"
LARGER = True
FAMILIES = ("cox",)


def score(loss: Any, eta: Any, held: Any, train: Any) -> float:
    """Weighted share of concordant pairs within strata; equal risks count half. NaN where no pair can be compared."""
    rows = np.flatnonzero(held > 0)
    stop, event, risk, weight, stratum = (x[rows] for x in (loss.stop, loss.event, eta, held, loss.strata))
    start = np.full(len(rows), -np.inf) if loss.start is None else loss.start[rows]
    good = pairs = 0.0
    for i in np.flatnonzero(event):
        # known to have lived longer: later, or censored at the same time; and under observation then
        later = (stop > stop[i]) | ((stop == stop[i]) & ~event)
        later &= (start < stop[i]) & (stratum == stratum[i])
        w = weight[i] * weight[later]
        pairs += w.sum()
        good += w @ np.where(risk[i] > risk[later], 1.0, np.where(risk[i] == risk[later], 0.5, 0.0))
    return float(good / pairs) if pairs > 0 else np.nan
