"""Features to simulate on: independent, correlated, and real ones."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

NAMES = ("independent", "toeplitz 0.8", "digits")


def features(name: str, rng: np.random.Generator, n: int, p: int) -> np.ndarray:
    """(n, p) features; "digits" are the p pixels of largest variance of n random images."""
    if name == "digits":
        images = load_digits().data
        most = np.sort(np.argsort(-images.var(axis=0), kind="stable")[:p])
        return images[rng.choice(len(images), n, replace=False)][:, most]
    X = rng.standard_normal((n, p))
    if name == "toeplitz 0.8":
        for j in range(1, p):
            X[:, j] = 0.8 * X[:, j - 1] + 0.6 * X[:, j]
    return X


def standardised(X: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and variance 1; constant ones of zeros."""
    sd = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
