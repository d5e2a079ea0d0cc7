"""Names at the ends of lines, moved apart so that all can be read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.table.words import printable

Floats = NDArray[np.float64]

LINE_HEIGHT = 1.25  # of a text's size


def spread(wanted: Floats, gap: float, low: float, high: float) -> Floats:
    """The places nearest to ``wanted`` (least squares) that are ``gap`` apart and inside [low, high].

    With u_i = z_i − i·gap in increasing order, the distances ask that u does not fall: isotonic regression, and bounds
    on it are clipping (Barlow & Brunk 1972). Where they cannot all fit the gap shrinks.

    >>> spread(np.array([0.0, 0.1, 5.0]), 1.0, 0.0, 10.0).tolist()
    [0.0, 1.0, 5.0]
    """
    n = len(wanted)
    gap = min(gap, (high - low) / max(n - 1, 1))
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(n)
    blocks: list[list[float]] = []  # [mean, count] of pools of neighbours
    for value in wanted[order] - steps:
        blocks.append([value, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, count = blocks.pop()
            blocks[-1][0] = (blocks[-1][0] * blocks[-1][1] + mean * count) / (blocks[-1][1] + count)
            blocks[-1][1] += count
    flat = np.repeat([mean for mean, _ in blocks], [int(count) for _, count in blocks])
    out = np.empty(n)
    out[order] = np.clip(flat, low, high - gap * max(n - 1, 0)) + steps
    return out


def end_labels(ax: Any, names: list[str], heights: Floats, colours: list[str], size: float = 9.0) -> None:
    """``names`` to the right of the axes, beside the ``heights`` (data) where their lines end.

    As many as fit, the first ones first; a thin line leads from each to its end.
    """
    figure = ax.get_figure()
    figure.draw_without_rendering()  # settles the layout, so that pixels are what they will be
    box = ax.get_window_extent()
    gap = size * LINE_HEIGHT * figure.dpi / 72
    fit = max(int(box.height // gap) + 1, 1)
    names, heights, colours = names[:fit], np.asarray(heights)[:fit], colours[:fit]
    seen = ax.transData.transform(np.column_stack([np.full(len(names), ax.get_xlim()[1]), heights]))[:, 1]
    for name, end, place, colour in zip(names, seen, spread(seen, gap, box.y0, box.y1), colours, strict=True):
        ax.annotate(
            short(name), (1, (end - box.y0) / box.height), xycoords="axes fraction",
            xytext=(1.03, (place - box.y0) / box.height), textcoords="axes fraction", color=colour, fontsize=size,
            va="center", ha="left", parse_math=False, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip


def named_rows(ax: Any, names: list[str], xlabel: str, left_out: int) -> None:
    """A row for each name, the first on top; the x axis says how many more there are."""
    ax.set_yticks(np.arange(len(names)), labels=[short(name) for name in names])
    for text in ax.get_yticklabels():
        text.set_parse_math(False)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel(xlabel + (f"\n({left_out} more are not shown)" if left_out else ""))


def short(name: str, most: int = 28) -> str:
    """A name of at most so many letters: dots stand for its middle.

    >>> short("sepal width (cm)", 9)
    'sepa…(cm)'
    """
    name = printable(name)
    return name if len(name) <= most else f"{name[: most // 2]}…{name[-((most - 1) // 2) :]}"
