"""CSV and TSV: the delimiter, the header, missing values, ragged rows, and which columns are numbers.

Every field is read as text first; a column becomes a number only if every value that is not missing is one. Nothing is
guessed from a sample of rows, so a stray word in row 900,000 is found and named.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
from collections.abc import Iterator
from typing import Any

from riata.core.errors import DataFileError, need

MISSING = ("", "NA", "N/A", "#N/A", "n/a", "?", "NaN", "nan", "NAN", "null", "NULL", "Null")
DELIMITERS = (",", ";", "\t", "|")


@contextlib.contextmanager
def _long_fields() -> Iterator[None]:
    """csv refuses fields above 128 kB, and a wide header split at the wrong delimiter is one such field."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


@_long_fields()
def read_text(data: bytes, label: str, *, delimiter: str | None, header: bool) -> tuple[Any, list[str], int | None]:
    """(polars frame, notes, line of the first row or None when lines cannot be told from rows).

    Raises DataFileError naming the line for ragged rows and open quotes, and for a table with no rows.
    """
    pl = need("polars", "table")
    text, notes = _decode(data, label)
    delimiter = delimiter or sniff_delimiter(text, label)
    first = next(csv.reader(io.StringIO(_head(text)), delimiter=delimiter), [])
    if header:
        names, renamed = clean_names(first)
        notes += renamed
    else:
        names = [f"column_{i + 1}" for i in range(len(first))]
    frame = _parse(pl, text, label, delimiter, header, names)
    if frame.height == 0:
        raise DataFileError(
            f"{label} has a header and no rows.", got=f"{len(names)} column names", expected="at least two rows"
        )
    _check_last_column(frame, text, label, delimiter, len(names))
    if header:
        notes += _header_suspect(first, frame, label)
    lines = text.count("\n") + (not text.endswith("\n"))
    one_each = lines == frame.height + header
    typed, more = _typed(pl, frame, decimal_comma=delimiter == ";")
    return typed, notes + more, (1 + header if one_each else None)


def _decode(data: bytes, label: str) -> tuple[str, list[str]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16"), []
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        note = (
            f"{label} is not UTF-8 (byte 0x{data[error.start]:02x} in line {line}): read as Windows-1252. "
            "Check the accented letters."
        )
        return data.decode("cp1252", errors="replace"), [note]


def _head(text: str, lines: int = 1) -> str:
    """The first lines, with as many more as an open quote needs (at most 64 kB of them)."""
    end = 0
    for _ in range(lines):
        end = text.find("\n", end) + 1 or len(text)
    head = text[:end]
    while head.count('"') % 2 and end < min(len(text), 65536):
        end = text.find("\n", end) + 1 or len(text)
        head = text[:end]
    return head


def sniff_delimiter(text: str, label: str) -> str:
    """The delimiter that gives the first rows the same number of fields, and the most of them.

    >>> sniff_delimiter("a;b;c\\n1,5;2;3\\n", "x.csv")
    ';'
    """
    sample = _head(text, 20)
    if not sample.strip():
        raise DataFileError(f"{label} holds nothing but blank lines.", expected="a table")
    best, best_score = ",", (False, 1)
    for delimiter in DELIMITERS:
        counts = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row]
        score = (len(set(counts)) == 1 and counts[0] > 1, counts[0] if counts else 0)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def clean_names(first: list[str]) -> tuple[list[str], list[str]]:
    """Unique, non-empty column names, with a note for each change.

    An empty name becomes ``row_names`` if it is the first (R writes row names so), else ``column_7``; the second
    column called x is ``x (2)``.

    >>> clean_names(["", "x", "x"])[0]
    ['row_names', 'x', 'x (2)']
    """
    names: dict[str, None] = {}  # in order, and quick to look up: there may be 50,000
    empty, twice = [], []
    for i, raw in enumerate(first):
        name = " ".join(raw.split())
        if not name:
            name = "row_names" if i == 0 else f"column_{i + 1}"
            empty.append(name)
        base, k = name, 2
        while name in names:
            name, k = f"{base} ({k})", k + 1
        if name != base:
            twice.append(name)
        names[name] = None
    notes = []
    if empty:
        notes.append(f"unnamed in the header, so called here: {', '.join(empty[:6])}{', …' if len(empty) > 6 else ''}.")
    if twice:
        notes.append(
            f"named twice in the header, so called here: {', '.join(twice[:6])}{', …' if len(twice) > 6 else ''}."
        )
    return list(names), notes


def _parse(pl: Any, text: str, label: str, delimiter: str, header: bool, names: list[str]) -> Any:
    try:
        frame = pl.read_csv(
            io.BytesIO(text.encode()),
            separator=delimiter,
            has_header=header,
            new_columns=names,
            infer_schema=False,
        )
    except pl.exceptions.NoDataError:
        raise DataFileError(f"{label} is empty.", expected="a table") from None
    except pl.exceptions.PolarsError as error:
        _find_ragged(text, label, delimiter, len(names))
        raise DataFileError(f"{label} cannot be read as CSV.", got=str(error).splitlines()[0]) from error
    if len(names) > 1:  # a blank line is a row of nothing, and no row
        frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
    return frame


def _find_ragged(text: str, label: str, delimiter: str, width: int) -> None:
    """Raise DataFileError for the first row that has not ``width`` fields, or whose quote is never closed."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    start = 1
    try:
        for row in reader:
            if row and len(row) != width:
                last = reader.line_num >= text.rstrip("\n").count("\n") + 1
                short = len(row) < width
                raise DataFileError(
                    f"{label}: line {start} has {len(row)} fields, the header has {width}."
                    + (" It is the last line: the file seems to be cut short." if last and short else ""),
                    expected=f"{width} fields",
                    got=_clip(delimiter.join(row)),
                    hint="copy or download the file again."
                    if last and short
                    else "quote fields that hold the delimiter.",
                )
            start = reader.line_num + 1
    except csv.Error as error:
        end = "unexpected end" in str(error)
        raise DataFileError(
            f"{label}: a quote that opens in line {start} is {'never closed' if end else 'followed by more text'}.",
            got=_clip(text.splitlines()[start - 1]),
            hint="the file may be cut short." if end else None,
        ) from error


def _clip(value: str, width: int = 60) -> str:
    return value if len(value) <= width else value[: width - 1] + "…"


def _check_last_column(frame: Any, text: str, label: str, delimiter: str, width: int) -> None:
    """polars fills a short row with nulls. Only a row whose last field is null can be short: look only then."""
    if width > 1 and frame[:, -1].null_count():
        _find_ragged(text, label, delimiter, width)


def _header_suspect(first: list[str], frame: Any, label: str) -> list[str]:
    numbers = sum(_is_number(v) for v in first)
    if numbers * 3 < len(first) or numbers == 0:
        return []
    below = frame.row(0)
    if sum(_is_number(str(v)) for v in below) < numbers:
        return []
    return [f"the first line of {label} looks like data, not names ({_clip(', '.join(first), 40)}): use header=False."]


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return value.strip() in MISSING[1:]
    return True


def _without_missing_words(pl: Any, text: Any) -> Any:
    stripped = text.str.strip_chars()
    return stripped.set(stripped.is_in(list(MISSING)), None)


def _typed(pl: Any, frame: Any, *, decimal_comma: bool) -> tuple[Any, list[str]]:
    """Missing words to null, then every column whose values are all numbers to float64."""
    numbers = frame.select(pl.all().cast(pl.Float64, strict=False).fill_nan(None))
    notes: list[str] = []
    columns = []
    commas = []
    for text, number in zip(frame.iter_columns(), numbers.iter_columns(), strict=True):
        if text.null_count() < number.null_count():  # else nothing but numbers: the usual case, and the quick one
            text = _without_missing_words(pl, text)
            number = text.cast(pl.Float64, strict=False)
        if text.null_count() == number.null_count():
            columns.append(number)
            continue
        if decimal_comma:
            point = text.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
            if point.null_count() == text.null_count():
                commas.append(text.name)
                columns.append(point)
                continue
        columns.append(text)
    if commas:
        shown = ", ".join(itertools.islice(commas, 6)) + (", …" if len(commas) > 6 else "")
        notes.append(f"a comma was read as the decimal mark in: {shown}.")
    return pl.DataFrame(columns), notes
