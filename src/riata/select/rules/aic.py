"""The λ whose model would predict a new sample best, by Akaike's criterion: no folds needed."""

from typing import Any

from riata.core.problem import Floats
from riata.select.criteria import Fit, lowest

name = "aic"


def criterion(fit: Fit) -> Floats:
    """−2 log L + 2k. Akaike (1973); with the degrees of freedom of the lasso, Zou, Hastie & Tibshirani (2007)."""
    return fit.misfit + 2.0 * fit.k


def index(cv: Any, noise: Any = None) -> int:
    """The λ with the smallest criterion; ``noise`` as in :meth:`riata.CVResult.index`."""
    return lowest(criterion, cv, noise)
