"""Things worth saying about a table: identifiers, wide categories, constant and duplicate columns, dates.

Nothing here changes a number; :func:`identifier` alone decides that a text column is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from riata.table.columns import Column
from riata.table.steps import Step
from riata.table.words import count, shown

WIDE = 100  # levels above which a category is pointed out


def identifier(column: Column) -> str | None:
    """Why a text column names its rows and does not describe them, or None.

    The rule: every value differs, or there are more than 10 levels and more than half as many levels as values.
    One-hot columns with one or two rows each would fit those rows and say nothing about a new one.
    """
    if column.kind != "text":
        return None
    present = column.values[~column.missing]
    levels = len(set(present))
    if len(present) > 2 and levels == len(present):
        return "every value differs"
    if levels > 10 and levels > len(present) / 2:
        return f"{levels:,} values in {count(len(present), 'row')}"
    return None


def numbers_like_identifiers(columns: Sequence[Column]) -> list[str]:
    """Whole-number columns that count the rows or never repeat."""
    counts: list[str] = []
    unique: list[str] = []
    for column in columns:
        values = column.values
        if column.kind != "number" or column.n_missing or len(values) < 20 or not np.all(values == np.floor(values)):
            continue
        if len(np.unique(values)) < len(values):
            continue
        steps = np.diff(values)
        (counts if np.all(steps == steps[0]) else unique).append(column.name)
    notes = []
    if counts:
        notes.append(f"{_col(counts)} {shown(counts)} count{'s' * (len(counts) == 1)} the rows: {_drop(counts)}.")
    if unique:
        word = "an identifier" if len(unique) == 1 else "identifiers"
        notes.append(f"whole numbers that never repeat, perhaps {word}: {shown(unique)}. If so, {_drop(unique)}.")
    return notes


def _col(names: Sequence[str]) -> str:
    return "column" if len(names) == 1 else "columns"


def _drop(names: Sequence[str]) -> str:
    return f'drop="{",".join(names[:6])}" leaves {"it" if len(names) == 1 else "them"} out'


def about_steps(steps: Sequence[Step]) -> list[str]:
    """How text, dates and missing values were turned into numbers."""
    notes = []
    levels = [s for s in steps if s.kind == "levels"]
    if levels:
        total = sum(len(s.names) for s in levels)
        notes.append(
            f"{count(len(levels), 'text column')} became {total:,} columns of 0 and 1, one for each level: "
            f"{shown(f'{s.column} ({len(s.names)})' for s in levels)}."
        )
        pairs = [s.column for s in levels if len(s.names) == 2]
        if pairs:
            notes.append(f"two levels are mirror images, so either may carry the effect of: {shown(pairs)}.")
        wide = [s for s in levels if len(s.levels) > WIDE]
        if wide:
            notes.append(
                f"many levels: {shown(f'{s.column} ({len(s.levels)})' for s in wide)}. "
                f"{_drop([s.column for s in wide])}."
            )
    for kind, unit in (("date", "days since 1970-01-01"), ("duration", "days")):
        some = [s.column for s in steps if s.kind == kind]
        if some:
            notes.append(f"{kind}s became numbers ({unit}): {shown(some)}.")
    return notes


def about_matrix(X: Any, names: Sequence[str]) -> list[str]:
    """Constant and exactly repeated columns of the matrix."""
    constant: list[str] = []
    seen: dict[bytes, str] = {}
    twins: list[str] = []
    for name, column in zip(names, _columns(X), strict=True):
        if column is None or np.ptp(column) == 0:
            constant.append(name)
            continue
        key = hashlib.blake2b(np.ascontiguousarray(column).data, digest_size=16).digest()
        if key in seen:
            twins.append(f"{name} is {seen[key]}")
        else:
            seen[key] = name
    notes = []
    if constant:
        notes.append(f"constant, so without effect: {shown(constant)}.")
    if twins:
        notes.append(f"exact copies, which share one effect: {shown(twins)}.")
    return notes


def _columns(X: Any) -> Iterable[Any]:
    """Columns for comparison; of a sparse matrix, only those that store every row (None: nothing stored)."""
    if isinstance(X, np.ndarray):
        yield from (X[:, j] for j in range(X.shape[1]))
        return
    for start, stop in zip(X.indptr[:-1], X.indptr[1:], strict=True):
        if start == stop:
            yield None
            continue
        rows = X.indices[start:stop].astype(float)
        yield X.data[start:stop] if stop - start == X.shape[0] else np.concatenate([rows, X.data[start:stop], [-1.0]])
