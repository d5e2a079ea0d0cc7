"""Clusters of features that say the same thing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Problem

Ints = NDArray[np.intp]


def linked(problem: Problem, features: Ints, least: float) -> Ints:
    """(len(features),) labels from 0: within a cluster every pair has |correlation| ≥ ``least`` (complete linkage)."""
    if len(features) < 2:
        return np.zeros(len(features), np.intp)
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    root = np.sqrt(problem.sample_weight / problem.sample_weight.sum())
    Z = problem.design.columns(features)
    Z -= root**2 @ Z
    Z *= root[:, None]
    size = np.sqrt((Z**2).sum(axis=0))
    Z /= np.where(size > 0, size, 1.0)
    away = np.clip(1.0 - np.abs(Z.T @ Z), 0.0, None)
    np.fill_diagonal(away, 0.0)
    tree = linkage(squareform(away, checks=False), "complete")
    return fcluster(tree, 1.0 - least + 1e-12, "distance").astype(np.intp) - 1
