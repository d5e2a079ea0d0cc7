"""The checks that scikit-learn makes on a Gram matrix handed in as `precompute`."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from riata.core.errors import InvalidData


def check_gram(precompute: Any, X: Any, weights: NDArray[np.float64] | None, fit_intercept: bool) -> None:
    """Refuse a Gram matrix that does not belong to X; it is not used for anything else.

    With weights scaled to mean 1 and columns centred if an intercept is fitted, one entry is compared,

        precompute[i, j]  =  sum_k s_k (x_ki - mean_i) (x_kj - mean_j),      i = n_features // 2,  j = i + 1

    to 1e-7 relative (1e-4 in float32) plus 1e-5. A wrong matrix is an error in the caller's code that would otherwise
    pass unseen, since our solver builds the blocks that it needs from X.
    """
    if isinstance(precompute, str | bool | np.bool_) or sparse.issparse(X):
        return
    gram, n_features = np.asarray(precompute), X.shape[1]
    if gram.shape != (n_features, n_features):
        raise InvalidData(
            "Gram matrix passed in via 'precompute' did not pass validation: its shape is wrong.",
            expected=f"shape {(n_features, n_features)}",
            got=f"shape {gram.shape}",
        )
    mean = np.average(X, axis=0, weights=weights) if fit_intercept else np.zeros(n_features)
    if not np.allclose(mean, 0):
        warnings.warn(
            "Gram matrix was provided but X was centered to fit intercept: recomputing Gram matrix.",
            UserWarning,
            stacklevel=3,
        )
        return
    i, j = n_features // 2, min(n_features // 2 + 1, n_features - 1)
    scale = 1.0 if weights is None else weights * (len(weights) / weights.sum())
    entry = float(np.sum(scale * (X[:, i] - mean[i]) * (X[:, j] - mean[j]), dtype=np.float64))
    rtol = 1e-4 if np.float32 in (gram.dtype, X.dtype) else 1e-7
    if not np.isclose(entry, gram[i, j], rtol=rtol, atol=1e-5):
        raise InvalidData(
            f"Gram matrix passed in via 'precompute' did not pass validation: entry ({i}, {j}) differs.",
            expected=entry,
            got=gram[i, j],
            hint="leave precompute at its default: it has no effect here.",
        )
