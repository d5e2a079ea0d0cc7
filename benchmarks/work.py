"""What a library is asked to do: the data and the options of one task, the same for every library.

    minimise over (b, w)   (1/Σsᵢ) Σᵢ sᵢ ½(yᵢ − b − xᵢᵀw)² + λ (l1_ratio ‖w‖₁ + ½(1−l1_ratio) ‖w‖₂²)   for every λ

or, in another `family`, (1/n) Σᵢ fᵢ(b + xᵢᵀw) + λ Ω(w) with f minus the logarithm of the likelihood:

    binomial       y 0 or 1                                      Ω = ‖w‖₁
    multinomial    y 0, 1, …, K − 1; w (p, K), symmetric         Ω = Σ |wⱼₖ|
    poisson        y counts                                      Ω = ‖w‖₁
    cox            y (n, 2) times and events; Breslow's ties     Ω = ‖w‖₁
    multigaussian  y (n, K); w (p, K), f = ½‖yᵢ − ηᵢ‖²           Ω = Σⱼ ‖wⱼ‖₂
    group          y as Gaussian, `groups` of neighbours         Ω = Σ_g √size ‖w_g‖₂

This file is read by the workers, in environments that hold one library each: it needs NumPy and SciPy and nothing else.
"""

import dataclasses
import functools
from typing import Any

import numpy as np
import scipy.sparse


@dataclasses.dataclass(frozen=True)
class Work:
    """X (n, p) dense in Fortran order or CSC, y (n,), decreasing lams, weights or None, fold of each row or None.

    groups is the number of the group of each feature, increasing, or None.
    """

    X: Any
    y: np.ndarray
    lams: np.ndarray
    l1_ratio: float = 1.0
    weights: np.ndarray | None = None
    intercept: bool = False
    threads: int = 1
    folds: np.ndarray | None = None
    family: str = "gaussian"
    groups: np.ndarray | None = None

    @property
    def sparse(self) -> bool:
        return scipy.sparse.issparse(self.X)

    @property
    def n_folds(self) -> int:
        return int(self.folds.max()) + 1

    @property
    def group_sizes(self) -> np.ndarray:
        return np.bincount(self.groups)

    @functools.cached_property
    def splits(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """(training rows, held-out rows) of each fold."""
        return [(np.flatnonzero(self.folds != k), np.flatnonzero(self.folds == k)) for k in range(self.n_folds)]

    def training(self, fold: int) -> "Work":
        """The work on the training rows of one fold."""
        rows = self.splits[fold][0]
        X = self.X.tocsr()[rows].tocsc() if self.sparse else np.asfortranarray(self.X[rows])
        weights = None if self.weights is None else self.weights[rows]
        return dataclasses.replace(self, X=X, y=self.y[rows], weights=weights, folds=None)

    def permuted(self, order: np.ndarray) -> "Work":
        """Row i moved to order[i]: for a library that draws its folds as successive pieces of `order`."""
        back = np.argsort(order)
        X = self.X.tocsr()[back].tocsc() if self.sparse else np.asfortranarray(self.X[back])
        return dataclasses.replace(self, X=X, y=self.y[back], folds=self.folds[back])

    def plain(self) -> tuple[Any, np.ndarray]:
        """(X, y) of the same problem without weights and intercept, for libraries that have neither in their path.

        Rows times the roots of their weights, after weighted means are taken away: what their users do by hand.
        """
        if self.weights is None and not self.intercept:
            return self.X, self.y
        s = np.ones(len(self.y)) if self.weights is None else self.weights / self.weights.mean()
        X, y = self.X, self.y
        if self.intercept:
            if self.sparse:
                raise ValueError("a sparse matrix cannot be centred")
            X, y = X - (s @ X) / len(y), y - (s @ y) / len(y)
        root = np.sqrt(s)
        X = scipy.sparse.csc_array(scipy.sparse.diags_array(root) @ X) if self.sparse else root[:, None] * X
        return (X if self.sparse else np.asfortranarray(X)), (root * y.T).T
