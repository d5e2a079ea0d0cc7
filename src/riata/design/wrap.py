"""Wrap whatever the caller passes as X."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData
from riata.design.base import Design
from riata.design.dense import Dense
from riata.design.frames import frame_to_array
from riata.design.sparse import Sparse


def as_design(X: Any, names: Any = None) -> Design:
    """Wrap X without copying where its type allows: arrays, sparse matrices, pandas, polars and pyarrow frames.

    Raises
    ------
    InvalidData
        If X is not two-dimensional or not numeric.
    """
    if isinstance(X, np.ndarray):
        return Dense(_numeric(X), _checked_names(names, X))
    if isinstance(X, Design):
        return X
    if hasattr(X, "tocsc") and hasattr(X, "nnz"):
        return Sparse(X, _checked_names(names, X))
    if hasattr(X, "__dataframe__") or hasattr(X, "__arrow_c_stream__") or hasattr(X, "__narwhals_dataframe__"):
        values, columns = frame_to_array(X)
        return as_design(values, columns if names is None else names)
    return as_design(np.asarray(X), names)


def _numeric(X: NDArray[Any]) -> NDArray[Any]:
    if X.ndim != 2:
        raise InvalidData(
            "X must be a table of rows and columns.",
            expected="2 dimensions, shape (n_samples, n_features)",
            got=f"{X.ndim} dimension{'s' if X.ndim != 1 else ''}, shape {X.shape}",
            hint="reshape a single feature with X.reshape(-1, 1).",
        )
    if X.dtype == np.float64 or X.dtype == np.float32:
        return X
    if X.dtype.kind in "biuf":
        return X.astype(np.float64)
    try:
        return X.astype(np.float64)
    except (TypeError, ValueError):
        row, col = _first_not_number(X)
        raise InvalidData(
            f"X has a value that is not a number at row {row}, column {col}.",
            expected="numbers",
            got=repr(X[row, col]),
            hint="encode text columns first; riata.select(frame, target) does that for data frames.",
        ) from None


def _first_not_number(X: NDArray[Any]) -> tuple[int, int]:
    for row, col in np.ndindex(X.shape):
        try:
            float(X[row, col])
        except (TypeError, ValueError):
            return row, col
    return 0, 0


def _checked_names(names: Any, X: Any) -> tuple[str, ...] | None:
    if names is None:
        return None
    given = tuple(str(name) for name in names)
    if X.ndim == 2 and len(given) != X.shape[1]:
        raise InvalidData("feature_names must name every column of X.", expected=X.shape[1], got=len(given))
    return given
