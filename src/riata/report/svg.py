"""Vector pictures as text: a frame with axes, lines, marks and words, everything escaped."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np

WIDTH, HEIGHT = 480, 320
TOP, BOTTOM, LEFT = 44, 270, 62
BARE = 472  # right edge where no labels stand there
LETTER = 7.8  # width of a digit of a tick
UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))  # of ticks that are ten times as large


def tag(name: str, body: str | None = None, **attributes: Any) -> str:
    """One element; ``class_`` is class, other underscores are hyphens, None leaves an attribute out."""
    words = [f'{key.strip("_").replace("_", "-")}="{escape(place(value), quote=True)}"'
             for key, value in attributes.items() if value is not None]  # fmt: skip
    head = " ".join([name, *words])
    return f"<{head}/>" if body is None else f"<{head}>{body}</{name}>"


def place(value: Any) -> str:
    """A coordinate to a tenth of a pixel; anything else as it is."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def words(text: str, x: float, y: float, kind: str = "", anchor: str = "middle") -> str:
    return tag("text", escape(text), x=x, y=y, class_=kind or None, text_anchor=anchor)


def inside(text: str, x: float, y: float) -> str:
    """Words centred at ``x``, or as near to it as the right edge of the picture lets them."""
    return words(text, min(x, WIDTH - LETTER * len(text) / 2), y)


def nice(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers inside [low, high]: multiples of 1, 2 or 5 times a power of ten.

    >>> nice(0, 9.7)
    [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    if not high > low:
        return [low]
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) + 0.0 for k in range(first, math.floor(high / step + 1e-9) + 1)]


def decades(low: float, high: float) -> list[float]:
    """Ticks of a logarithmic axis: powers of ten, with 2 and 5 between them where there are few.

    >>> decades(0.03, 4)
    [0.05, 0.1, 0.2, 0.5, 1.0, 2.0]
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 2, 5)):
        ticks = [float(f"{m}e{k}") for k in powers for m in steps if low <= float(f"{m}e{k}") <= high]
        if len(ticks) >= 3:
            return ticks
    return nice(low, high, 4)


def tick_words(ticks: Sequence[float], percent: bool = False) -> list[str]:
    """The words of ticks, all with the digits that their distance needs; there is room for six characters.

    >>> tick_words([-0.5, 0.0, 0.5]), tick_words([0.0, 0.5], percent=True), tick_words([0.0, 5e3, 1e4])
    (['−0.5', '0.0', '0.5'], ['0 %', '50 %'], ['0', '5k', '10k'])
    """
    if percent:
        return [f"{100 * value:.0f} %" for value in ticks]
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 0.001
    unit, letter = next(((u, s) for u, s in UNITS if max(map(abs, ticks), default=0.0) >= 10 * u), (1.0, ""))
    step /= unit
    if step >= 1e6 or step < 1e-6:
        return [f"{value:g}".replace("-", "−") for value in ticks]
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return [f"{value / unit:,.{digits}f}{letter if value else ''}".replace("-", "−") for value in ticks]


def upright(
    ticks: Sequence[float], y: Callable[[float], float], label: str, ends: tuple[float, float], percent: bool = False
) -> list[str]:
    """Ticks, their words and the label of an axis on the left."""
    parts = []
    for value, text in zip(ticks, tick_words(ticks, percent), strict=True):
        parts.append(tag("path", d=f"M{LEFT - 4} {place(y(value))}H{LEFT}", class_="axis"))
        parts.append(words(text, LEFT - 7, y(value) + 4, anchor="end"))
    parts.append(tag("text", escape(label), x=0, y=0, text_anchor="middle", class_="label",
                     transform=f"translate(13 {place(sum(ends) / 2)}) rotate(-90)"))  # fmt: skip
    return parts


@dataclasses.dataclass(frozen=True)
class Frame:
    """The place of a picture: λ from large (left) to small, heights between low and high.

    Attributes
    ----------
    lams : the grid;  low, high : heights at the lower and upper edge;  right : right edge in pixels
    """

    lams: Sequence[float]
    low: float
    high: float
    right: float = BARE

    def shares(self) -> list[float]:
        """Where every λ stands between the left edge (0) and the right one (1), on a log scale; λ = 0 at the edge."""
        return shares(self.lams)

    def x(self, index: int) -> float:
        return LEFT + self.shares()[index] * (self.right - LEFT)

    def xs(self) -> list[float]:
        return [LEFT + t * (self.right - LEFT) for t in self.shares()]

    def y(self, value: float) -> float:
        return BOTTOM - (value - self.low) / (self.high - self.low) * (BOTTOM - TOP)

    def axes(self, ylabel: str, counts: Sequence[int], percent: bool = False) -> str:
        """Axes with ticks, words for both, and the number of features on top."""
        parts = [tag("path", d=f"M{LEFT} {TOP}V{BOTTOM}H{place(self.right)}", class_="axis")]
        parts += upright(nice(self.low, self.high), self.y, ylabel, (TOP, BOTTOM), percent)
        parts += self._lam_ticks() + self._counts(counts)
        parts.append(words("λ (log scale)", (LEFT + self.right) / 2, BOTTOM + 38, "label"))
        return "".join(parts)

    def _lam_ticks(self) -> list[str]:
        positive = [lam for lam in self.lams if lam > 0]
        if len(positive) < 2 or max(positive) == min(positive):
            return [words(f"{lam:.3g}", LEFT, BOTTOM + 18) for lam in positive[:1]]
        low, high = min(positive), max(positive)
        parts = []
        for lam in decades(low, high):
            x = LEFT + math.log(high / lam) / math.log(high / low) * (self.right - LEFT)
            parts.append(tag("path", d=f"M{place(x)} {BOTTOM}v4", class_="axis"))
            parts.append(inside(f"{lam:g}", x, BOTTOM + 18))
        return parts

    def _counts(self, counts: Sequence[int]) -> list[str]:
        xs = self.xs()
        wanted = np.linspace(min(xs), max(xs), 6)
        at = sorted({int(np.argmin(np.abs(np.array(xs) - want))) for want in wanted})
        parts = [inside(f"{counts[i]:,}", xs[i], TOP - 8) for i in at]
        return [*parts, words("number of features", (LEFT + self.right) / 2, TOP - 26, "label")]

    def line(self, index: Sequence[int], values: Sequence[float], **attributes: Any) -> str:
        """A line through the values at places of the grid."""
        xs = self.xs()
        points = " ".join(f"{place(xs[i])},{place(self.y(v))}" for i, v in zip(index, values, strict=True))
        return tag("polyline", points=points, **attributes)

    def rule(self, index: int, text: str, left: bool) -> str:
        """A dotted vertical line with its word beside it: on the left and a line lower where the right has no room."""
        x = self.x(index)
        tight = not left and x > self.right - 34
        left, y = left or tight, TOP + (28 if tight else 12)
        line = tag("path", d=f"M{place(x)} {TOP}V{BOTTOM}", class_="rule")
        return line + words(text, x + (-4 if left else 4), y, "rule-word", "end" if left else "start")

    def marker(self, index: int, heights: Sequence[float] | None) -> str:
        """The line that the slider moves, with a dot on the curve where there is one curve."""
        dot = tag("circle", cx=0, cy=self.y(heights[index]), r=5) if heights else ""
        line = tag("path", d=f"M0 {TOP}V{BOTTOM}")
        return tag("g", line + dot, class_="marker", transform=f"translate({place(self.x(index))} 0)")

    def picture(self, name: str, title: str, body: str, heights: Sequence[float] | None = None) -> str:
        """The whole; what the script needs to move the marker stands in data attributes."""
        ys = None if heights is None else json.dumps([round(self.y(v), 1) for v in heights])
        return tag(
            "svg", body, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=title, id=name, class_="linked",
            data_left=LEFT, data_right=self.right, data_ys=ys,
        )  # fmt: skip


def shares(lams: Sequence[float]) -> list[float]:
    """Places on a log axis between 0 (the largest λ) and 1 (the smallest); in the middle where there is but one."""
    positive = [lam for lam in lams if lam > 0]
    low, high = (min(positive), max(positive)) if positive else (1.0, 1.0)
    if high == low:
        return [0.5] * len(lams)
    return [math.log(high / max(lam, low)) / math.log(high / low) for lam in lams]
