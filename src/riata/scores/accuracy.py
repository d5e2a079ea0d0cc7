"""Accuracy: the share of held-out rows whose most probable class is their own."""

from __future__ import annotations

from typing import Any

import numpy as np

NAME = "accuracy"
WORDS = "accuracy"
LARGER = True
FAMILIES = ("binomial", "multinomial")


def score(loss: Any, eta: Any, held: Any, train: Any) -> float:
    """Σ s [right] / Σ s; of a proportion, the share that the more probable class has."""
    total = held.sum()
    if total <= 0:
        return np.nan
    if eta.ndim == 1:
        right = np.where(eta > 0, loss.y, 1.0 - loss.y)
    else:
        right = loss.y[np.arange(len(eta)), eta.argmax(axis=1)]
    return float(held @ right / total)
