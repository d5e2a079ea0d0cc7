"""Twins: which features say nearly the same, by weighted correlation over all rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Floats, Problem
from riata.core.results import Path

Ints = NDArray[np.intp]

LIKE = 0.8  # |correlation| from which one feature may stand in for another
BLOCK = 64  # columns at a time


def alike(problem: Problem, path: Path, features: Ints, least: float = LIKE) -> Iterator[tuple[int, Ints, Floats]]:
    """For each feature j all others with |correlation| ≥ ``least``: (j, their places, correlations), the largest first.

        r_jk = Σ sᵢ (xᵢⱼ − x̄ⱼ)(xᵢₖ − x̄ₖ) / (tⱼ tₖ),    s the weights over their sum, t standard deviations

    A constant column is like no other. One pass over X for BLOCK features; X is not copied.
    """
    s = problem.sample_weight / problem.sample_weight.sum()
    scale = np.where(path.scale > 0, path.scale, np.inf)
    for start in range(0, len(features), BLOCK):
        some = features[start : start + BLOCK]
        Z = (problem.design.columns(some) - path.mean[some]) / scale[some] * s[:, None]
        r = (problem.design.correlate(np.asfortranarray(Z)) - np.outer(path.mean, Z.sum(axis=0))) / scale[:, None]
        for j, column in zip(some, r.T, strict=True):
            like = np.flatnonzero(np.abs(column) >= least)
            like = like[like != j]
            like = like[np.argsort(-np.abs(column[like]), kind="stable")]
            yield int(j), like, column[like]


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
