"""The confusion table: which class is taken for which."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.report.held_out import HeldOut

ORDER = 5
TITLE = "Confusion of classes"
CAPTION = "Rows of each class (lines) by the class that is most likely out of fold (columns)."
FAMILIES = ("multinomial",)
MOST = 12  # classes with a column of their own


def numbers(held: HeldOut) -> dict[str, Any] | None:
    """Accuracy and that of the largest class; counts, the rarest classes of many taken together as "others"."""
    names = list(held.outputs or [])
    true, said = held.y.argmax(axis=1), held.mean.argmax(axis=1)
    right = float(held.weight[true == said].sum() / held.weight.sum())
    mass = np.bincount(true, weights=held.weight, minlength=len(names))
    if len(names) > MOST:
        kept = np.sort(np.argsort(-mass, kind="stable")[: MOST - 1])
        new = np.full(len(names), len(kept))
        new[kept] = np.arange(len(kept))
        true, said, names = new[true], new[said], [*(names[k] for k in kept), "others"]
    counts = np.zeros((len(names), len(names)))
    np.add.at(counts, (true, said), held.weight)
    return {
        "accuracy": right, "largest_class": float(mass.max() / mass.sum()), "classes": names,
        "counts": [[float(f"{v:.6g}") for v in row] for row in counts],
    }  # fmt: skip


def draw(values: dict[str, Any], target: str) -> str:
    return ""


def table(values: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    lines = []
    for k, (name, row) in enumerate(zip(values["classes"], values["counts"], strict=True)):
        total = sum(row)
        own = f"{100 * row[k] / total:.0f} %" if total else "–"
        lines.append([name, *(f"{v:,.6g}" if v else "·" for v in row), own])
    return ["observed", *values["classes"], "found"], lines


def words(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("right", f"{100 * values['accuracy']:.1f} %"),
        ("always the largest class", f"{100 * values['largest_class']:.1f} %"),
    ]
