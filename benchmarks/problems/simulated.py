"""Simulated sets with stated seeds: independent or AR(1) columns, 50 of them relevant, signal to noise 3."""

import functools

import numpy as np
import scipy.sparse

RELEVANT, SNR = 50, 3.0


def target(rng, X):
    """X w + noise, w with `RELEVANT` entries of ±1 at random places, var(X w) = SNR · var(noise)."""
    w = np.zeros(X.shape[1])
    w[rng.choice(X.shape[1], RELEVANT, replace=False)] = rng.choice([-1.0, 1.0], RELEVANT)
    signal = X @ w
    return signal + rng.standard_normal(len(signal)) * np.sqrt(signal.var() / SNR)


def dense(n, p, rho, seed):
    """Rows with covariance rho^|i-j|."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((p, n)).T  # columns lie together
    for j in range(1, p if rho else 0):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return X, target(rng, X)


def sparse(n, p, density, seed):
    """Standard normal entries at random places."""
    rng = np.random.default_rng(seed)
    X = scipy.sparse.random(n, p, density, format="csc", rng=rng, data_rvs=rng.standard_normal)
    X = X[:, np.diff(X.indptr) > 0]
    return X, target(rng, X)


PROBLEMS = {
    "sim_500x5000": functools.partial(dense, 500, 5000, 0.0, 1),
    "sim_10000x1000": functools.partial(dense, 10_000, 1000, 0.0, 4),
    "sim_100000x200": functools.partial(dense, 100_000, 200, 0.0, 5),
    "sim_ar50_2000x20000": functools.partial(dense, 2000, 20_000, 0.5, 2),
    "sim_ar95_2000x20000": functools.partial(dense, 2000, 20_000, 0.95, 3),
    "sim_sparse_10000x200000": functools.partial(sparse, 10_000, 200_000, 1e-3, 6),
}
KINDS = {"sim_ar95_2000x20000": "rho=0.95"}
