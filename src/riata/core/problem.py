"""The problem that every layer speaks of."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Problem:
    """A penalised linear model without its λ. Immutable; arrays are never written to.

        minimise over (b, w)  (1/Σsᵢ) Σ sᵢ ½(yᵢ − oᵢ − b − xᵢᵀw)² + λ Σⱼ vⱼ (l1_ratio |tⱼwⱼ| + ½(1−l1_ratio)(tⱼwⱼ)²)
        subject to            lowerⱼ ≤ wⱼ ≤ upperⱼ

    with tⱼ the weighted population standard deviation of column j if ``standardize``, else 1. A column that is
    constant over the rows of positive weight is excluded when ``standardize``.

    Attributes
    ----------
    design : Design, shape (n_samples, n_features)
    y, sample_weight, offset : float64, shape (n_samples,); sample_weight ≥ 0 on any scale
    penalty_factor, lower, upper : float64, shape (n_features,); v ≥ 0, ∞ excludes; lower ≤ 0 ≤ upper on
        the scale of the coefficients that the caller sees
    l1_ratio : float in [0, 1]
    loss : riata.losses.Loss or None
        None is the squared error above, with the target ``y``; else Σ sᵢ·½(…)² is that loss at η = o + b + Xw, the
        target is the loss's own, and ``offset`` has the shape of η ((n_samples, n_outputs) for several outputs).
    groups : riata.core.groups.Groups or None
    penalty : riata.penalties.Penalty or None
        None is the penalty above, or that of ``groups``. Else it is still to be learnt, or it is concave and takes the
        place of |tⱼwⱼ|: see riata.penalties.base.
    """

    design: Any
    y: Floats
    sample_weight: Floats
    offset: Floats
    penalty_factor: Floats
    lower: Floats
    upper: Floats
    l1_ratio: float = 1.0
    fit_intercept: bool = True
    standardize: bool = True
    family: str = "gaussian"
    loss: Any = None
    groups: Any = None
    penalty: Any = None

    def __repr__(self) -> str:
        return f"Problem({self.family}, {self.n_samples:,} samples × {self.n_features:,} features)"

    @property
    def n_samples(self) -> int:
        return self.design.shape[0]

    @property
    def n_features(self) -> int:
        return self.design.shape[1]

    def replace(self, **changes: Any) -> Problem:
        """The same problem with some fields changed."""
        return dataclasses.replace(self, **changes)

    def train_on(self, mask: NDArray[np.bool_]) -> Problem:
        """The same problem on the rows where ``mask`` holds (weight 0 is as if the row were gone)."""
        return self.replace(sample_weight=np.where(mask, self.sample_weight, 0.0))
