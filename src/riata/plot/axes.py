"""Axes, colours and marks that the pictures share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import need

Floats = NDArray[np.float64]

# Okabe & Ito (2008): eight colours that people with colour-blindness can tell apart; grey is for what is not named.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6F4E9C", "#7A5C00")
FAINT, RULE = "#b8b8b8", "#555555"
WORD, STEP = 14.0, 36.0  # points: how wide a word beside a rule is with its margins, how far one stands above another


def new(ax: Any, width: float = 7.0, height: float = 4.5) -> Any:
    """``ax``, or the axes of a new figure of so many inches."""
    if ax is not None:
        return ax
    pyplot = need("matplotlib.pyplot", "plot")
    return pyplot.subplots(figsize=(width, height), layout="constrained")[1]


def colour(i: int) -> str:
    """The colour of the i-th named line."""
    return COLOURS[i % len(COLOURS)]


def lam_axis(ax: Any, lams: Floats) -> Floats:
    """λ on a log axis, from the empty model on the left to the fullest; the places of ``lams`` (λ = 0 at the edge)."""
    positive = lams[lams > 0]
    if not len(positive):
        return np.asarray(lams, float)
    ax.set_xscale("log")
    ax.set_xlabel("λ (log scale)")
    low, high = float(positive.min()), float(positive.max())
    ax.set_xlim(high * (high / low) ** 0.02 if high > low else 2 * high, low if high > low else low / 2)
    return np.maximum(lams, low)


def counts_on_top(ax: Any, x: Floats, counts: NDArray[np.intp], ticks: int = 7) -> None:
    """The number of non-zero coefficients along the top, at places that are even to the eye."""
    left, right = sorted(ax.get_xlim())
    inside = np.flatnonzero((x >= left) & (x <= right))
    if not len(inside):
        return
    seen = ax.transData.transform(np.column_stack([x[inside], np.zeros(len(inside))]))[:, 0]
    wanted = np.linspace(seen.min(), seen.max(), ticks)
    at = np.unique([inside[int(np.argmin(np.abs(seen - place)))] for place in wanted])
    top = ax.secondary_xaxis("top")
    top.minorticks_off()
    top.set_xticks(x[at], labels=[str(int(c)) for c in counts[at]])
    top.set_xlabel("number of features")


def rules(ax: Any, marks: dict[str, float], top: bool = False) -> None:
    """Dotted vertical lines with a word each; ``marks`` are places on the x axis, in the order of their words.

    The words stand outside of the pair, so that neighbours do not meet: the first on the left of its line, as every
    one does that has no room on the right; at the foot of the picture or at its ``top``. One that would still meet its
    neighbour stands above it (below it at the ``top``).
    """
    places = ax.transData.transform([(x, 0.0) for x in marks.values()])[:, 0] if marks else []
    point, taken = ax.get_figure().dpi / 72, -np.inf  # pixels; where the last word ends
    room, raised = ax.transAxes.transform((1, 0))[0] - WORD * point, 0.0
    for rank, i in enumerate(np.argsort(places)):
        word, x = list(marks.items())[i]
        ax.axvline(x, color=RULE, lw=1, ls=":", zorder=1)
        left = (len(marks) > 1 and rank == 0) or places[i] > room
        start = places[i] - (WORD * point if left else 0.0)
        raised = raised + STEP if start < taken else 0.0
        taken = max(start + WORD * point, taken)
        ax.annotate(
            word, (x, 0.98 if top else 0.02), xycoords=ax.get_xaxis_transform(),
            xytext=(-3 if left else 3, -raised if top else raised), textcoords="offset points",
            ha="right" if left else "left", va="top" if top else "bottom", rotation=90, fontsize="small", color=RULE,
            path_effects=halo(),
        )  # fmt: skip


def halo() -> list[Any]:
    """A white edge around letters, so that curves behind them do not cross them out."""
    return [need("matplotlib.patheffects", "plot").withStroke(linewidth=2.5, foreground="white")]
