"""Real regressions from the folder beside the repository (RIATA_SHARED or ../shared); left out where it is missing."""

import functools
import os
import pathlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = pathlib.Path(os.environ.get("RIATA_SHARED") or ROOT.parent / "shared") / "data"

# Wide sets (n < p), then tall ones. Two-class targets serve as 0/1 regressions; of several responses the first counts.
NAMES = [
    "riboflavin",
    "scheetz_trim32_500",
    "yarn_nir",
    "skf_ALLAML",
    "colon_raw",
    "micro_gravier",
    "micro_singh",
    "hitters",
    "boston",
    "hiv_nrti",
    "crime_communities",
    "ames_onehot",
    "cpusmall",
    "california_housing",
    "diamonds",
    "nycflights_dense",
]


def load(name):
    """(X, y) of one set."""
    with np.load(FOLDER / f"{name}.npz") as data:
        X, y = data["X"], data["y"].astype(np.float64)
    y = y if y.ndim == 1 else y[:, 0]
    known = np.isfinite(y)
    return X[known], y[known]


PROBLEMS = {name: functools.partial(load, name) for name in NAMES if (FOLDER / f"{name}.npz").exists()}
