"""The largest λ whose cross-validated loss is within one standard error of the smallest."""

from typing import Any

import numpy as np

from riata.select.rules import min as smallest

name = "1se"


def index(cv: Any) -> int:
    """max { λ : cvm(λ) ≤ cvm(λ_min) + cvse(λ_min) }, over the whole grid, as glmnet defines it.

    Breiman, Friedman, Olshen & Stone (1984); Hastie, Tibshirani & Friedman (2009), section 7.10. Never smaller than
    λ_min. Where the standard error is not defined (one fold) it is λ_min.
    """
    best = smallest.index(cv)
    se = cv.cvse[best]
    if not np.isfinite(se):
        return best
    return int(np.flatnonzero(cv.risk <= cv.risk[best] + se)[0])
