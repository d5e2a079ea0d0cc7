"""BIC for more features than rows: every feature pays log p."""

from typing import Any

import numpy as np

from riata.core.problem import Floats
from riata.select.criteria import Fit, lowest

name = "hbic"


def criterion(fit: Fit) -> Floats:
    """−2 log L + k log(log n) log p. Wang, Kim & Li (2013), with their Cₙ = log log n."""
    e = fit.evidence
    return fit.misfit + fit.k * np.log(np.log(max(e.size, 3.0))) * np.log(max(e.candidates, 2))


def index(cv: Any, noise: Any = None) -> int:
    """The λ with the smallest criterion; ``noise`` as in :meth:`riata.CVResult.index`."""
    return lowest(criterion, cv, noise)
