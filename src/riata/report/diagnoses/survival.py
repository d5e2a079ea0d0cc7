"""Survival by risk: the Kaplan–Meier curves of thirds of the rows by their out-of-fold risk."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from riata.core.problem import Floats
from riata.plot.axes import COLOURS
from riata.report.held_out import HeldOut
from riata.report.panel import Panel
from riata.report.svg import nice
from riata.scores import scores

ORDER = 7
TITLE = "Survival by predicted risk"
CAPTION = (
    "Kaplan–Meier curves of the thirds of the rows with the lowest, middle and highest out-of-fold risk. "
    "The farther apart, the more the features tell."
)
FAMILIES = ("cox",)
GROUPS = ("low risk", "middle risk", "high risk")
POINTS = 80  # times at which the curves are kept
PAIRS = 5e8  # comparisons for the concordance: seconds
LEAST_AT_RISK = 5  # rows: where fewer are left the picture ends


def numbers(held: HeldOut) -> dict[str, Any] | None:
    """Concordance; for each third its rows, events and survival at a grid of times."""
    loss, at = held.loss, held.rows
    stop, event = loss.stop[at], loss.event[at]
    start = np.full(len(at), -np.inf) if loss.start is None else loss.start[at]
    cuts = np.quantile(held.eta, [1 / 3, 2 / 3])
    group = np.searchsorted(cuts, held.eta, side="left")
    if len(np.unique(group)) < 3:
        return None
    times = grid(start, stop)
    curves = [kaplan_meier(start[own], stop[own], event[own], held.weight[own], times)
              for own in (group == k for k in range(3))]  # fmt: skip
    return {
        "c_index": concordance(held),
        "groups": list(GROUPS),
        "rows": np.bincount(group).tolist(),
        "events": np.bincount(group, weights=event).astype(int).tolist(),
        "times": times.tolist(),
        "survival": [[None if np.isnan(v) else round(float(v), 5) for v in curve] for curve in curves],
    }


def grid(start: Floats, stop: Floats) -> Floats:
    """Round times from 0 to where few rows are left: a grid, not the times of the rows."""
    last = float(np.sort(stop)[-min(LEAST_AT_RISK, len(stop))])
    first = 0.0 if not np.isfinite(start).all() else float(start.min())
    step = (last - first) / (POINTS - 1)
    unit = 10.0 ** np.floor(np.log10(step) - 1)
    return np.asarray(first + np.arange(POINTS) * np.ceil(step / unit) * unit)


def kaplan_meier(start: Floats, stop: Floats, event: Floats, s: Floats, times: Floats) -> Floats:
    """(len(times),) Π over event times ≤ t of 1 − deaths / at risk; NaN once nobody is at risk."""
    whens = np.unique(stop[event])
    by_stop, by_start = np.argsort(stop), np.argsort(start)
    left = np.r_[0.0, np.cumsum(s[by_stop])][np.searchsorted(stop[by_stop], whens, side="left")]
    entered = np.r_[0.0, np.cumsum(s[by_start])][np.searchsorted(start[by_start], whens, side="left")]
    deaths = np.bincount(np.searchsorted(whens, stop[event]), weights=s[event], minlength=len(whens))
    kept = np.r_[1.0, np.cumprod(np.clip(1.0 - deaths / np.maximum(entered - left, deaths), 0.0, 1.0))]
    return np.where(times <= stop.max(), kept[np.searchsorted(whens, times, side="right")], np.nan)


def concordance(held: HeldOut) -> float | None:
    """Harrell's C of the out-of-fold risks; None where there are too many pairs to count."""
    loss, n = held.loss, held.loss.n_samples
    if float(np.count_nonzero(loss.event)) * n > PAIRS:
        return None
    eta, s = np.zeros(n), np.zeros(n)
    eta[held.rows], s[held.rows] = held.eta, held.weight
    found = scores()["c_index"](loss, eta, s, np.zeros(n))
    return float(found) if np.isfinite(found) else None


def draw(values: dict[str, Any], target: str) -> str:
    times = values["times"]
    panel = Panel(times[0], times[-1], 0.0, 1.0)
    parts = []
    # the eye reads the highest risk first: it is the darkest warm colour; dashes tell the lines apart without colour
    styles = zip(values["survival"], values["groups"], (COLOURS[2], COLOURS[4], COLOURS[1]), (None, "7 3", "2 3"),
                 strict=True)  # fmt: skip
    for k, (curve, name, colour, dash) in enumerate(styles):
        steps = [(t, v) for t, v in zip(times, curve, strict=True) if v is not None]
        xs = [x for (a, _), (b, _) in pairwise(steps) for x in (a, b)] + [steps[-1][0]]
        ys = [v for _, v in steps[:-1] for v in (v, v)] + [steps[-1][1]]
        parts.append(panel.line(xs, ys, class_="named", stroke=colour, stroke_dasharray=dash))
        parts.append(panel.key(panel.y(1.0) + 22 + 17 * k, name, colour, dash))
    title = f"{TITLE}: {'; '.join(f'{head} {said}' for head, said in words(values))}."
    return panel.picture(title, panel.axes("time", "surviving", (False, True)) + "".join(parts))


def table(values: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    times = values["times"]
    wanted = [t for t in nice(times[0], times[-1], 5) if t > times[0]]
    lines = []
    for name, rows, events, curve in zip(*(values[k] for k in ("groups", "rows", "events", "survival")), strict=True):
        at = [curve[int(np.searchsorted(times, t, side="right")) - 1] for t in wanted]
        lines.append([name, f"{rows:,}", f"{events:,}", *("–" if v is None else f"{100 * v:.0f} %" for v in at)])
    return ["group", "rows", "events", *(f"alive at {t:g}" for t in wanted)], lines


def words(values: dict[str, Any]) -> list[tuple[str, str]]:
    found = values["c_index"]
    return [] if found is None else [("concordance (0.5: chance)", f"{found:.3f}")]
