"""Where a path starts, where it ends, and the λ in between."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.errors import InvalidOption
from riata.core.problem import Floats, Problem
from riata.kernels.scan import falls
from riata.solve.engine import engine
from riata.solve.scaling import Scaling

# A ridge has no finite λ_max: below this l1_ratio the grid starts where this one would (glmnet's convention).
RIDGE_RATIO = 1e-3
# Correlations of unit vectors at or below this are rounding: nothing can enter.
ROUNDING = 1e-14


def lam_max(problem: Problem) -> float:
    """Smallest λ at which every penalised coefficient is zero.

        λ_max = max_j |Σᵢ sᵢ (xᵢⱼ − x̄ⱼ) rᵢ| / (Σ s · l1_ratio · vⱼ tⱼ)

    with r the residual of the model that holds only the intercept and the unpenalised features. With bounds, only
    the directions that they allow count. l1_ratio below 0.001 counts as 0.001. 0 where nothing can enter.
    """
    with engine(problem) as run:
        return top_of(problem, run.scaling(), run.null_correlations())


def lam_grid(problem: Problem, n_lams: int = 100, lam_min_ratio: float | None = None) -> Floats:
    """n_lams values from λ_max down to λ_max · lam_min_ratio, equally spaced on the log scale.

    The default ratio is 1e-4 where there are more rows than columns and 1e-2 otherwise.
    """
    return spread(problem, lam_max(problem), n_lams, lam_min_ratio)


def top_of(problem: Problem, scaling: Scaling, c: Floats) -> float:
    """λ_max from the correlations at the null model, on the canonical scale."""
    ratio = problem.l1_ratio
    unit = scaling.sd / scaling.norm if problem.standardize else 1.0 / scaling.norm
    v = problem.penalty_factor
    enters = (v > 0) & ~scaling.excluded
    if scaling.bounded:
        enters &= ((c > 0) & (problem.upper > 0)) | ((c < 0) & (problem.lower < 0))
    if not enters.any():
        return 0.0
    if np.abs(c[enters]).max() <= ROUNDING:
        return 0.0
    a = max(ratio, RIDGE_RATIO) * v[enters] * unit[enters]
    # The solver fits unpenalised features again: what rounding makes of c then must not let anything in at λ_max.
    slack = ROUNDING if (v == 0).any() else 0.0
    return float(np.max((np.abs(c[enters]) + slack) / a)) * scaling.y_norm


def spread(problem: Problem, top: float, n_lams: int, lam_min_ratio: float | None) -> Floats:
    """A log-spaced grid below ``top``; one λ of 1 where there is nothing to enter."""
    n, p = problem.design.shape
    if not (isinstance(n_lams, int | np.integer) and n_lams >= 1):
        raise InvalidOption("n_lams must be a whole number ≥ 1.", got=n_lams)
    ratio = default_ratio(n, p) if lam_min_ratio is None else float(lam_min_ratio)
    if not 0.0 < ratio < 1.0:
        raise InvalidOption("lam_min_ratio must lie between 0 and 1.", got=lam_min_ratio)
    if top <= 0.0:
        return np.ones(1)
    grid = top * np.exp(np.linspace(0.0, np.log(ratio), n_lams))
    grid[0] = top
    return grid


def default_ratio(n_samples: int, n_features: int) -> float:
    """Smallest λ over λ_max where nothing is said."""
    return 1e-4 if n_samples > n_features else 1e-2


def checked(lams: Any) -> Floats:
    """A given grid, in any order, as decreasing λ without repeats.

    Raises InvalidOption for a λ that is negative, NaN or infinite. λ = 0 is least squares.
    """
    try:
        grid = np.array(lams, dtype=np.float64, ndmin=1)
    except (TypeError, ValueError):
        raise InvalidOption("lams must hold numbers.", got=repr(lams)) from None
    if grid.ndim != 1 or not len(grid):
        raise InvalidOption("lams must be a list of numbers.", got=f"shape {grid.shape}")
    if falls(grid):
        return grid
    if not (grid.min() >= 0 and grid.max() < np.inf):
        bad = np.flatnonzero(~np.isfinite(grid) | (grid < 0))
        raise InvalidOption(
            f"lams[{int(bad[0])}] cannot be a penalty strength.", expected="finite numbers ≥ 0", got=grid[bad[0]]
        )
    return np.unique(grid)[::-1].copy()
