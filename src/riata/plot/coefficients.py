"""Coefficients as dots, with their intervals where there are any."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.errors import InvalidData, InvalidOption
from riata.inference.intervals import Intervals
from riata.plot import axes
from riata.plot.coef_path import UNITS
from riata.plot.draw import draw
from riata.plot.labels import named_rows

Array = Any


def coefficients(
    names: list[str],
    coef: Array,
    *,
    ci: Array = None,
    xlabel: str = "coefficient per standard deviation",
    most: int = 30,
    ax: Any = None,
) -> Any:
    """One row a feature: the coefficient as a dot, its interval as a line, an infinite end as an arrow.

    Parameters
    ----------
    names : n names, drawn from top to bottom
    coef : (n,) coefficients
    ci : (n, 2) lower and upper ends, ±∞ where there is none; NaN draws no line
    xlabel : what the numbers are, with their unit
    most : rows to draw at most; the axis says how many were left out
    ax : axes to draw on

    Returns
    -------
    matplotlib axes
    """
    coef = np.asarray(coef, float)
    ends = None if ci is None else np.asarray(ci, float)
    if coef.shape != (len(names),) or (ends is not None and ends.shape != (len(names), 2)):
        raise InvalidData("names, coef and ci do not belong together.", expected="n names, (n,) and (n, 2)",
                          got=(len(names), coef.shape, None if ends is None else ends.shape))  # fmt: skip
    left_out = max(len(names) - most, 0)
    names, coef = names[:most], coef[:most]
    ends = None if ends is None else ends[:most]
    rows = np.arange(len(names))
    ax = axes.new(ax, 6.5, 0.9 + 0.27 * max(len(names), 2))
    ax.axvline(0, color="black", lw=0.6, zorder=0)
    ax.plot(coef, rows, "o", ms=5, color=axes.colour(0), zorder=3)
    if ends is not None:
        intervals(ax, rows, coef, ends)
    named_rows(ax, names, xlabel, left_out)
    ax.grid(axis="y", color=axes.FAINT, lw=0.4, alpha=0.5)
    return ax


def intervals(ax: Any, rows: Array, coef: Array, ends: Array) -> None:
    """Lines from end to end; an infinite one runs to the edge of the picture and ends in an arrow head."""
    finite = np.concatenate([ends[np.isfinite(ends)], coef, [0.0]])
    low, high = float(finite.min()), float(finite.max())
    margin = 0.08 * (high - low or 1.0)
    ax.set_xlim(low - margin, high + margin)
    for row, (a, b) in zip(rows, ends, strict=True):
        if np.isnan(a) or np.isnan(b):
            continue
        shown = np.clip([a, b], low - margin, high + margin)
        ax.plot(shown, [row, row], color=axes.colour(0), lw=1.4, zorder=2, solid_capstyle="butt")
        for end, marker in ((a, "<"), (b, ">")):
            if np.isinf(end):
                ax.plot([shown[0 if end < 0 else 1]], [row], marker, color=axes.colour(0), ms=6, clip_on=False)


@draw.register
def _(result: Intervals, ax: Any = None, *, units: str = "sd", **options: Any) -> Any:
    told = np.flatnonzero(np.isfinite(result.coef))
    order = told[np.argsort(result.pvalues[told], kind="stable")]
    if units not in UNITS:
        raise InvalidOption("There are no such units.", expected=" or ".join(UNITS), got=units)
    unit = result.scale[order] if units == "sd" else np.ones(len(order))
    words = f"{UNITS[units]}, {100 * result.level:g} % interval"
    return coefficients([result.features[j] for j in order], unit * result.coef[order],
                        ci=unit[:, None] * result.ci[order], xlabel=words, ax=ax, **options)  # fmt: skip
