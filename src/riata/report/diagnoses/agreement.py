"""Predicted against observed numbers: the density of the rows on a grid, and the mean observed by prediction."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.problem import Floats
from riata.report.held_out import HeldOut, bins, mean, quantiles
from riata.report.panel import Panel
from riata.report.svg import place, tag
from riata.select.summary import number

ORDER = 1
TITLE = "Predicted and observed"
CAPTION = (
    "Darker cells hold more rows (those at the rim also what lies beyond); dots are means, dashes perfect agreement. "
    "A slope above 1 means that predictions are drawn to the mean, as the lasso's shrinking does."
)
FAMILIES = ("gaussian", "sqrt", "huber", "multigaussian")
FEWEST, MOST = 8, 24  # cells a side
TAIL = 0.005  # of the rows may lie beyond either edge
SHADES = 5
LEAST = 4e-4  # of the variance: below that predictions are the means of the folds, and move against them


def numbers(held: HeldOut) -> dict[str, Any] | None:
    """R², root mean square and mean absolute error, slope of observed on predicted; the grid; means by bin."""
    y, fit, s = held.y, held.mean, held.weight
    spread = mean((y - mean(y, s)) ** 2, s)
    moved = fit - mean(fit, s)
    if not mean(moved**2, s) > LEAST * spread > 0:
        return None
    squares = mean((y - fit) ** 2, s)
    parts = bins(fit, s)
    return {
        "r2": 1.0 - squares / spread,
        "rmse": squares**0.5,
        "mae": mean(np.abs(y - fit), s),
        "slope": mean(moved * y, s) / mean(moved**2, s),
        "predicted": [mean(fit[at], s[at]) for at in parts],
        "observed": [mean(y[at], s[at]) for at in parts],
        "grid": grid(fit, y, s),
    }


def grid(x: Floats, y: Floats, s: Floats) -> dict[str, Any]:
    """Edges of the grid and the share of the rows in every cell that has some, as [column, row, share]."""
    side = int(np.clip(np.sqrt(len(x)), FEWEST, MOST))
    ends = [edges(values, s) for values in (x, y)]
    place_of = [
        np.clip(((values - low) / (high - low) * side).astype(int), 0, side - 1)
        for values, (low, high) in zip((x, y), ends, strict=True)
    ]
    total = np.bincount(place_of[0] * side + place_of[1], weights=s / s.sum(), minlength=side * side)
    on = np.flatnonzero(total > 0)
    cells = [[int(c) // side, int(c) % side, float(f"{total[c]:.3g}")] for c in on]
    return {"side": side, "x": list(ends[0]), "y": list(ends[1]), "cells": cells}


def edges(values: Floats, s: Floats) -> tuple[float, float]:
    """From the smallest value to the largest, but for outliers; to three digits, so that no row can be read off."""
    low, high = quantiles(values, s, (TAIL, 1.0 - TAIL))
    room = 0.05 * (high - low) or 1.0
    step = 10.0 ** np.floor(np.log10(high - low + 2 * room) - 2)
    return float(np.floor((low - room) / step) * step), float(np.ceil((high + room) / step) * step)


def draw(values: dict[str, Any], target: str) -> str:
    """Cells by shade, each shade one path."""
    found = values["grid"]
    panel = Panel(*found["x"], *found["y"])
    wide = (panel.x(panel.right) - panel.x(panel.left)) / found["side"]
    tall = (panel.y(panel.low) - panel.y(panel.high)) / found["side"]
    most = max(share for *_, share in found["cells"])
    shades: list[list[str]] = [[] for _ in range(SHADES)]
    for i, j, share in found["cells"]:
        x, y = panel.x(panel.left) + i * wide, panel.y(panel.low) - (j + 1) * tall
        shades[min(int((share / most) ** 0.5 * SHADES), SHADES - 1)].append(
            f"M{place(x)} {place(y)}h{place(wide)}v{place(tall)}h{place(-wide)}z"
        )
    cells = "".join(
        tag("path", d="".join(steps), class_="cell", opacity=f"{0.15 + 0.75 * k / (SHADES - 1):.2f}")
        for k, steps in enumerate(shades)
        if steps
    )
    line = panel.line(values["predicted"], values["observed"], class_="means")
    body = cells + panel.diagonal() + line + panel.dots(values["predicted"], values["observed"], 3.5)
    title = f"{TITLE}: {'; '.join(f'{head} {text}' for head, text in words(values))}."
    return panel.picture(title, body + panel.axes("predicted, out of fold", f"observed {target}"))


def table(values: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    pairs = zip(values["predicted"], values["observed"], strict=True)
    return ["mean predicted", "mean observed"], [[number(a, 4), number(b, 4)] for a, b in pairs]


def words(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("R²", f"{values['r2']:.3f}".replace("-", "−")),
        ("RMSE", number(values["rmse"], 4)),
        ("MAE", number(values["mae"], 4)),
        ("slope", f"{values['slope']:.2f}".replace("-", "−")),
    ]
