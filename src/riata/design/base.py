"""What a solver may ask of a design matrix: two passes (correlate, dot), a few columns, moments by group of rows."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np
from numpy.typing import NDArray

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

    def subset_moments(self, member: Floats) -> tuple[Floats, Floats]:
        """The same over subsets of the rows that may overlap; member (n_subsets, n_samples) holds their weights."""
        one_group = np.zeros(self.shape[0], np.intp)
        parts = [self.group_moments(weights, one_group, 1) for weights in member]
        return np.concatenate([mean for mean, _ in parts]), np.concatenate([m2 for _, m2 in parts])

    @abc.abstractmethod
    def first_non_finite(self) -> tuple[int, int] | None:
        """Row and column of the first NaN or infinity, or None."""

    @property
    def nbytes(self) -> int:
        """Memory that the caller's matrix takes."""
        return int(self.raw.nbytes)
