"""Features ranked by a number that decides: selection frequencies, knockoff statistics."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.inference.knockoffs import Knockoffs
from riata.inference.stability import Stability
from riata.plot import axes
from riata.plot.draw import draw
from riata.plot.labels import named_rows


def ranking(
    names: list[str], values: Any, *, selected: Any = (), limit: float | None = None, xlabel: str = "",
    most: int = 30, ax: Any = None,
) -> Any:  # fmt: skip
    """Horizontal bars, the largest first; what was selected in colour, the limit as a dashed line.

    Parameters
    ----------
    names, values : n of them
    selected : names to draw in colour
    limit : from where features are selected
    xlabel : what the numbers are
    most : bars to draw at most; the axis says how many were left out
    ax : axes to draw on

    Returns
    -------
    matplotlib axes
    """
    values = np.asarray(values, float)
    order = np.argsort(-values, kind="stable")[:most]
    left_out, chosen = len(values) - len(order), set(selected)
    rows = np.arange(len(order))
    ax = axes.new(ax, 6.5, 0.9 + 0.24 * max(len(order), 3))
    shades = [axes.colour(0) if names[j] in chosen else axes.FAINT for j in order]
    ax.barh(rows, values[order], color=shades, height=0.7)
    if limit is not None and np.isfinite(limit):
        ax.axvline(limit, color=axes.RULE, lw=1, ls="--")
    named_rows(ax, [names[j] for j in order], xlabel, left_out)
    return ax


@draw.register
def _(result: Stability, ax: Any = None, **options: Any) -> Any:
    words = f"share of half-samples that choose it (dashed: {result.threshold:g}; PFER ≤ {result.pfer:.2g})"
    return ranking(result.feature_names, result.frequency, selected=result.selected, limit=result.threshold,
                   xlabel=words, ax=ax, **options)  # fmt: skip


@draw.register
def _(result: Knockoffs, ax: Any = None, **options: Any) -> Any:
    several = result.e_values is not None
    values = result.e_values if several else result.W
    line = " (dashed: threshold)" if np.isfinite(result.threshold) else ", no threshold keeps the FDR"
    words = "e-value, mean over draws" if several else f"knockoff statistic W{line}"
    return ranking(result.feature_names, values, selected=result.selected, limit=result.threshold,
                   xlabel=f"{words}; FDR {result.fdr:g}", ax=ax, **options)  # fmt: skip
