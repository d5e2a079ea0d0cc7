"""Anderson's extrapolation of a fixed-point iteration x ← T(x)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from riata.core.problem import Floats

KEPT = 5  # differences


class Anderson:
    """The next x from the last few pairs (x, T(x)): the combination whose residual T(x) − x is smallest.

    Where T is affine this is a Krylov method. Pairs are forgotten when the residual grows.
    """

    def __init__(self) -> None:
        self.x: list[Floats] = []
        self.image: list[Floats] = []
        self.used = False  # whether the last x was no plain image

    def next(self, x: Floats, image: Floats) -> Floats:
        """Where to go after T(x) = image."""
        if self.x and np.linalg.norm(image - x) > np.linalg.norm(self.image[-1] - self.x[-1]):
            self.x, self.image = [], []
        self.x, self.image = [*self.x, x][-KEPT - 1 :], [*self.image, image][-KEPT - 1 :]
        self.used = len(self.x) > 1
        if not self.used:
            return image
        residual = [b - a for a, b in zip(self.x, self.image, strict=True)]
        steps = np.column_stack([b - a for a, b in pairwise(residual)])
        moves = np.column_stack([b - a for a, b in pairwise(self.image)])
        share = np.linalg.lstsq(steps, residual[-1], rcond=1e-10)[0]
        return image - moves @ share
