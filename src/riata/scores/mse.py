"""Mean squared error of the prediction on the target's own scale."""

from __future__ import annotations

from typing import Any

import numpy as np

NAME = "mse"
WORDS = "mean squared error"
LARGER = False
FAMILIES = ("gaussian", "multigaussian", "binomial", "poisson", "huber", "sqrt")


def score(loss: Any, eta: Any, held: Any, train: Any) -> float:
    """Σ s (y − mean(η))² / Σ s, summed over outputs."""
    total = held.sum()
    error = (loss.y - loss.mean(eta)) ** 2
    return float(held @ (error if error.ndim == 1 else error.sum(axis=1)) / total) if total > 0 else np.nan
