"""The linked pictures of the report: coefficients, held-out error and false discoveries over λ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from riata.plot.axes import COLOURS
from riata.plot.labels import short, spread
from riata.report.content import Content, Row
from riata.report.svg import BARE, BOTTOM, LEFT, TOP, Frame, tag, words

NAMED, FAINT = 10, 60  # lines in colour with their names; other lines
LABELLED = 352.0  # right edge of the axes where names stand beside them
ROOM = 14  # letters of a name there
DASHES = (None, "7 3", "2 3")


def coefficients(content: Content) -> str:
    """The path: the first rows in colour and named, others faint behind."""
    rows = content.rows[: NAMED + FAINT]
    named = rows[:NAMED]  # the axis is theirs: where the path overfits, others may run out of the picture
    top = max((max(row.coef) * row.sd for row in named), default=0.0)
    bottom = min((min(row.coef) * row.sd for row in named), default=0.0)
    frame = Frame(content.lams, *padded(min(bottom, 0.0), max(top, 0.0)), LABELLED)
    parts = [frame.axes("coefficient per standard deviation", content.model.path["df"])]
    parts.append(tag("path", d=f"M{LEFT} {frame.y(0):.1f}H{LABELLED:.0f}", class_="axis"))
    faint = "".join(line(frame, row, len(content.lams), class_="faint") for row in rows[NAMED:])
    parts.append(tag("svg", faint, x=LEFT, y=TOP, width=LABELLED - LEFT, height=BOTTOM - TOP,
                     viewBox=f"{LEFT} {TOP} {LABELLED - LEFT:.0f} {BOTTOM - TOP}"))  # fmt: skip
    for k, row in reversed(list(enumerate(named))):
        colour, dash = COLOURS[k % len(COLOURS)], DASHES[k // len(COLOURS)]
        parts.append(line(frame, row, len(content.lams), class_="named", stroke=colour, stroke_dasharray=dash,
                          data_row=k))  # fmt: skip
    parts += labels(frame, named, len(content.lams)) + rules(frame, content)
    parts.append(frame.marker(content.index, None))
    return frame.picture("path", f"Path of the coefficients over λ. {content.verdict}", "".join(parts))


def line(frame: Frame, row: Row, n: int, **attributes: object) -> str:
    """One coefficient, from the last λ at which it is zero; a gap in its support is drawn as zero."""
    first, last = max(row.at[0] - 1, 0), min(row.at[-1] + 1, n - 1)
    values = dict(zip(row.at, row.coef, strict=True))
    at = range(first, last + 1)
    return frame.line(at, [values.get(i, 0.0) * row.sd for i in at], **attributes)


def labels(frame: Frame, named: Sequence[Row], n: int) -> list[str]:
    """Names beside the ends of the lines, moved apart, each with a thin line that leads to its end."""
    if not named:
        return []
    ends = np.array([frame.y(row.value(n - 1) * row.sd) for row in named])
    places = spread(ends, 16.0, TOP + 6.0, BOTTOM - 2.0)
    parts = []
    for k, (row, end, y) in enumerate(zip(named, ends, places, strict=True)):
        of = "" if row.output is None else f" · {short(row.output, 6)}"
        text = short(row.feature, ROOM - len(of)) + of
        lead = f"M{LABELLED:.0f} {end:.1f}L{LABELLED + 10:.0f} {y:.1f}h4"
        parts.append(tag("path", d=lead, class_="lead", stroke=COLOURS[k % len(COLOURS)]))
        parts.append(words(text, LABELLED + 17, float(y) + 4, "name", "start"))
    return parts


def error(content: Content) -> str:
    """Held-out error (or score) with ± one standard error, and what the model without features has."""
    cv, null = content.cv, content.null_loss
    known = np.isfinite(cv.cvm)
    if not known.any():
        return ""
    se = np.nan_to_num(cv.cvse)
    ends = [*(cv.cvm - se)[known], *(cv.cvm + se)[known], *([null] if np.isfinite(null) else [])]
    low, high = padded(min(ends), max(ends))
    heights = np.where(known, cv.cvm, low)
    frame = Frame(content.lams, low, high)
    parts = [frame.axes(content.measure, content.model.path["df"])]
    if np.isfinite(null):
        y = frame.y(null)
        parts.append(tag("path", d=f"M{LEFT} {y:.1f}H{BARE}", class_="null"))
    xs = frame.xs()
    for x, value, spread_ in zip(np.array(xs)[known], cv.cvm[known], se[known], strict=True):
        bar = f"M{x:.1f} {frame.y(value - spread_):.1f}V{frame.y(value + spread_):.1f}"
        parts.append(tag("path", d=bar, class_="bar"))
    parts.append(frame.line(np.flatnonzero(known).tolist(), cv.cvm[known].tolist(), class_="curve"))
    if np.isfinite(null):  # above the bars
        parts.append(words("without features", roomy(frame, content), y - 5 if y > TOP + 18 else y + 14, "rule-word"))
    parts += [*rules(frame, content), frame.marker(content.index, heights.tolist())]
    return frame.picture("cv", f"Cross-validated {content.measure} over λ.", "".join(parts), heights.tolist())


def roomy(frame: Frame, content: Content) -> float:
    """Where words in the middle of a picture are farthest from the lines of the rules and from the marker."""
    taken = [frame.x(entry["index"]) for entry in content.choices.values()] + [frame.x(content.index)]
    return max((LEFT + part * (frame.right - LEFT) for part in (0.85, 0.6, 0.35)),
               key=lambda x: min(min(abs(x - other) for other in taken), 75.0))  # fmt: skip


def false_rate(content: Content) -> str:
    """mFDR along the path, or nothing where the family has none."""
    rate = content.known.mfdr
    if rate is None:
        return ""
    frame = Frame(content.lams, 0.0, max(0.1, *rate) * 1.11)  # above it stand the words of the rules
    parts = [frame.axes("mFDR", content.model.path["df"], percent=True)]
    parts.append(frame.line(range(len(rate)), rate, class_="curve"))
    parts += [*rules(frame, content), frame.marker(content.index, rate)]
    title = "Marginal false discovery rate over λ: the share of the selected features that is expected to be noise."
    return frame.picture("mfdr", title, "".join(parts), rate)


def rules(frame: Frame, content: Content) -> list[str]:
    """The λ of each rule; the words of neighbours stand on either side of the pair."""
    found = sorted((entry["index"], name) for name, entry in content.choices.items())
    return [frame.rule(i, name, left=rank == 0 and len(found) > 1) for rank, (i, name) in enumerate(found)]


def padded(low: float, high: float) -> tuple[float, float]:
    """The range with a margin, the upper one for the words of the rules; never empty."""
    room = 0.05 * (high - low) or max(abs(high), 1.0) * 0.05
    return low - room, high + 2 * room
