"""Generalised cross-validation: leave-one-out error, as if every row had the same influence."""

from typing import Any

import numpy as np

from riata.core.errors import InvalidOption
from riata.core.problem import Floats
from riata.select.criteria import Fit, lowest

name = "gcv"


def criterion(fit: Fit) -> Floats:
    """(RSS/n) / (1 − (df + 1)/n)², the 1 for the intercept. Craven & Wahba (1979). It needs no σ².

    Models that use more than half of the rows are not looked at.
    """
    e = fit.evidence
    if not fit.gaussian:
        raise InvalidOption("GCV is for the gaussian family.", got=e.problem.family, hint='rule="min" is its like.')
    used = (e.df + e.problem.fit_intercept) / e.n
    return np.where(used < 0.5, e.rss / e.n / (1.0 - np.minimum(used, 0.5)) ** 2, np.inf)


def index(cv: Any, noise: Any = None) -> int:
    """The λ with the smallest criterion; ``noise`` as in :meth:`riata.CVResult.index`."""
    return lowest(criterion, cv, noise)
