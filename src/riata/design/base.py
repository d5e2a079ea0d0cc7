"""What a solver may ask of a design matrix: two passes (correlate, dot), a few columns, moments by group of rows."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


class Design(abc.ABC):
    """A matrix of shape (n_samples, n_features), raw: neither centred nor scaled, and never written to.

    Attributes
    ----------
    raw : the caller's array or sparse matrix
    shape : (n_samples, n_features)
    names : tuple of str, or None where X has no column names
    """

    is_sparse: bool
    raw: Any
    shape: tuple[int, int]
    names: tuple[str, ...] | None

    @abc.abstractmethod
    def dot(self, coef: Floats) -> Floats:
        """X @ coef in float64; coef (n_features,) or (n_features, m)."""

    @abc.abstractmethod
    def correlate(self, R: Floats, cols: Ints | None = None) -> Floats:
        """X[:, cols]ᵀ R in float64 for many vectors at once; R (n_samples, m)."""

    @abc.abstractmethod
    def columns(self, cols: Ints) -> Floats:
        """X[:, cols] as a new dense float64 array in Fortran order."""

    @abc.abstractmethod
    def rows(self, index: Ints) -> Floats:
        """X[index] as a new dense float64 array (any order)."""

    @abc.abstractmethod
    def group_moments(self, weights: Floats, groups: Ints, n_groups: int) -> tuple[Floats, Floats]:
        """Weighted mean and centred sum of squares of every column within each group of rows.

            mean[g, j] = Σ sᵢxᵢⱼ / Σ sᵢ,   m2[g, j] = Σ sᵢ (xᵢⱼ − mean[g, j])²   over rows i of group g

        weights (n_samples,) ≥ 0, groups (n_samples,) in 0…n_groups−1; both results (n_groups, n_features).
        """

    @abc.abstractmethod
    def first_non_finite(self) -> tuple[int, int] | None:
        """Row and column of the first NaN or infinity, or None."""

    @property
    def nbytes(self) -> int:
        """Memory that the caller's matrix takes."""
        return int(self.raw.nbytes)


def as_design(X: Any, names: Any = None) -> Design:
    """Wrap X without copying where its type allows: arrays, sparse matrices, pandas, polars and pyarrow frames.

    Raises
    ------
    InvalidData
        If X is not two-dimensional or not numeric.
    """
    from riata.design.dense import Dense

    if isinstance(X, Design):
        return X
    if type(X) is np.ndarray or isinstance(X, np.ndarray):
        return Dense(_numeric(X), _checked_names(names, X))
    if hasattr(X, "tocsc") and hasattr(X, "nnz"):
        from riata.design.sparse import Sparse

        return Sparse(X, _checked_names(names, X))
    if hasattr(X, "__dataframe__") or hasattr(X, "__arrow_c_stream__") or hasattr(X, "__narwhals_dataframe__"):
        from riata.design.frames import frame_to_array

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
