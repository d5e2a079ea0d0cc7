"""The ROC curve: what share of each class lies above every possible cut."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.problem import Floats
from riata.report.held_out import HeldOut
from riata.report.panel import Panel

ORDER = 4
TITLE = "ROC curve"
CAPTION = "Every cut of the predicted probability: the rows it finds against the false alarms. Dashes are chance."
FAMILIES = ("binomial",)
POINTS = 81  # of the curve that are kept
CUT = 0.5


def numbers(held: HeldOut) -> dict[str, Any] | None:
    """AUC, and sensitivity, specificity and accuracy at the cut 0.5; the curve at a grid of false alarms and finds."""
    yes, no = held.weight * held.y, held.weight * (1 - held.y)
    if not (yes.sum() > 0 and no.sum() > 0):
        return None
    false, true = curve(held.eta, yes / yes.sum(), no / no.sum())
    area = float(np.sum(np.diff(false) * 0.5 * (true[1:] + true[:-1])))
    above = held.mean >= CUT
    found, kept = float(yes[above].sum() / yes.sum()), float(no[~above].sum() / no.sum())
    total = float((yes[above].sum() + no[~above].sum()) / held.weight.sum())
    ways = np.interp(np.linspace(0, 2, POINTS), false + true, np.arange(len(false), dtype=float))
    at = np.arange(len(false), dtype=float)
    return {
        "auc": area, "cut": CUT, "sensitivity": found, "specificity": kept, "accuracy": total,
        "false": np.interp(ways, at, false).round(5).tolist(), "true": np.interp(ways, at, true).round(5).tolist(),
    }  # fmt: skip


def curve(score: Floats, yes: Floats, no: Floats) -> tuple[Floats, Floats]:
    """(false alarms, finds) from no row to all; rows of equal score come together."""
    order = np.argsort(-score, kind="stable")
    last = np.r_[np.flatnonzero(np.diff(score[order]) != 0), len(score) - 1]
    return np.r_[0.0, np.cumsum(no[order])[last]], np.r_[0.0, np.cumsum(yes[order])[last]]


def draw(values: dict[str, Any], target: str) -> str:
    panel = Panel(0.0, 1.0, 0.0, 1.0)
    body = panel.diagonal() + panel.line(values["false"], values["true"], class_="curve")
    body += panel.dots([1 - values["specificity"]], [values["sensitivity"]], 5.0)
    title = f"{TITLE}: {'; '.join(f'{head} {text}' for head, text in words(values))}."
    return panel.picture(
        title, body + panel.axes("false alarms (1 − specificity)", "found (sensitivity)", (True, True))
    )


def table(values: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    wanted = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5)
    found = np.interp(wanted, values["false"], values["true"])
    return ["false alarms", "found"], [
        [f"{100 * a:.0f} %", f"{100 * b:.1f} %"] for a, b in zip(wanted, found, strict=True)
    ]


def words(values: dict[str, Any]) -> list[tuple[str, str]]:
    at = f"at {100 * values['cut']:.0f} %"
    return [
        ("AUC", f"{values['auc']:.3f}"),
        (f"sensitivity {at}", f"{100 * values['sensitivity']:.1f} %"),
        (f"specificity {at}", f"{100 * values['specificity']:.1f} %"),
    ]
