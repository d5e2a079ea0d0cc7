"""Missing values: which rows stay, and the error that says where they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData, InvalidOption, did_you_mean
from riata.table.columns import Column, RowLabel
from riata.table.words import count, shown

RULES = ("error", "drop", "mean")


def check_rule(na: str) -> None:
    """Raise InvalidOption unless ``na`` is a rule for missing values."""
    if na not in RULES:
        raise InvalidOption(f'na="{na}" is not known.', expected=", ".join(RULES), hint=did_you_mean(str(na), RULES))


def rows_to_keep(
    na: str, target: Column, features: Sequence[Column], label: RowLabel
) -> tuple[NDArray[np.bool_], list[str]]:
    """(mask of the rows that stay, notes) under the rule ``na``; InvalidData under "error" if anything is missing."""
    check_rule(na)
    n = len(target.values)
    gaps = [c for c in (target, *features) if c.n_missing]
    any_gap = np.zeros(n, dtype=bool)
    for column in gaps:
        any_gap |= column.missing
    if na == "error" and gaps:
        raise _report(gaps, any_gap, target, label)
    keep = ~any_gap if na == "drop" else ~target.missing
    if na == "drop" and not keep.any():
        worst = sorted(gaps, key=lambda c: -c.n_missing)[:4]
        raise InvalidData(
            f"no row is complete: every one of the {count(n, 'row')} has a missing value.",
            got=", ".join(f"{c.name}: {c.n_missing} missing" for c in worst),
            hint='na="mean" keeps all rows; or leave out the emptiest columns: '
            f'drop="{",".join(c.name for c in worst)}".',
        )
    return keep, _notes(na, gaps, keep, target, features)


def _notes(
    na: str, gaps: Sequence[Column], keep: NDArray[np.bool_], target: Column, features: Sequence[Column]
) -> list[str]:
    notes = []
    lost = int((~keep).sum())
    if lost and na == "drop":
        notes.append(
            f"{lost:,} of {count(len(keep), 'row')} left out because a value is missing: "
            f"{shown(f'{c.name} ({c.n_missing})' for c in sorted(gaps, key=lambda c: -c.n_missing))}."
        )
    elif lost:
        notes.append(f"{lost:,} of {count(len(keep), 'row')} left out because the target {target.name} is missing.")
    if na == "mean":
        filled = [c for c in features if c.missing[keep].any()]
        numbers = [c for c in filled if c.kind not in ("text", "bool")]
        if numbers:
            notes.append(
                "missing numbers took the mean (of the training rows, in every fold) and a column that marks them: "
                f"{shown(f'{c.name} ({int(c.missing[keep].sum())})' for c in numbers)}."
            )
        if len(filled) > len(numbers):
            words = [c for c in filled if c not in numbers]
            notes.append(
                "missing text is a level of its own: "
                f"{shown(f'{c.name} ({int(c.missing[keep].sum())})' for c in words)}."
            )
    return notes


def _report(gaps: Sequence[Column], any_gap: NDArray[np.bool_], target: Column, label: RowLabel) -> InvalidData:
    n, rows = len(any_gap), int(any_gap.sum())
    lines = []
    for column in sorted(gaps, key=lambda c: -c.n_missing)[:10]:
        first = int(np.flatnonzero(column.missing)[0])
        is_target = " (the target)" if column is target else ""
        lines.append(f"{column.name}{is_target}: {column.n_missing:,} of {n:,}, first at {label(first)}")
    if len(gaps) > 10:
        lines.append(f"… and {len(gaps) - 10} more columns")
    stay = n - rows
    if gaps == [target]:
        hint = f'na="drop" leaves out the {count(rows, "row")} without it ({stay:,} stay).'
    else:
        hint = f'na="drop" leaves out {count(rows, "row")} ({stay:,} stay); ' if stay else ""
        hint += (
            'na="mean" keeps them: the mean takes the place of a missing number, beside a column that marks it; '
            "missing text becomes a level."
        )
    return InvalidData(
        f"values are missing in {count(len(gaps), 'column')}, in {rows:,} of {count(n, 'row')}.",
        expected="a value in every row, or a rule for missing ones",
        got=("\n" + " " * 12).join(lines),
        hint=hint,
    )
