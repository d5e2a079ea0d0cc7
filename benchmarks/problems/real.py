"""Real regressions from the folder beside the repository (RIATA_SHARED or ../shared); left out where it is missing."""

import functools
import os
import pathlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = pathlib.Path(os.environ.get("RIATA_SHARED") or ROOT.parent / "shared") / "data"

# Wide sets (n < p), then tall ones. Two-class targets serve as 0/1 regressions.
NAMES = [
    "riboflavin",
    "scheetz_trim32_500",
    "skf_ALLAML",
    "colon_raw",
    "micro_gravier",
    "micro_singh",
    "ames_onehot",
    "california_housing",
]


def load(name):
    """(X, y) of one set."""
    with np.load(FOLDER / f"{name}.npz") as data:
        return data["X"], data["y"].astype(np.float64)


PROBLEMS = {name: functools.partial(load, name) for name in NAMES if (FOLDER / f"{name}.npz").exists()}
