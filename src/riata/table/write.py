"""Columns as a file: CSV, Parquet or JSON, by its name."""

from __future__ import annotations

import csv
import io
import json
import os
from typing import Any

from riata.core.errors import InvalidOption, did_you_mean, need

FORMATS = ("csv", "parquet", "json")


def check_name(where: str | os.PathLike[str]) -> str:
    """The format that the name asks for; InvalidOption, or MissingExtra of what writes it."""
    suffix = form_of(where, FORMATS, "a table")
    if suffix == "parquet":
        need("polars", "table")
    return suffix


def form_of(where: str | os.PathLike[str], forms: tuple[str, ...], what: str) -> str:
    """The suffix of a file's name, which is one of ``forms``; InvalidOption where it is not."""
    suffix = os.path.splitext(where)[1].lstrip(".").lower()
    if suffix not in forms:
        raise InvalidOption(
            f'{what} cannot be written as "{os.fspath(where)}".', got=f".{suffix}" if suffix else "no suffix",
            expected=" or ".join(f".{name}" for name in forms), hint=did_you_mean(suffix, forms),
        )  # fmt: skip
    return suffix


def as_bytes(columns: dict[str, list[Any]], form: str) -> bytes:
    """The file's content; numbers with every digit, None as an empty cell or null."""
    if form == "parquet":
        out = io.BytesIO()
        need("polars", "table").DataFrame(columns).write_parquet(out)
        return out.getvalue()
    text = csv_text(columns) if form == "csv" else json.dumps(columns, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode()


def csv_text(columns: dict[str, list[Any]]) -> str:
    """Columns as CSV; numbers with every digit.

    >>> csv_text({"feature": ["a"], "coef": [0.1]})
    'feature,coef\\na,0.1\\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow([repr(value) if isinstance(value, float) else value for value in row])
    return out.getvalue()
