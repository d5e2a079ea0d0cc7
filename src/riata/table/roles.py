"""The columns with a part to play: target, weights, offset, and those carried along (folds, strata, …)."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData, InvalidOption, did_you_mean
from riata.table.columns import Column, RowLabel, check_finite, read_column, resolve
from riata.table.words import count, shown

Floats = NDArray[np.float64]


def find(name: str, names: Sequence[str], role: str) -> int:
    """Position of column ``name``, or InvalidOption with the closest name there is."""
    if name in names:
        return list(names).index(name)
    raise InvalidOption(
        f'the {role} column "{name}" is not in the table.',
        got=f"{len(names)} columns: {shown(names, 8)}",
        hint=did_you_mean(name, names),
    )


def role_columns(frame: Any, names: Sequence[str], given: dict[str, Any]) -> dict[str, Column]:
    """The columns that ``given`` (role -> name or array) speaks of, read.

    Raises InvalidOption for a name that is not there, InvalidData for an array of another length than the table.
    """
    out = {}
    for role, value in given.items():
        if isinstance(value, str):
            out[role] = read_column(frame, find(value, names, word(role)))
        elif value is not None:
            if np.shape(value) != (len(frame),):
                raise InvalidData(
                    f"{role} does not have one value per row.",
                    expected=f"shape ({len(frame)},)",
                    got=f"shape {np.shape(value)}",
                )
            out[role] = _given(role, value)
    return out


def _given(role: str, value: Any) -> Column:
    """An array as a column: of numbers if it can be, else of text."""
    try:
        values = np.asarray(value, dtype=float)
        return Column(role, "number", values, np.isnan(values), "array")
    except (TypeError, ValueError):
        words = [None if v is None or v != v else str(v) for v in np.asarray(value, dtype=object).tolist()]
    return Column(role, "text", np.array(words, dtype=object), np.array([v is None for v in words]), "array")


def word(role: str) -> str:
    """A role for a sentence: "target died" is a target column, "carry store" one that is wanted beside it."""
    return "target" if role.startswith("target") else "fold, stratum or exposure" if role.startswith("carry ") else role


def whole_target(main: Column, others: Sequence[Column]) -> Column:
    """A target of several columns as one: its value is missing where one of them is."""
    if not others:
        return main
    gaps = main.missing.copy()
    for column in others:
        gaps |= column.missing
    name = ", ".join([main.name, *(column.name for column in others)])
    return dataclasses.replace(main, name=name, missing=gaps)


def expand(patterns: str | Sequence[str], names: Sequence[str], role: str) -> list[str]:
    """Names meant by names and patterns (``gene_*``); a string that is no name may hold several, split at commas.

    >>> expand("a*,c", ["aa", "ab", "c"], "drop")
    ['aa', 'ab', 'c']
    """
    out: list[str] = []
    given = [patterns] if isinstance(patterns, str) else patterns
    parts = [part.strip() for text in given for part in ([text] if text in names else text.split(","))]
    for pattern in filter(None, parts):
        hits = [pattern] if pattern in names else [n for n in names if fnmatch.fnmatchcase(n, pattern)]
        if not hits:
            find(pattern, names, role)
        out += [hit for hit in hits if hit not in out]
    return out


def target_values(column: Column, label: RowLabel, labels: bool = False) -> tuple[Column, tuple[str, ...] | None]:
    """The target as numbers (NaN where missing), or InvalidData that says why it cannot be one.

    With ``labels`` it may be words: the numbers are then places in the sorted words, which come second.
    """
    column = resolve(column, label)
    if column.kind == "bool" or (labels and column.kind == "text"):
        words = tuple(sorted(set(column.values[~column.missing]))) if column.kind == "text" else ("False", "True")
        place = {level: float(k) for k, level in enumerate(words)}
        numbers = np.array([np.nan if v is None else place[v] for v in column.values])
        number = Column(column.name, "number", numbers, column.missing, column.dtype)
        return number, words if labels else None
    if column.kind != "number":
        levels = sorted({str(v) for v in column.values[~column.missing]})
        raise InvalidData(
            f'the target "{column.name}" holds {"text" if column.kind == "text" else column.kind + "s"}, not numbers.',
            expected="a number in every row (a squared-error model predicts a quantity)",
            got=f"values such as {shown(levels, 4)}" if column.kind == "text" else column.dtype,
            hint=_family_of(levels) if column.kind == "text" else "choose another target.",
        )
    check_finite(column, label)
    return column, None


def _family_of(levels: Sequence[str]) -> str:
    """Which family takes words as a target."""
    if len(levels) == 2:
        return 'family="binomial" models two classes.'
    return f'family="multinomial" models several classes; this target has {len(levels):,}.'


def check_target(column: Column, keep: NDArray[np.bool_]) -> Floats:
    """Target values of the kept rows; InvalidData if there are fewer than two or they are all the same."""
    y = column.values[keep]
    if len(y) < 2:
        raise InvalidData(
            f"only {count(len(y), 'row')} can be used.",
            expected="at least 2",
            got=f'{len(column.values)} rows, {column.n_missing} of them without a value of the target "{column.name}"',
        )
    if np.ptp(y) == 0:
        raise InvalidData(
            f'the target "{column.name}" is constant.',
            got=f"{y[0]:g} in all {len(y)} rows",
            expected="values that differ",
        )
    return y


def weight_values(column: Column, keep: NDArray[np.bool_], label: RowLabel) -> Floats:
    """Sample weights of the kept rows: numbers ≥ 0, not all 0."""
    values = role_values(column, keep, label, "weights")
    bad = np.flatnonzero(keep & (column.values.astype(float) < 0)) if column.kind != "text" else np.array([], dtype=int)
    if bad.size:
        raise InvalidData(
            f'the weights column "{column.name}" is negative in {count(bad.size, "row")}.',
            expected="weights of 0 or more",
            got=f"{column.values[bad[0]]:g} at {label(int(bad[0]))}",
        )
    if not values.any():
        raise InvalidData(
            f'the weights column "{column.name}" is 0 in every row.', expected="a positive weight somewhere"
        )
    return values


def role_values(column: Column, keep: NDArray[np.bool_], label: RowLabel, role: str) -> Floats:
    """Numbers of a column that must have one in every kept row (weights, offset)."""
    column = resolve(column, label)
    if column.kind != "number":
        raise InvalidData(f'the {role} column "{column.name}" holds {column.kind}, not numbers.', got=column.dtype)
    check_finite(column, label)
    check_present(column, keep, label, role)
    return column.values[keep]


def check_present(column: Column, keep: NDArray[np.bool_], label: RowLabel, role: str) -> None:
    """Raise InvalidData if ``column`` is missing in a kept row."""
    gaps = np.flatnonzero(column.missing & keep)
    if gaps.size:
        raise InvalidData(
            f'the {role} column "{column.name}" has no value in {count(gaps.size, "row")}, '
            f"first at {label(int(gaps[0]))}.",
            expected="a value in every row",
        )
