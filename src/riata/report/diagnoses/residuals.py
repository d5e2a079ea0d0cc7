"""Residuals by prediction: whether they lean somewhere, and whether they spread."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.report.held_out import HeldOut, bins, mean, quantiles
from riata.report.panel import Panel, around
from riata.report.svg import tag
from riata.select.summary import number

ORDER = 2
TITLE = "Residuals"
CAPTION = (
    "Observed less predicted, at each prediction: median, the middle half (thick) and the middle 90 % (thin). "
    "A bend means that something is not linear; a fan, that errors grow with the prediction."
)
FAMILIES = ("gaussian", "sqrt", "huber")
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


def numbers(held: HeldOut) -> dict[str, Any] | None:
    """Quantiles of the residuals over all rows and by bins of the prediction."""
    away = held.y - held.mean
    parts = bins(held.mean, held.weight)
    if len(parts) < 2:
        return None
    every = quantiles(away, held.weight, SHARES)
    # a quantile may be the residual of one row: three digits of the spread tell no more than the picture
    unit = 10.0 ** np.floor(np.log10(max(every[-1] - every[0], 1e-300)) - 2)
    by_bin = [quantiles(away[at], held.weight[at], SHARES) for at in parts]
    return {
        "shares": list(SHARES),
        "all": coarse(every, unit),
        "predicted": [mean(held.mean[at], held.weight[at]) for at in parts],
        "quantiles": [coarse(row, unit) for row in by_bin],
    }


def coarse(values: list[float], unit: float) -> list[float]:
    """Multiples of the unit."""
    return [float(f"{round(v / unit) * unit:.10g}") for v in values]


def draw(values: dict[str, Any], target: str) -> str:
    xs, rows = values["predicted"], values["quantiles"]
    lowest, low, middle, high, highest = (list(column) for column in zip(*rows, strict=True))
    panel = Panel(*around(xs), *around(lowest, highest, [0.0]))
    zero = panel.line([panel.left, panel.right], [0.0, 0.0], class_="null")
    thick = panel.bars(xs, low, high).replace('class="bar"', 'class="bar thick"')
    body = zero + panel.bars(xs, lowest, highest) + thick + panel.dots(xs, middle, 4.0)
    title = f"{TITLE} by prediction. {'; '.join(f'{head} {text}' for head, text in words(values))}."
    return panel.picture(title, body + tag("g", panel.axes("predicted, out of fold", f"residual of {target}")))


def table(values: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    lines = [
        [number(x, 4), *(number(v, 4) for v in row)]
        for x, row in zip(values["predicted"], values["quantiles"], strict=True)
    ]
    return ["mean predicted", *(f"{100 * share:.0f} %" for share in SHARES)], lines


def words(values: dict[str, Any]) -> list[tuple[str, str]]:
    lowest, low, middle, high, highest = (number(v, 4) for v in values["all"])
    return [("median", middle), ("half lie in", f"{low} to {high}"), ("90 % lie in", f"{lowest} to {highest}")]
