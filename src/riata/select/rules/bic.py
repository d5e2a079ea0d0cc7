"""The λ whose model is most probable given the data, by Schwarz's criterion: sparser than AIC."""

from typing import Any

import numpy as np

from riata.core.problem import Floats
from riata.select.criteria import Fit, lowest

name = "bic"


def criterion(fit: Fit) -> Floats:
    """−2 log L + k log n. Schwarz (1978). n counts rows, or events of survival data."""
    return fit.misfit + fit.k * np.log(fit.evidence.size)


def index(cv: Any, noise: Any = None) -> int:
    """The λ with the smallest criterion; ``noise`` as in :meth:`riata.CVResult.index`."""
    return lowest(criterion, cv, noise)
