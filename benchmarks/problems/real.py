"""Real dense sets from the folder beside the repository (RIATA_SHARED or ../shared); left out where it is missing.

Two-class targets become -1 and +1, the first of several classes stands against the rest, counts are plain numbers, of
several responses the first counts, and survival times are left out.
"""

import functools
import os
import pathlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = pathlib.Path(os.environ.get("RIATA_SHARED") or ROOT.parent / "shared") / "data"

REGRESSIONS = [
    "riboflavin", "yarn_nir", "meats_tecator", "scheetz_trim32_500", "crime_communities", "ames_onehot", "hitters",
    "boston", "hiv_nrti", "ncvreg_Prostate", "cpusmall", "physician", "california_housing", "diamonds",
    "glmnet_QuickStart", "glmnet_MultiGaussian", "glmnet_Poisson", "nycflights_dense",
]  # fmt: skip
CLASSES = [
    "skf_ALLAML", "colon_raw", "micro_gravier", "micro_singh", "khan_islr_all", "NCI60", "skf_lung_small", "pd_speech",
    "skf_madelon", "skf_COIL20", "skf_Isolet", "mnist5k", "spam_uci", "sonar", "caravan", "sklearn_breast_cancer",
    "sklearn_iris", "ncvreg_Heart", "glmnet_Binomial", "glmnet_Multinomial",
]  # fmt: skip
RATIOS = {"yarn_nir": 1e-3, "meats_tecator": 1e-3}
KINDS = {"yarn_nir": "near-collinear", "meats_tecator": "near-collinear"}


def number(y):
    """The first response."""
    y = np.asarray(y, np.float64)
    return y if y.ndim == 1 else y[:, 0]


def two_classes(y):
    """+1 for the first class, -1 for the rest."""
    return np.where(y == np.unique(y)[0], 1.0, -1.0)


def load(name, target):
    """(X, y) of one set, rows without a target left out."""
    with np.load(FOLDER / f"{name}.npz") as data:
        X, y = data["X"], target(data["y"])
    known = np.isfinite(y)
    return X[known], y[known]


PROBLEMS = {
    name: functools.partial(load, name, target)
    for names, target in ((REGRESSIONS, number), (CLASSES, two_classes))
    for name in names
    if (FOLDER / f"{name}.npz").exists()
}
