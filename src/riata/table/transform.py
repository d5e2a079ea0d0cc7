"""Apply what an Encoder learnt to a new table."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData, did_you_mean
from riata.table.assemble import assemble
from riata.table.columns import RowLabel, as_frame, read_column
from riata.table.roles import role_values
from riata.table.words import count, shown

if TYPE_CHECKING:
    from riata.table.encode import Encoder


@dataclasses.dataclass(frozen=True, eq=False)
class Transformed:
    """X for new rows.

    Attributes
    ----------
    X : float64 array or CSC, one column per name;  names : its columns
    offset : float64 (n,) or None
    warnings : what was imputed, and levels never seen before
    notes : columns of the table that were not used
    """

    X: Any
    names: tuple[str, ...]
    offset: NDArray[np.float64] | None
    warnings: list[str]
    notes: list[str]


def transform(encoder: Encoder, frame: Any, names: Sequence[str] | None, label: RowLabel) -> Transformed:
    """See :meth:`riata.table.encode.Encoder.transform`."""
    wanted = set(encoder.names if names is None else names)
    wrapped = as_frame(frame)
    there = {name: place for place, name in enumerate(wrapped.names)}
    own: list[str] = []
    position = 0
    steps = []
    for step in encoder.steps:
        mine = encoder.names[position : position + len(step.names)]
        position += len(step.names)
        if wanted & set(mine):
            steps.append(step)
            own += mine
    needed = [step.column for step in steps] + ([encoder.offset] if encoder.offset else [])
    _check_there(needed, there)
    columns, warnings = [], []
    for step in steps:
        column, more = step.read(read_column(wrapped, there[step.column]), label)
        columns.append(column)
        warnings += more
    filled = [f"{c.name} ({c.n_missing:,})" for c in columns if c.n_missing and c.kind not in ("text", "bool")]
    if filled:
        warnings.append(f"missing numbers took the mean of the training data: {shown(filled)}.")
    X = assemble(steps, columns, len(wrapped)).X
    offset = None
    if encoder.offset:
        every = np.ones(len(wrapped), dtype=bool)
        offset = role_values(read_column(wrapped, there[encoder.offset]), every, label, "offset")
    if names is not None:
        place = {name: j for j, name in enumerate(own)}
        X = X[:, [place[name] for name in names]]
    return Transformed(X, tuple(own if names is None else names), offset, warnings, _extra(encoder, there))


def _check_there(needed: Sequence[str], there: dict[str, int]) -> None:
    lacking = [name for name in needed if name not in there]
    if not lacking:
        return
    free = [name for name in there if name not in needed]
    guesses = [f'"{free_name}" for "{name}"' for name in lacking[:3] if (free_name := _closest(name, free))]
    raise InvalidData(
        f"the table lacks {count(len(lacking), 'column')} that the model needs: {shown(lacking)}.",
        expected=f"columns {shown(needed, 10)}",
        got=f"columns {shown(there, 10)}",
        hint=f"did you mean {', '.join(guesses)}?" if guesses else None,
    )


def _closest(name: str, choices: Sequence[str]) -> str | None:
    hint = did_you_mean(name, choices) or did_you_mean(name.lower(), [c.lower() for c in choices])
    if hint is None:
        return None
    word = hint.split('"', 1)[1].rsplit('"', 1)[0]
    return next((c for c in choices if word in (c, c.lower())), None)


def _extra(encoder: Encoder, there: dict[str, int]) -> list[str]:
    known = {step.column for step in encoder.steps} | set(encoder.left_out)
    known |= {encoder.target or "", encoder.weights or "", encoder.offset or ""}
    extra = [name for name in there if name not in known]
    return [f"columns that the model does not know were ignored: {shown(extra)}."] if extra else []
