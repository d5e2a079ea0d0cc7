"""BIC for many candidates: a model also pays for having been chosen among so many of its size."""

from typing import Any

import numpy as np
from scipy.special import gammaln

from riata.core.problem import Floats
from riata.select.criteria import Fit, lowest

name = "ebic"

GAMMA = 0.5


def criterion(fit: Fit) -> Floats:
    """BIC + 2γ log C(p, m), γ = ½, for m of p penalised features (groups). Chen & Chen (2008, 2012)."""
    e = fit.evidence
    p, m = e.candidates, e.chosen
    choices = gammaln(p + 1.0) - gammaln(m + 1.0) - gammaln(p - m + 1.0)
    return fit.misfit + fit.k * np.log(e.size) + 2.0 * GAMMA * choices


def index(cv: Any, noise: Any = None) -> int:
    """The λ with the smallest criterion; ``noise`` as in :meth:`riata.CVResult.index`."""
    return lowest(criterion, cv, noise)
