"""What a method of inference found, on the screen and as JSON: the features, the promise, and what it assumes."""

from __future__ import annotations

import math
import re
from typing import Any

from riata.cli.fitting import Found
from riata.cli.screen import Screen
from riata.inference.intervals import Intervals
from riata.inference.knockoffs import Knockoffs
from riata.inference.methods import Method
from riata.inference.mfdr import MFDR
from riata.inference.stability import Stability
from riata.model.files import plain
from riata.select.selection import data_record
from riata.select.summary import ROWS, number, plain_table
from riata.table.words import count, shown

BESIDE = 5  # features that were not selected and come next
ROOM = 0.1  # below it a knockoff has a correlation above 0.9 with its feature


def method(how: Method, found: Found, screen: Screen) -> None:
    """Verdict, promise and assumptions, then the features."""
    result, frame = found.result, table(found.result)
    chosen = frame["feature"][: sum(frame["selected"])]
    screen.result(verdict(how, found, chosen))
    screen.result(f"promise: {promise(how, result)}.")
    if isinstance(result, Intervals):
        screen.result(f"about:   {result.target}.")
    screen.result(f"assumes: {how.assumes}.")
    if settled := _settled(how, result):
        screen.result(f"with:    {settled}.")
    screen.result("")
    rows = list(zip(*frame.values(), strict=True))
    limit = len(rows) if screen.verbose else min(len(chosen) + BESIDE, ROWS)
    screen.table(list(frame), [[_cell(v) for v in row] for row in rows[:limit]], plain_table, left=(0, 1))
    if len(rows) > limit:
        screen.result(f"  … and {len(rows) - limit:,} more (--verbose shows them, -o table.csv writes them)")
    for sentence in remarks(result):
        screen.note(sentence)


def verdict(how: Method, found: Found, names: list[str]) -> str:
    """How many features of how many, and which; ``names`` in the order of the table."""
    data = found.ready.data
    head = f"{how.name} selects {len(names) or 'none'} of {count(len(data.names), 'feature')} for {data.target}"
    return f"{head} ({count(len(data.y), 'row')}){': ' + shown(names, 10) if names else ''}."


def _named(how: Method) -> list[str]:
    """The options that the promise speaks of."""
    return [option.name for option in how.options if re.search(rf"\b{option.name}\b", how.promise)]


def _settled(how: Method, result: Any) -> str:
    """What the method's other options were, or became where the method chose them."""
    said = []
    for option in how.options:
        value = getattr(result, option.name, None)
        if option.name not in _named(how) and (isinstance(value, int | float) or value in option.choices):
            said.append(f"{option.name} {value}")
    return ", ".join(said)


def remarks(result: Any) -> list[str]:
    """What else there is to know of the result."""
    if isinstance(result, Stability):
        return list(result.notes)
    if not isinstance(result, Knockoffs):
        return []
    said = []
    if not result.selected and result.offset and result.draws == 1:
        least = math.ceil(1 / result.fdr - 1e-9)
        said.append(
            f"with offset 1 knockoffs select at least 1/fdr features, here {least}, or none: where fewer matter, only "
            "a larger --fdr, set before a look at the result, can find them."
        )
    if tight := int((result.room < ROOM).sum()):
        said.append(
            f"{count(tight, 'feature')} of {len(result.room):,} are nearly combinations of others (room below {ROOM}), "
            "which knockoffs cannot tell apart; riata doctor names twins, and --drop leaves columns out."
        )
    return said


def promise(how: Method, result: Any) -> str:
    """The promise, with the number of every option that it speaks of."""
    return f"{how.promise} ({', '.join(f'{name} = {getattr(result, name):.3g}' for name in _named(how))})"


def table(result: Any) -> dict[str, list[Any]]:
    """The columns of the result, one line a feature: selected ones first; none where nothing is said of a feature."""
    frame = result.local().to_frame() if isinstance(result, MFDR) else result.to_frame()
    columns: dict[str, list[Any]] = {"feature": frame["feature"], "selected": [], **frame}
    chosen = set(result.selected)
    columns["selected"] = [name in chosen for name in columns["feature"]]
    keys = list(columns)
    rows = [dict(zip(keys, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if isinstance(result, Intervals):
        rows = sorted((row for row in rows if row["p"] == row["p"]), key=lambda row: (row["p_adjusted"], row["p"]))
    rows.sort(key=lambda row: not row["selected"])
    return {key: [row[key] for row in rows] for key in keys}


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if not isinstance(value, float):
        return str(value)
    return "" if value != value else number(value, 4)


def as_json(how: Method, found: Found, own: dict[str, Any]) -> dict[str, Any]:
    """The result for machines. ``schema`` names the version; numbers that do not exist are null."""
    result, got = found.result, found.ready
    return plain(
        {
            "schema": {"name": "riata.select", "version": 1},
            "method": how.name,
            "selected": result.selected,
            "promise": promise(how, result),
            "assumes": how.assumes,
            "family": got.options.family,
            "data": data_record(got.data, found.table.label),
            "features": table(result),
            "notes": [*got.data.notes, *remarks(result)],
            "warnings": found.warnings,
            "options": own,
        }
    )
