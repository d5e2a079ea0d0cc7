"""The one warning of a fit that missed its tolerance."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from riata.core.errors import NotConverged


class FitNotConverged(NotConverged, ConvergenceWarning):
    """A fit ended with a duality gap above its tolerance; both riata's warning and scikit-learn's."""


def warn_if_missed(
    alphas: NDArray[np.float64], gap_rel: NDArray[np.float64], tol: float, max_iter: int | None, stacklevel: int = 3
) -> None:
    """Warn, once, if any relative duality gap is above `tol`.

    `gap_rel` has shape (n_alphas,) or (n_alphas, n_folds). The first words are scikit-learn's, so that filters written
    for its message keep working.
    """
    missed = gap_rel.size - np.count_nonzero(gap_rel <= tol)
    if missed == 0:
        return
    flat = int(np.argmax(np.where(np.isnan(gap_rel), np.inf, gap_rel)))
    worst = alphas[flat // (gap_rel.size // len(alphas))]
    warnings.warn(
        "Objective did not converge. You might want to increase the number of iterations "
        f"(max_iter={max_iter}) or the tolerance: {missed} of {gap_rel.size} solutions have a "
        f"relative duality gap above tol={tol:.1e}, the largest being {gap_rel.flat[flat]:.1e} at alpha={worst:.6g}.\n"
        "hint: columns on very different scales converge slowly; standardize=True may help.",
        FitNotConverged,
        stacklevel=stacklevel,
    )


def warn_of_misses(
    alphas: NDArray[np.float64], gap_rel: NDArray[np.float64], tol: float, what: str = "relative duality gap"
) -> None:
    """The same warning for estimators without `max_iter`, of whatever certifies their solutions."""
    if (gap_rel <= tol).all():
        return
    gaps = np.where(np.isnan(gap_rel), np.inf, gap_rel).reshape(len(alphas), -1)
    row = int(np.argmax(gaps.max(axis=1)))
    warnings.warn(
        f"{int((gaps > tol).sum())} of {gaps.size} solutions have a {what} above tol={tol:.1e}, the "
        f"largest being {gaps[row].max():.1e} at alpha={alphas[row]:.6g}.\n"
        "hint: a larger alpha is an easier problem; so are columns on like scales (standardize=True).",
        FitNotConverged,
        stacklevel=5,
    )
