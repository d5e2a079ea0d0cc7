"""Real sparse sets from the folder beside the repository; they stay sparse, and their columns are not centred."""

import functools

import numpy as np
import scipy.sparse

from benchmarks.problems.real import FOLDER, number, two_classes

TARGETS = {
    "vw_rcv1_small": two_classes,
    "agaricus_xgb": two_classes,
    "fine_foods_tfidf": two_classes,
    "dorothea": two_classes,
    "movielens100k_onehot": number,
    "news20": two_classes,
    "nycflights_sparse": number,
    "glmnet_Sparse": number,
}


def load(name, target):
    """(X, y) of one set, empty columns left out."""
    X = scipy.sparse.csc_matrix(scipy.sparse.load_npz(FOLDER / f"{name}_X.npz"))
    return X[:, np.diff(X.indptr) > 0], target(np.load(FOLDER / f"{name}_y.npy"))


PROBLEMS = {
    name: functools.partial(load, name, target)
    for name, target in TARGETS.items()
    if (FOLDER / f"{name}_X.npz").exists()
}
