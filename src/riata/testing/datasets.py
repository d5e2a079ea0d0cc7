"""Data sets as lasso problems, from ``NAME.npz`` (dense: X, y) or ``NAME_X.npz`` + ``NAME_y.npy`` (sparse CSC).

>>> Regression("toy", None, None).multi
False
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import numpy as np
import scipy.sparse as sp

# Targets that are numbers; of several responses each is a problem of its own.
REGRESSIONS = (
    "ames_onehot",
    "boston",
    "california_housing",
    "cpusmall",
    "crime_communities",
    "diamonds",
    "glmnet_MultiGaussian",
    "glmnet_QuickStart",
    "glmnet_Sparse",
    "hitters",
    "hiv_nrti",
    "meats_tecator",
    "movielens100k_onehot",
    "ncvreg_Prostate",
    "nycflights_dense",
    "nycflights_sparse",
    "physician",
    "riboflavin",
    "scheetz_trim32_500",
    "sklearn_diabetes",
    "yarn_nir",
)

# Classes as numbers: the Gaussian lasso on a −1/+1 target is as hard a problem as any.
CLASSES = (
    "NCI60",
    "agaricus_xgb",
    "caravan",
    "colon_raw",
    "dorothea",
    "fine_foods_tfidf",
    "khan_islr_all",
    "micro_gravier",
    "micro_singh",
    "mnist5k",
    "news20",
    "pd_speech",
    "skf_ALLAML",
    "skf_COIL20",
    "skf_Isolet",
    "skf_lung_small",
    "skf_madelon",
    "sonar",
    "spam_uci",
    "vw_rcv1_small",
)

# Each set under the likelihood that its target asks for.
FAMILIES = {
    "binomial": (
        "agaricus_xgb", "caravan", "colon_raw", "dorothea", "fine_foods_tfidf", "glmnet_Binomial", "micro_gravier",
        "micro_singh", "ncvreg_Heart", "pd_speech", "skf_ALLAML", "skf_madelon", "sklearn_breast_cancer", "sonar",
        "spam_uci", "vw_rcv1_small",
    ),
    "multinomial": (
        "NCI60", "glmnet_Multinomial", "khan_islr_all", "mnist5k", "news20", "skf_COIL20", "skf_Isolet",
        "skf_lung_small", "sklearn_iris",
    ),
    "multigaussian": ("glmnet_MultiGaussian", "meats_tecator"),
    "poisson": ("glmnet_Poisson", "physician"),
    "cox": ("glmnet_Cox", "surv_gse7390", "surv_pbc", "surv_rossi", "surv_veteran"),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Regression:
    """X (n, p) dense or CSC, y (n,) or (n, k) with NaN where a response was not taken."""

    name: str
    X: Any
    y: Any

    @property
    def multi(self) -> bool:
        """Whether there is more than one response."""
        return self.y is not None and self.y.ndim == 2

    def responses(self) -> list[tuple[str, Any, np.ndarray]]:
        """(name, X, y) per response, rows without a response left out."""
        if not self.multi:
            return [(self.name, self.X, self.y)]
        out = []
        for k in range(self.y.shape[1]):
            rows = np.isfinite(self.y[:, k])
            out.append((f"{self.name}[{k}]", self.X if rows.all() else self.X[rows], self.y[rows, k]))
        return out

    def signed(self) -> Regression:
        """The target as −1/+1: above its median class or not (for sets of ``CLASSES``)."""
        values = np.unique(self.y)
        middle = values[(values.size - 1) // 2]
        return Regression(self.name, self.X, np.where(self.y > middle, 1.0, -1.0))


def load(folder: pathlib.Path, name: str) -> Regression:
    """Read one data set from ``folder``; nothing is scaled, nothing is unpickled."""
    if (folder / f"{name}.npz").exists():
        with np.load(folder / f"{name}.npz") as stored:
            return Regression(name, stored["X"], stored["y"].astype(np.float64))
    X = sp.load_npz(folder / f"{name}_X.npz")
    return Regression(name, X, np.load(folder / f"{name}_y.npy").astype(np.float64))
