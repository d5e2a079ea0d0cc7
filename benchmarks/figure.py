"""The figures: the time of every library relative to riata's, on a logarithmic axis, by problem and by kind of work.

Plain SVG text, so that the committed figures can be compared with what the results give, byte by byte.
"""

import math

from benchmarks.registry import OURS
from benchmarks.report import TARGETS, Duel

COLOURS = ["#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#9c755f", "#edc948", "#76b7b2"]
LEFT, WIDTH, ROW, TOP, RIGHT = 250, 560, 17, 64, 30
STYLE = "font-family='sans-serif' font-size='11' fill='#333333'"
Dot = tuple[str, float]  # a library, and its time over ours
Row = tuple[str, list[Dot]]


def by_problem(found: list[Duel], task: str) -> str:
    """A row for each problem, those where the others are furthest behind first."""
    rows = [(f"{duel.problem} ({duel.kind})", dots(duel)) for duel in found if duel.task == task]
    return chart(sorted(rows, key=lambda row: -closest(row)), f"{task}: {AXIS}")


def by_work(found: list[Duel]) -> str:
    """A row for each kind of work; what was promised of it is a tick."""
    rows, ticks = [], []
    for target in TARGETS:
        several = [duel for duel in found if (duel.kind, duel.task) == (target.kind, target.task)]
        row = (target.words, [dot for duel in several for dot in dots(duel)])
        if row[1]:
            rows.append(row)
            ticks.append(target.ratio)
    return chart(rows, f"One dot for each library and problem; ticks: targets. {AXIS}", ticks)


AXIS = "Time divided by riata's, every library at the same accuracy (logarithmic)"


def dots(duel: Duel) -> list[Dot]:
    """Each library that was accurate enough; none where ours was not."""
    if duel.ours["reached"] != "yes":
        return []
    mine = float(duel.ours["seconds"])
    return [(row["library"], float(row["seconds"]) / mine) for row in duel.others if row["reached"] == "yes"]


def closest(row: Row) -> float:
    return min((value for _, value in row[1]), default=0.0)


def text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' {STYLE}>{words}</text>"


def chart(rows: list[Row], title: str, ticks: list[float] | None = None) -> str:
    """The whole SVG; rows without dots are left out. `ticks`: a value to mark in each row."""
    rows = [row for row in rows if row[1]]
    names = sorted({name for _, found in rows for name, _ in found})
    values = [value for _, found in rows for _, value in found] or [1.0, 10.0]
    low, high = min(0, math.floor(math.log10(min(values)))), max(1, math.ceil(math.log10(max(values))))
    place = lambda value: LEFT + WIDTH * (math.log10(value) - low) / (high - low)  # noqa: E731
    height, bottom = TOP + ROW * len(rows) + 34, TOP + ROW * len(rows)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{LEFT + WIDTH + RIGHT}' height='{height}'>",
        f"<rect width='{LEFT + WIDTH + RIGHT}' height='{height}' fill='#ffffff'/>",
        text(12, 20, title),
        *legend(names),
    ]
    for power in range(low, high + 1):
        x, colour = place(10.0**power), "#333333" if power == 0 else "#dddddd"
        parts.append(f"<line x1='{x:.1f}' y1='{TOP - 8}' x2='{x:.1f}' y2='{bottom}' stroke='{colour}'/>")
        parts.append(text(x, bottom + 16, OURS if power == 0 else f"{10.0**power:g}×", "middle"))
    for k, (label, found) in enumerate(rows):
        y = TOP + ROW * k
        parts.append(text(LEFT - 8, y + 4, label, "end"))
        parts.append(f"<line x1='{LEFT}' y1='{y}' x2='{LEFT + WIDTH}' y2='{y}' stroke='#f0f0f0'/>")
        if ticks:
            x = place(ticks[k])
            parts.append(
                f"<line x1='{x:.1f}' y1='{y - 7}' x2='{x:.1f}' y2='{y + 7}' stroke='#c00000' stroke-width='2'/>"
            )
        for name, value in found:
            colour = COLOURS[names.index(name) % len(COLOURS)]
            parts.append(f"<circle cx='{place(value):.1f}' cy='{y}' r='4' fill='{colour}' fill-opacity='0.75'/>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def legend(names: list[str]) -> list[str]:
    parts, x = [], 12
    for k, name in enumerate(names):
        parts.append(f"<circle cx='{x + 4}' cy='36' r='4' fill='{COLOURS[k % len(COLOURS)]}'/>")
        parts.append(text(x + 12, 40, name))
        x += 30 + 7 * len(name)
    return parts
