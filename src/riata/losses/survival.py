"""Survival targets: (time, event), (start, stop, event) or a structured array, checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.errors import InvalidData
from riata.losses.targets import numbers

Array = np.ndarray

SHAPES = "columns (time, event) or (start, stop, event), or a structured array of a boolean and one or two numbers"


def survival(y: Any) -> tuple[Array | None, Array, Array]:
    """(start or None, stop, event as booleans) of a survival target."""
    array = np.asarray(y)
    if array.dtype.names:
        columns = _structured(array)
    else:
        if array.ndim != 2 or array.shape[1] not in (2, 3):
            raise InvalidData("A survival target says when and whether.", expected=SHAPES, got=f"shape {array.shape}")
        table = numbers(array, ndim=2)
        columns = [table[:, k] for k in range(table.shape[1])]
    *times, event = columns
    start, stop = (times[0], times[1]) if len(times) == 2 else (None, times[0])
    _check(start, stop, event)
    return start, stop, event.astype(bool)


def _structured(array: Array) -> list[Array]:
    """The time fields in their order, then the event: the boolean field, or else the last."""
    names = list(array.dtype.names or ())
    if len(names) not in (2, 3):
        raise InvalidData("A survival target says when and whether.", expected=SHAPES, got=f"fields {names}")
    boolean = [name for name in names if array.dtype[name].kind == "b"]
    event = boolean[0] if len(boolean) == 1 else names[-1]
    times = [name for name in names if name != event]
    return [numbers(array[name], f"y[{name!r}]") for name in [*times, event]]


def _check(start: Array | None, stop: Array, event: Array) -> None:
    odd = np.flatnonzero((event != 0) & (event != 1))
    if odd.size:
        raise InvalidData(
            f"The event column is neither 0 nor 1 at row {int(odd[0])}.",
            expected="1 (event) or 0 (censored), times first",
            got=float(event[odd[0]]),
            hint="R codes an event as 2: pass event == 2." if set(event.tolist()) <= {1.0, 2.0} else None,
        )
    if not np.any(event):
        raise InvalidData(
            "All rows are censored: without an event there is nothing to learn from.", expected="at least one event"
        )
    if start is None:
        low = np.flatnonzero(stop < 0)
        if low.size:
            raise InvalidData(f"The time at row {int(low[0])} is negative.", expected="times ≥ 0", got=stop[low[0]])
        return
    late = np.flatnonzero(start >= stop)
    if late.size:
        row = int(late[0])
        raise InvalidData(
            f"Row {row} ends before it starts.", expected="start < stop", got=f"({start[row]}, {stop[row]}]"
        )


def strata_codes(strata: Any, n: int) -> Array | None:
    """0, 1, 2, … for the label of each row, or None."""
    if strata is None:
        return None
    array = np.asarray(strata)
    if array.shape != (n,):
        raise InvalidData("strata has one label a row.", expected=f"shape ({n},)", got=f"shape {array.shape}")
    return np.unique(array, return_inverse=True)[1].reshape(-1)
