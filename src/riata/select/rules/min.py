"""The λ with the smallest cross-validated loss; the largest of them where several tie."""

from typing import Any

import numpy as np

name = "min"


def index(cv: Any) -> int:
    """argmin of the mean held-out loss (Stone 1974). λ decreases, so the first minimum is the largest λ."""
    return int(np.nanargmin(cv.risk))
