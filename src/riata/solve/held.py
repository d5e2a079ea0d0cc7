"""Scores of the rows that a lane under a loss of its own holds out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Losses whose deviance is the squared error.
SQUARES = ("gaussian", "multigaussian")


class HeldOut:
    """Weights of the rows held out and trained on, in the lane's order; ``back`` brings them to the target's own."""

    def __init__(self, loss: Any, held: Floats, train: Floats, back: Callable[[Floats], Floats]):
        self.loss, self.held, self.train, self.back = loss, held, train, back
        self.fast = bool(loss.separable and held.any())
        if self.fast:
            self.of_test = held / held.sum()
            self.floor = loss.saturated(back(self.of_test))

    def is_compiled(self, score: Any) -> bool:
        """Whether the compiled loss alone gives this score: the deviance, and what it is for squares."""
        return self.fast and (score.name == "deviance" or (score.name == "mse" and self.loss.name in SQUARES))

    def of_values(self, value: Any) -> Any:
        """The deviance from values of the loss with the weights ``of_test``."""
        return 2.0 * (value - self.floor)

    def __call__(self, score: Any, eta: Floats, point: Any) -> float:
        """``score(loss, η, held, train)``, by the compiled loss of ``point`` where that is enough."""
        if self.is_compiled(score):
            return self.of_values(point.value_with(self.of_test))
        return score(self.loss, *(self.back(part) for part in (eta, self.held, self.train)))
