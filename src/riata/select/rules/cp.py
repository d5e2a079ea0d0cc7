"""The λ with the smallest estimated squared error of prediction at the same rows: Mallows' Cp."""

from typing import Any

from riata.core.errors import InvalidOption
from riata.core.problem import Floats
from riata.select.criteria import Fit, lowest

name = "cp"


def criterion(fit: Fit) -> Floats:
    """RSS/σ² − n + 2 (df + 1), the 1 for the intercept. Mallows (1973).

    σ² is plugged in from least squares, or where there are too few rows from the cross-validated lasso.
    """
    e = fit.evidence
    if not fit.gaussian:
        raise InvalidOption("Cp is for the gaussian family.", got=e.problem.family, hint='rule="aic" is its like.')
    return e.rss / fit.variance() - e.n + 2.0 * (e.df + e.problem.fit_intercept)


def index(cv: Any, noise: Any = None) -> int:
    """The λ with the smallest criterion; ``noise`` as in :meth:`riata.CVResult.index`."""
    return lowest(criterion, cv, noise)
