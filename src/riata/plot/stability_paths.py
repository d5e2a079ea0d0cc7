"""Stability paths: how often each feature is among the first to enter, as more of them are taken."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.inference.stability import Stability
from riata.plot import axes
from riata.plot.labels import end_labels

BEHIND = 300  # faint lines at most; those behind them lie at the bottom


def stability_paths(found: Stability, *, most: int = 12, ax: Any = None) -> Any:
    """Share of the half-samples in which a feature was among the first 1, 2, …, q to enter; dashed: the threshold.

    Parameters
    ----------
    found : what riata.stability_selection returned
    most : how many of the most frequent features to name; the others are faint behind
    ax : axes to draw on

    Returns
    -------
    matplotlib axes

    Raises
    ------
    InvalidOption where nothing says in what order features were taken (networks).

    Examples
    --------
    >>> import matplotlib, riata
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import load_diabetes
    >>> found = riata.stability_selection(*load_diabetes(return_X_y=True, as_frame=True), q=4, n_pairs=10)
    >>> riata.plot.stability_paths(found).get_xlabel()
    'features taken from each half-sample'

    References
    ----------
    Meinshausen & Bühlmann (2010), J. R. Statist. Soc. B 72, figure 1, where the axis is λ.
    """
    shares = found.paths()
    order = [j for j in np.argsort(-found.frequency, kind="stable") if found.frequency[j] > 0]
    named, taken = order[:most], np.arange(1, found.q + 1)
    ax = axes.new(ax)
    if order[most:]:
        ax.plot(taken, shares[order[most : most + BEHIND]].T, color=axes.FAINT, lw=0.5, zorder=1)
    for k, j in enumerate(named):
        ax.plot(taken, shares[j], color=axes.colour(k), lw=1.6, zorder=2, marker="o" if found.q == 1 else None)
    ax.axhline(found.threshold, color=axes.RULE, lw=0.8, ls="--", zorder=1)
    ax.set_xlim(min(1, found.q - 1), found.q)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlabel("features taken from each half-sample")
    ax.set_ylabel(f"share of half-samples (dashed: {found.threshold:g})")
    names = [found.feature_names[j] for j in named]
    end_labels(ax, names, shares[named, -1], [axes.colour(k) for k in range(len(named))])
    return ax
