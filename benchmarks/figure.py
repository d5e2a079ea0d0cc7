"""The figure of the README: for each problem the time of every library relative to riata's, on a logarithmic axis.

Plain SVG text, so that the committed figure can be compared with what the results give, byte by byte.
"""

import math

from benchmarks.registry import OURS
from benchmarks.report import Duel

COLOURS = ["#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#9c755f", "#edc948", "#76b7b2"]
LEFT, WIDTH, ROW, TOP, RIGHT = 250, 560, 17, 64, 30
STYLE = "font-family='sans-serif' font-size='11' fill='#333333'"


def text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' {STYLE}>{words}</text>"


def ratios(duel: Duel) -> dict[str, float]:
    """Time of each library that was accurate enough over ours."""
    mine = float(duel.ours["seconds"])
    return {row["library"]: float(row["seconds"]) / mine for row in duel.others if row["reached"] == "yes"}


def chart(found: list[Duel], task: str) -> str:
    """The whole SVG."""
    found = [duel for duel in found if duel.task == task and duel.ours["reached"] == "yes" and ratios(duel)]
    found = sorted(found, key=lambda duel: -min(ratios(duel).values()))
    names = sorted({name for duel in found for name in ratios(duel)})
    most = max((value for duel in found for value in ratios(duel).values()), default=10.0)
    least = min((value for duel in found for value in ratios(duel).values()), default=1.0)
    low, high = min(0, math.floor(math.log10(least))), max(1, math.ceil(math.log10(most)))
    place = lambda value: LEFT + WIDTH * (math.log10(value) - low) / (high - low)  # noqa: E731
    height, bottom = TOP + ROW * len(found) + 34, TOP + ROW * len(found)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{LEFT + WIDTH + RIGHT}' height='{height}'>",
        f"<rect width='{LEFT + WIDTH + RIGHT}' height='{height}' fill='#ffffff'/>",
        text(12, 20, f"{task}: time divided by riata's, every library at the same accuracy (logarithmic)"),
        *legend(names),
    ]
    for power in range(low, high + 1):
        x, colour = place(10.0**power), "#333333" if power == 0 else "#dddddd"
        parts.append(f"<line x1='{x:.1f}' y1='{TOP - 8}' x2='{x:.1f}' y2='{bottom}' stroke='{colour}'/>")
        parts.append(text(x, bottom + 16, OURS if power == 0 else f"{10.0**power:g}×", "middle"))
    for k, duel in enumerate(found):
        y = TOP + ROW * k
        parts.append(text(LEFT - 8, y + 4, f"{duel.problem} ({duel.kind})", "end"))
        parts.append(f"<line x1='{LEFT}' y1='{y}' x2='{LEFT + WIDTH}' y2='{y}' stroke='#f0f0f0'/>")
        for name, value in ratios(duel).items():
            colour = COLOURS[names.index(name) % len(COLOURS)]
            parts.append(f"<circle cx='{place(value):.1f}' cy='{y}' r='4' fill='{colour}'/>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def legend(names: list[str]) -> list[str]:
    parts, x = [], 12
    for k, name in enumerate(names):
        parts.append(f"<circle cx='{x + 4}' cy='36' r='4' fill='{COLOURS[k % len(COLOURS)]}'/>")
        parts.append(text(x + 12, 40, name))
        x += 30 + 7 * len(name)
    return parts
