"""One column of any frame as plain numbers or plain text, and what kind of thing it is.

Frames come from polars, pandas or pyarrow and are read through narwhals. Whatever the library, a column ends as

    number     float64 with NaN where missing
    date       float64 days since 1970-01-01 (a fraction is the time of day), from dates or ISO text
    duration   float64 days
    bool       "True" / "False"
    text       str, None where missing
"""

from __future__ import annotations

import dataclasses
import datetime
import importlib.util
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData, need
from riata.table.words import count

RowLabel = Callable[[int], str]

# A text column of which at least this share are numbers (or dates) is meant to be one: its strays are errors.
MEANT_AS = 0.9
DAY = 86_400_000_000  # microseconds
_ISO = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ].*)?$")
_DATE_LIKE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?$|\d{1,2}[- ][A-Za-z]{3,9}[- ,]+\d{2,4}$")
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@dataclasses.dataclass(frozen=True, eq=False)
class Column:
    """A named column of n values; ``missing`` marks the rows without one."""

    name: str
    kind: str
    values: NDArray[Any]
    missing: NDArray[np.bool_]
    dtype: str
    was_text: bool = False

    @property
    def n_missing(self) -> int:
        return int(self.missing.sum())


@dataclasses.dataclass(frozen=True, eq=False)
class Frame:
    """The columns of a frame of any library, taken apart once: asking a frame for its names costs O(p) every time."""

    names: list[str]
    columns: list[Any]
    height: int

    def __len__(self) -> int:
        return self.height


def as_frame(frame: Any) -> Frame:
    """``frame`` (polars, pandas, pyarrow) as named columns; InvalidData if it is none, or has a name twice."""
    nw = need("narwhals", "table")
    try:
        wrapped = nw.from_native(frame)
    except TypeError:
        raise InvalidData(
            "this is not a table with named columns.",
            got=type(frame).__name__,
            expected="a polars, pandas or pyarrow frame",
        ) from None
    except Exception as error:  # narwhals refuses repeated names with an error class of its own
        raise InvalidData("the table cannot be used.", got=str(error).splitlines()[0]) from error
    wrapped = wrapped.collect() if isinstance(wrapped, nw.LazyFrame) else wrapped
    names = [str(name) for name in wrapped.columns]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InvalidData(
            "two columns have the same name.",
            got=", ".join(twice[:6]),
            hint="rename one of them, so that a name means one column.",
        )
    return Frame(names, list(wrapped.iter_columns()), len(wrapped))


def frame_of(columns: dict[str, list[Any]]) -> Any:
    """A small frame made from columns, for whoever must be shown one: of pandas, which all of scikit-learn reads, or
    of polars where there is no pandas."""
    library = "pandas" if importlib.util.find_spec("pandas") else "polars"
    return need(library, "table").DataFrame(columns)


def is_frame(X: Any) -> bool:
    """Whether ``X`` is a frame with named columns (not an array, not a sparse matrix, not a list)."""
    if isinstance(X, np.ndarray) or not (hasattr(X, "columns") or hasattr(X, "column_names")):
        return False
    nw = need("narwhals", "table")
    return isinstance(nw.from_native(X, pass_through=True), nw.DataFrame | nw.LazyFrame)


def read_column(frame: Frame, position: int) -> Column:
    """Column ``position`` of a frame, by its type alone: text is not looked into."""
    nw = need("narwhals", "table")
    series, name = frame.columns[position], frame.names[position]
    dtype = series.dtype
    if dtype.is_numeric():
        return _number(name, np.array(series.cast(nw.Float64).to_numpy(), dtype=float), str(dtype))
    if dtype in (nw.Date, nw.Datetime):
        stamp = series.cast(nw.Datetime("us")) if dtype == nw.Date else series
        return _number(name, _days(stamp.dt.timestamp("us")), str(dtype), kind="date")
    if dtype == nw.Duration:
        return _number(name, _days(series.dt.total_microseconds()), str(dtype), kind="duration")
    if dtype == nw.Boolean:
        return _text(name, [None if v is None else str(bool(v)) for v in series.to_list()], "Boolean", kind="bool")
    if dtype in (nw.String, nw.Categorical, nw.Enum):
        return _text(name, series.cast(nw.String).to_list(), str(dtype).split("(")[0])
    return _object(name, series.to_list(), str(dtype))


def _days(microseconds: Any) -> NDArray[np.float64]:
    nw = need("narwhals", "table")
    return np.array(microseconds.cast(nw.Float64).to_numpy(), dtype=float) / DAY


def _number(name: str, values: NDArray[np.float64], dtype: str, kind: str = "number") -> Column:
    return Column(name, kind, values, np.isnan(values), dtype)


def _text(name: str, values: list[Any], dtype: str, kind: str = "text") -> Column:
    array = np.empty(len(values), dtype=object)
    array[:] = [v if isinstance(v, str) else None for v in values]
    return Column(name, kind, array, np.array([v is None for v in array], dtype=bool), dtype)


def _object(name: str, values: list[Any], dtype: str) -> Column:
    """A column of Python objects: booleans, numbers, or text with whatever else; anything else is refused."""
    present = [v for v in values if v is not None and v == v]
    if present and all(isinstance(v, bool | np.bool_) for v in present):
        return _text(name, [None if v is None or v != v else str(bool(v)) for v in values], dtype, kind="bool")
    if all(isinstance(v, int | float | np.number) for v in present):
        return _number(name, np.array([np.nan if v is None else float(v) for v in values]), dtype)
    if all(isinstance(v, str | int | float | np.number) for v in present):
        return _text(name, [None if v is None or v != v else str(v) for v in values], dtype)
    return Column(name, "other", np.array([]), np.zeros(len(values), dtype=bool), dtype)


def resolve(column: Column, label: RowLabel) -> Column:
    """What a text column means: numbers, ISO dates, or words.

    Raises InvalidData naming row, column and value if nearly all values are numbers (or dates) and some are not.
    """
    if column.kind == "other":
        raise InvalidData(
            f'column "{column.name}" holds {column.dtype} values, which have no place in a linear model.',
            expected="numbers, text, booleans or dates",
            hint=f'drop="{column.name}" leaves it out.',
        )
    if column.kind != "text" or column.dtype in ("Categorical", "Enum"):
        return column
    present = np.flatnonzero(~column.missing)
    if present.size == 0:
        return _number(column.name, np.full(len(column.values), np.nan), column.dtype)
    for kind, parse in (("number", parse_number), ("date", parse_date)):
        parsed = _parse_all(column, parse, present)
        bad = present[np.isnan(parsed[present])]
        if bad.size == 0:
            return dataclasses.replace(_number(column.name, parsed, column.dtype, kind), was_text=True)
        if bad.size <= (1 - MEANT_AS) * present.size:
            raise stray(column, bad, kind, label)
    like = sum(bool(_DATE_LIKE.match(column.values[i].strip())) for i in present)
    if like >= MEANT_AS * present.size:
        raise InvalidData(
            f'column "{column.name}" looks like dates in a form that cannot be read without guessing.',
            expected="ISO dates such as 2026-11-23",
            got=f'"{column.values[present[0]]}" at {label(int(present[0]))}',
            hint=f'write them as ISO dates, or leave the column out with drop="{column.name}".',
        )
    return column


def stray(column: Column, bad: NDArray[np.int64], kind: str, label: RowLabel) -> InvalidData:
    """The error for values that are not of ``kind``: the first by row, column and value, and how many there are."""
    row = int(bad[0])
    more = f" and {len(bad) - 1:,} more like it" if len(bad) > 1 else ""
    return InvalidData(
        f'column "{column.name}" should hold {kind}s and has text in {count(len(bad), "row")}.',
        expected=f"a {kind}" + (" such as 2026-11-23" if kind == "date" else ""),
        got=f'"{column.values[row]}" at {label(row)}{more}',
        hint=f'correct the value or leave it empty; drop="{column.name}" leaves the column out, '
        f'categories="{column.name}" treats every value as a category.',
    )


def _parse_all(column: Column, parse: Callable[[str], float], present: NDArray[np.int64]) -> NDArray[np.float64]:
    out = np.full(len(column.values), np.nan)
    # Most text columns are words: give up once too many are not what is looked for.
    allowed = len(present) - int(MEANT_AS * len(present)) + 1
    for i in present:
        out[i] = value = parse(column.values[i])
        allowed -= value != value
        if allowed < 0:
            break
    return out


def parse_number(text: str) -> float:
    """``text`` as a float, NaN if it is none (including the words nan; digit groups with _ are none either)."""
    try:
        return float("nan") if "_" in text else float(text)
    except ValueError:
        return float("nan")


def parse_date(text: str) -> float:
    """ISO date or time as days since 1970-01-01, UTC unless it says otherwise; NaN if it is none.

    >>> parse_date("1970-01-02T12:00:00Z")
    1.5
    """
    text = text.strip()
    if not _ISO.match(text):
        return float("nan")
    try:
        moment = datetime.datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return float("nan")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return (moment - _EPOCH) / datetime.timedelta(days=1)


def as_levels(column: Column) -> Column:
    """The same column as text categories; whole numbers are written without a decimal point."""
    if column.kind in ("text", "bool"):
        return column
    words = np.empty(len(column.values), dtype=object)
    words[:] = [None if v != v else (str(int(v)) if v == int(v) else repr(float(v))) for v in column.values]
    return Column(column.name, "text", words, column.missing, column.dtype)


def check_finite(column: Column, label: RowLabel) -> None:
    """Raise InvalidData naming row and column of the first infinite value."""
    if column.kind not in ("number", "date", "duration"):
        return
    bad = np.flatnonzero(np.isinf(column.values))
    if bad.size:
        raise InvalidData(
            f'column "{column.name}" has {count(bad.size, "infinite value")}, first at {label(int(bad[0]))}.',
            expected="finite numbers",
            got=str(column.values[bad[0]]),
            hint="correct the value or leave it empty (missing).",
        )
