"""Classes, counts, survival times, several responses and groups: bundled, simulated, and of the folder of real sets.

Rows are shuffled (stated seed): sets that are sorted by class would leave folds of neighbouring rows without one.
"""

import functools

import numpy as np
import scipy.sparse
import sklearn.datasets

from benchmarks.problems import real, real_sparse
from benchmarks.problems.simulated import SNR

SEED = 20260705


def shuffled(X, y):
    order = np.random.default_rng(SEED).permutation(len(y))
    X = scipy.sparse.csc_matrix(X[order]) if scipy.sparse.issparse(X) else X[order]
    return X, y[order]


def bundled(load):
    """Of scikit-learn: classes 0, 1, …"""
    X, y = load(return_X_y=True)
    return shuffled(X, y.astype(float))


def dense(name, target):
    return shuffled(*real.load(name, target))


def sparse(name, target):
    X, y = real_sparse.load(name, target)
    X, y = shuffled(X.tocsr(), y)
    return X, y


def codes(y):
    """Classes as 0, 1, …"""
    return np.unique(y, return_inverse=True)[1].astype(float)


def complete(name):
    """Several responses, or times and events: rows where all are known."""
    with np.load(real.FOLDER / f"{name}.npz") as data:
        X, y = data["X"], np.asarray(data["y"], np.float64)
    known = np.isfinite(y).all(axis=1)
    return shuffled(X[known], y[known])


def cubic(name):
    """Each column with its square and its cube, as one group."""
    X, y = real.load(name, real.number)
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    return shuffled(np.stack([z, z**2, z**3], axis=2).reshape(len(z), -1), y)


def predictor(rng, n, p, relevant, size):
    """Independent columns and a linear predictor of the first `relevant` with this standard deviation."""
    X = rng.standard_normal((p, n)).T
    eta = X[:, :relevant] @ rng.choice([-1.0, 1.0], relevant)
    return X, eta * (size / eta.std())


def simulated(family):
    """500 rows: 3000 columns of which 20 are relevant; groups of 10, of which 5 are."""
    rng = np.random.default_rng(11)
    X, eta = predictor(rng, 500, 3000, 50 if family == "group" else 20, 1.5 if family != "poisson" else 0.8)
    noise = rng.standard_normal(500) * eta.std() / np.sqrt(SNR)
    if family == "binomial":
        return X, (eta + rng.logistic(size=500) > 0).astype(float)
    if family == "poisson":
        return X, rng.poisson(np.exp(0.5 + eta)).astype(float)
    if family == "cox":
        time, end = rng.exponential(np.exp(-eta)), rng.exponential(2.0, 500)
        return X, np.column_stack([np.minimum(time, end), time <= end])
    if family == "multinomial":
        scores = np.column_stack([eta, X[:, 20:40].sum(axis=1) / 3, X[:, 40:60].sum(axis=1) / 3])
        return X, np.argmax(scores + rng.gumbel(size=scores.shape), axis=1).astype(float)
    if family == "multigaussian":
        return X, eta[:, None] * rng.uniform(0.5, 1.5, 4) + noise[:, None] * rng.standard_normal((500, 4))
    return X, eta + noise


def by_tens(X):
    return np.arange(X.shape[1]) // 10


def by_threes(X):
    return np.arange(X.shape[1]) // 3


def by_factor(X):
    """One-hot columns together: neighbours of two values, of which no row has two at the higher one."""
    group, taken, found = -1, None, []
    for column in X.T:
        on = column > column.mean()
        if taken is None or len(np.unique(column)) != 2 or (taken & on).any():
            group, taken = group + 1, on if len(np.unique(column)) == 2 else None
        else:
            taken = taken | on
        found.append(group)
    return np.array(found)


DENSE = {
    "binomial": ("skf_ALLAML micro_gravier micro_singh colon_raw spam_uci caravan", codes),
    "multinomial": ("khan_islr_all skf_lung_small glmnet_Multinomial", codes),
    "poisson": ("physician glmnet_Poisson", np.asarray),
    "cox": ("glmnet_Cox surv_gse7390", None),
    "multigaussian": ("hiv_nrti meats_tecator glmnet_MultiGaussian", None),
}
SPARSE = "vw_rcv1_small fine_foods_tfidf dorothea"
WORDS = ["binomial", "multinomial", "poisson", "cox", "multigaussian", "group"]

FOUND = {f"sim_{family}_500x3000": (family, functools.partial(simulated, family)) for family in WORDS}
FOUND["breast_cancer_binomial"] = ("binomial", functools.partial(bundled, sklearn.datasets.load_breast_cancer))
FOUND["iris_multinomial"] = ("multinomial", functools.partial(bundled, sklearn.datasets.load_iris))
for family, (sets, target) in DENSE.items():
    for name in sets.split():
        load = functools.partial(complete, name) if target is None else functools.partial(dense, name, target)
        FOUND |= {f"{name}_{family}": (family, load)} if (real.FOLDER / f"{name}.npz").exists() else {}
for name in SPARSE.split():
    if (real.FOLDER / f"{name}_X.npz").exists():
        FOUND[f"{name}_binomial"] = ("binomial", functools.partial(sparse, name, codes))
GROUPS = {"sim_group_500x3000": by_tens}
if (real.FOLDER / "scheetz_trim32_500.npz").exists():
    FOUND["scheetz_cubic_group"] = ("group", functools.partial(cubic, "scheetz_trim32_500"))
    GROUPS["scheetz_cubic_group"] = by_threes
if (real.FOLDER / "ames_onehot.npz").exists():
    FOUND["ames_group"] = ("group", functools.partial(dense, "ames_onehot", real.number))
    GROUPS["ames_group"] = by_factor

PROBLEMS = {name: load for name, (_, load) in FOUND.items()}
FAMILIES = {name: family for name, (family, _) in FOUND.items()}
