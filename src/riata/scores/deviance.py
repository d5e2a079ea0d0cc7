"""Mean deviance: 2 (F(η) − the smallest F) on the held-out rows.

Cox's partial likelihood is not a sum over rows: what a fold adds to its deviance is that of all rows less that of the
training rows, per event held out (van Houwelingen et al. 2006, Stat. Med. 25, 3201; glmnet's grouped deviance).
"""

from __future__ import annotations

from typing import Any

import numpy as np

NAME = "deviance"
WORDS = "mean deviance"
LARGER = False
FAMILIES = ("binomial", "multinomial", "poisson", "cox", "huber", "multigaussian")


def score(loss: Any, eta: Any, held: Any, train: Any) -> float:
    """2·(F − inf F) of the held-out rows, for each unit of weight."""
    total = weight(loss, held)
    if total <= 0:
        return np.nan
    if loss.separable:
        return float(loss.held_out(eta, held / total))
    # each less its own infimum: with tied times these differ, and only so is the scale of the weights of no account
    both = held + train
    return (loss.deviance(eta, both) - loss.deviance(eta, train)) / total


def weight(loss: Any, held: Any) -> float:
    """Rows count with their weights; in a partial likelihood only events do."""
    return float(held.sum() if loss.separable else held[loss.event].sum())
