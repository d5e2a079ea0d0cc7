"""scikit-learn's grid of alphas."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_scalar

from riata.core.errors import InvalidOption
from riata.core.problem import Problem
from riata.path import default_grid

RESOLUTION = float(np.finfo(np.float64).resolution)


def needs_own_grid(l1_ratio: float, eps: float) -> bool:
    """Whether scikit-learn's grid differs from the one that the solver makes on its way, which costs no pass over X.

    Raises InvalidOption for a ridge, as scikit-learn does.
    """
    if l1_ratio == 0:
        raise InvalidOption(
            "Automatic alpha grid generation is not supported for l1_ratio=0. Please supply a grid by providing "
            "your estimator with the appropriate `alphas=` argument.",
            hint="a pure ridge penalty has no alpha at which all coefficients are zero.",
        )
    # The solver counts an l1_ratio below 0.001 as 0.001, as glmnet does, and wants a grid that descends.
    return l1_ratio < 1e-3 or not 0 < eps < 1


def is_empty_grid(problem: Problem, lams: NDArray[np.float64]) -> bool:
    """Whether the solver found nothing to explain: y constant, or orthogonal to every column that may enter."""
    if lams[0] <= RESOLUTION and np.ptp(problem.y) == 0:
        return True
    # Its grid is then the one value 1, which can also be what it is.
    return len(lams) == 1 and lams[0] == 1.0 and _top(problem) == 0


def _top(problem: Problem) -> float:
    """The smallest alpha with all coefficients zero; 0 where nothing can enter: then no grid has two values."""
    grid = default_grid(problem, 2)
    return float(grid[0]) if len(grid) == 2 else 0.0


def alpha_grid(problem: Problem, n_alphas: int, eps: float) -> NDArray[np.float64]:
    """`n_alphas` values from alpha_max down to eps * alpha_max, evenly spaced in the logarithm.

    alpha_max = max_j |x_j' S (y - mean)| / (sum(S) * l1_ratio) is the smallest alpha with all coefficients zero.
    If nothing is to be explained (y constant, or orthogonal to every column) every value is 1e-15, as in scikit-learn.
    """
    top = _top(problem if problem.l1_ratio == 1 else problem.replace(l1_ratio=1.0)) / problem.l1_ratio
    if top == 0 or (top <= RESOLUTION and np.ptp(problem.y) == 0):
        return np.full(n_alphas, RESOLUTION)
    return np.geomspace(top, top * eps, num=n_alphas)


def read_alphas(alphas: Any) -> NDArray[np.float64] | int:
    """The number of alphas, or the given ones in decreasing order, each a number >= 0."""
    if isinstance(alphas, Integral):
        return int(alphas)
    numbers = isinstance(alphas, np.ndarray) and alphas.ndim == 1 and alphas.dtype == np.float64
    if not numbers or np.count_nonzero(alphas >= 0) < len(alphas):  # somebody is to blame, or may be
        for index, alpha in enumerate(alphas):
            check_scalar(alpha, f"alphas[{index}]", target_type=Real, min_val=0.0, include_boundaries="left")
    return np.sort(np.asarray(alphas, dtype=np.float64))[::-1]


def read_l1_ratios(l1_ratio: Any, owner: str) -> NDArray[np.float64]:
    """One or several l1_ratio as an array."""
    ratios = np.atleast_1d(np.asarray(l1_ratio, dtype=np.float64))
    if ratios.ndim != 1 or ratios.size == 0 or not ((ratios >= 0) & (ratios <= 1)).all():
        raise InvalidOption(
            f"l1_ratio of {owner} cannot have this value.",
            expected="a number in [0, 1], or a list of them",
            got=repr(l1_ratio),
        )
    return ratios
