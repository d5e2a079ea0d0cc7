"""How one column of a table becomes columns of numbers, at the fit and again at every prediction.

number, date, duration   one column; with missing values (na="mean") a second one, ``name (missing)``, marks them
levels                   one 0/1 column for every level, ``name=level``; missing is a level of its own
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData
from riata.table.columns import (
    Column,
    RowLabel,
    as_levels,
    check_finite,
    parse_date,
    parse_number,
    stray,
)
from riata.table.words import count


@dataclasses.dataclass(frozen=True)
class Step:
    """What was learnt about one column.

    Attributes
    ----------
    column : str
    kind : "number", "date", "duration" or "levels"
    levels : tuple of str, for kind "levels"
    boolean : bool
        The column was true/false: ``TRUE``, ``true`` and ``True`` are the same level.
    fill : float or None
        The (weighted) training mean that takes the place of a missing number; None: missing is an error.
    marks_missing : bool
        Values were missing at the fit, so there is a column ``name (missing)``.
    accepts_missing : bool
        na="mean": missing values are no error.
    """

    column: str
    kind: str
    levels: tuple[str, ...] = ()
    boolean: bool = False
    fill: float | None = None
    marks_missing: bool = False
    accepts_missing: bool = False

    @property
    def names(self) -> list[str]:
        """Names of the columns of numbers that this step makes, in order."""
        own = [f"{self.column}={level}" for level in self.levels] if self.kind == "levels" else [self.column]
        return own + ([f"{self.column} (missing)"] if self.marks_missing else [])

    def codes(self, column: Column) -> NDArray[np.int64]:
        """For kind "levels": position of each row's 0/1 column in ``names``, -1 for none of them."""
        place = {level: i for i, level in enumerate(self.levels)}
        if self.boolean:
            place |= {spelt: i for level, i in place.items() for spelt in (level.lower(), level.upper())}
        if self.marks_missing:
            place[None] = len(self.levels)  # type: ignore[index]
        return np.fromiter((place.get(v, -1) for v in column.values), dtype=np.int64, count=len(column.values))

    def read(self, column: Column, label: RowLabel) -> tuple[Column, list[str]]:
        """``column`` of a new table as this step needs it, with warnings; InvalidData if it cannot be.

        Missing numbers are left to the caller, who can speak of all columns at once.
        """
        column = self._as_levels(column, label) if self.kind == "levels" else self._as_numbers(column, label)
        warnings = []
        if column.n_missing and not self.accepts_missing:
            first = int(np.flatnonzero(column.missing)[0])
            raise InvalidData(
                f'column "{self.column}" has no value in {column.n_missing:,} of {count(len(column.values), "row")}, '
                f"first at {label(first)}.",
                expected="a value in every row: the model was fitted without missing values",
                hint='fill the gaps, or fit the model with na="mean".',
            )
        if self.kind == "levels":
            warnings += self._unseen(column)
        return column, warnings

    def _as_numbers(self, column: Column, label: RowLabel) -> Column:
        if column.kind == "bool" and self.kind == "number":
            values = np.array([np.nan if v is None else float(v == "True") for v in column.values])
            column = Column(column.name, "number", values, column.missing, column.dtype)
        if column.kind == "text":
            parse = parse_date if self.kind == "date" else parse_number
            values = np.array([np.nan if v is None else parse(v) for v in column.values], dtype=float)
            bad = np.flatnonzero(np.isnan(values) & ~column.missing)
            if bad.size:
                raise stray(column, bad, self.kind, label)
            column = Column(column.name, self.kind, values, column.missing, column.dtype)
        if column.kind != self.kind and column.n_missing < len(column.values):
            raise InvalidData(
                f'column "{self.column}" held {self.kind}s when the model was fitted, and holds {column.kind}s now.',
                expected=f"{self.kind}s" + (" (ISO dates, or a date type)" if self.kind == "date" else ""),
                got=f"{column.dtype}, such as {column.values[0]}",
            )
        check_finite(column, label)
        return column

    def _as_levels(self, column: Column, label: RowLabel) -> Column:
        if column.kind in ("date", "duration", "other"):
            raise InvalidData(
                f'column "{self.column}" held text when the model was fitted, and holds {column.kind}s now.',
                expected=f"one of {_some(self.levels)}",
                got=column.dtype,
            )
        was_number = column.kind == "number"
        column = as_levels(column)
        present = column.values[~column.missing]
        if was_number and len(present) and not set(present) & set(self.levels):
            raise InvalidData(
                f'column "{self.column}" held text when the model was fitted, and holds numbers now.',
                expected=f"one of {_some(self.levels)}",
                got=f"{_some(sorted(set(present)))}, first at {label(int(np.flatnonzero(~column.missing)[0]))}",
            )
        return column

    def _unseen(self, column: Column) -> list[str]:
        unknown = self.codes(column) < 0
        if not unknown.any():
            return []
        words, counts = np.unique([str(v) for v in column.values[unknown & ~column.missing]], return_counts=True)
        shown = ", ".join(f'"{w}" ({count(int(c), "row")})' for w, c in zip(words[:6], counts[:6], strict=True))
        shown += f" and {len(words) - 6} more" if len(words) > 6 else ""
        out = []
        if len(words):
            out.append(
                f'column "{self.column}" has {"a level" if len(words) == 1 else "levels"} that the model '
                f"has never seen: {shown}. "
                "All its 0/1 columns are 0 there."
            )
        lost = int((unknown & column.missing).sum())
        if lost:
            out.append(
                f'column "{self.column}" has no value in {lost} row{"s" * (lost > 1)}: all its 0/1 columns are 0 there.'
            )
        return out

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return dataclasses.asdict(self) | {"levels": list(self.levels)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Step:
        """Inverse of :meth:`to_dict`."""
        return cls(**(data | {"levels": tuple(data["levels"])}))


def _some(words: Any, limit: int = 5) -> str:
    shown = ", ".join(f'"{w}"' for w in list(words)[:limit])
    return shown + (", …" if len(words) > limit else "")
