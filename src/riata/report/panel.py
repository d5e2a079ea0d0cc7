"""A picture with two plain axes, as text: what the diagnostics and the geometry are drawn on."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from riata.report.svg import LEFT, WIDTH, nice, place, tag, tick_words, upright, words

TOP, RIGHT = 14, 460  # room for half a tick's words on the right


@dataclasses.dataclass(frozen=True)
class Panel:
    """Values from (left, low) to (right, high) on a picture 480 wide.

    Attributes
    ----------
    left, right, low, high : of the values;  height : of the picture
    """

    left: float
    right: float
    low: float
    high: float
    height: float = 320.0

    @property
    def bottom(self) -> float:
        return self.height - 50

    def x(self, value: float) -> float:
        return LEFT + (value - self.left) / (self.right - self.left) * (RIGHT - LEFT)

    def y(self, value: float) -> float:
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - TOP)

    def axes(
        self, xlabel: str, ylabel: str, percent: tuple[bool, bool] = (False, False), names: Sequence[str] = ()
    ) -> str:
        """Both axes with ticks and labels; ``names`` stand at 1, 2, … of the lower one."""
        parts = [tag("path", d=f"M{LEFT} {TOP}V{place(self.bottom)}H{RIGHT}", class_="axis")]
        parts += upright(nice(self.low, self.high), self.y, ylabel, (TOP, self.bottom), percent[1])
        ticks = [float(k + 1) for k in range(len(names))] or nice(self.left, self.right)
        for value, text in zip(ticks, names or tick_words(ticks, percent[0]), strict=True):
            parts.append(tag("path", d=f"M{place(self.x(value))} {place(self.bottom)}v4", class_="axis"))
            parts.append(words(text, self.x(value), self.bottom + 18))
        parts.append(words(xlabel, (LEFT + RIGHT) / 2, self.bottom + 38, "label"))
        return "".join(parts)

    def line(self, xs: Sequence[float], ys: Sequence[float], **attributes: Any) -> str:
        """A line through points."""
        points = " ".join(f"{place(self.x(a))},{place(self.y(b))}" for a, b in zip(xs, ys, strict=True))
        return tag("polyline", points=points, **attributes)

    def dots(self, xs: Sequence[float], ys: Sequence[float], r: float = 4.0, kind: str = "dot") -> str:
        return "".join(tag("circle", cx=self.x(a), cy=self.y(b), r=r, class_=kind) for a, b in zip(xs, ys, strict=True))

    def bars(self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float]) -> str:
        """Upright lines from low to high, as one path."""
        steps = (
            f"M{place(self.x(a))} {place(self.y(b))}V{place(self.y(c))}"
            for a, b, c in zip(xs, lows, highs, strict=True)
        )
        return tag("path", d="".join(steps), class_="bar")

    def key(self, y: float, name: str, colour: str, dash: str | None = None) -> str:
        """What a line stands for, on the right."""
        stroke = tag(
            "path", d=f"M{RIGHT - 120} {place(y - 4)}h28", class_="named", stroke=colour, stroke_dasharray=dash
        )
        return stroke + words(name, RIGHT - 84, y, "name", "start")

    def diagonal(self) -> str:
        """Where both axes agree, as far as it lies inside."""
        low, high = max(self.left, self.low), min(self.right, self.high)
        return self.line([low, high], [low, high], class_="null") if high > low else ""

    def picture(self, title: str, body: str) -> str:
        """The whole; ``title`` is for those who do not see it."""
        return tag("svg", body, viewBox=f"0 0 {WIDTH} {place(self.height)}", role="img", aria_label=title)


def around(*parts: Sequence[float], share: float = 0.05) -> tuple[float, float]:
    """The range of all the values with a margin; never empty."""
    low, high = min(min(part) for part in parts), max(max(part) for part in parts)
    room = share * (high - low) or max(abs(high), 1.0) * share
    return low - room, high + room
