"""Akaike's criterion, corrected for few rows."""

from typing import Any

import numpy as np

from riata.core.problem import Floats
from riata.select.criteria import Fit, lowest

name = "aicc"


def criterion(fit: Fit) -> Floats:
    """AIC + 2k(k + 1)/(n − k − 1): Hurvich & Tsai (1989).

    The correction is for a σ² that is estimated by the same fit; with σ² known or plugged in, it is AIC itself.
    """
    aic = fit.misfit + 2.0 * fit.k
    if fit.noise is not None:
        return aic
    left = fit.evidence.n - fit.k - 1.0
    return np.where(left > 0, aic + 2.0 * fit.k * (fit.k + 1.0) / np.where(left > 0, left, 1.0), np.inf)


def index(cv: Any, noise: Any = None) -> int:
    """The λ with the smallest criterion; ``noise`` as in :meth:`riata.CVResult.index`."""
    return lowest(criterion, cv, noise)
