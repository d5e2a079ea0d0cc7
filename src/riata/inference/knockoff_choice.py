"""From statistics to a selection with a false discovery rate: the knockoff threshold, and e-values over many draws."""

from __future__ import annotations

import numpy as np

from riata.core.problem import Floats

Ints = np.ndarray


def threshold(W: Floats, fdr: float, offset: int = 1) -> float:
    """T = min{t > 0 among |W| : (offset + #{W ≤ −t}) / max(1, #{W ≥ t}) ≤ fdr}; ∞ where there is none.

    With offset 1 (knockoff+) the selection {W ≥ T} has FDR ≤ fdr; with 0 only E[false / (selected + 1/fdr)] ≤ fdr.
    Barber & Candès (2015), eq. 1.8 and 1.9.

    >>> threshold(np.array([3.0, 2.0, -0.5, 1.0]), 0.5)
    1.0
    """
    for t in np.unique(np.abs(W[W != 0])):
        if (offset + int(np.sum(W <= -t))) / max(1, int(np.sum(W >= t))) <= fdr:
            return float(t)
    return float("inf")


def e_values(W: Floats, fdr: float) -> Floats:
    """e_j = p·1{W_j ≥ T} / (1 + #{W ≤ −T}), T the knockoff+ threshold at ``fdr``: the null ones sum to ≤ p on average.

    Ren & Barber (2024), eq. 5.
    """
    T = threshold(W, fdr)
    return len(W) * (W >= T) / (1.0 + np.count_nonzero(W <= -T))


def e_bh(e: Floats, fdr: float) -> Ints:
    """The k features with the largest e-values, k the largest with e_(k) ≥ p/(fdr·k); none where there is no such k.

    Wang & Ramdas (2022). FDR ≤ fdr whatever the dependence, where the e-values of null features sum to at most p on
    average.

    >>> e_bh(np.array([0.0, 40.0, 0.0, 40.0]), 0.1).tolist(), e_bh(np.zeros(4), 0.1).tolist()
    ([1, 3], [])
    """
    p = len(e)
    order = np.argsort(-e, kind="stable")
    enough = np.flatnonzero(e[order] * fdr * np.arange(1, p + 1) >= p * (1 - 1e-12))
    return np.sort(order[: enough[-1] + 1]) if len(enough) else np.zeros(0, np.intp)
