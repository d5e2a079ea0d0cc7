"""How words of the command line become values: numbers by name, groups of columns, lists of numbers."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from riata.core.errors import DataFileError, InvalidOption


def numbers_by_name(words: list[str], option: str) -> dict[str, float]:
    """{name: value} from NAME=VALUE words (several may be joined by commas) and files of name,value lines.

    >>> numbers_by_name(["age=0,sex=inf"], "--penalty-factor")
    {'age': 0.0, 'sex': inf}
    """
    out: dict[str, float] = {}
    for word in words:
        if "=" not in word:
            if not Path(word).exists():
                raise InvalidOption(
                    f"{option} {word} is neither NAME=VALUE nor a file.", hint=f"say {option} {word}=0."
                )
            rows = _pairs(word)
            first = 0 if _is_number(rows[0][1]) else 1  # a header
            out |= {name: _number(name, value, f"{word}: {name}") for name, value in rows[first:]}
            continue
        for part in word.split(","):
            name, _, value = part.rpartition("=")
            out[name.strip()] = _number(name, value, f"{option} {word}")
    return out


def group_weights(words: list[str]) -> float | dict[str, float]:
    """One number for all groups, or a number by name."""
    if len(words) == 1 and _is_number(words[0]):
        return float(words[0])
    return numbers_by_name(words, "--group-weights")


def groups(words: list[str]) -> dict[str, list[str]]:
    """{group: members} from NAME:COLS and COLS words, and files of column,group lines.

    >>> groups(["place:town,distance", "gene_*"])
    {'place': ['town', 'distance'], 'gene_*': ['gene_*']}
    """
    out: dict[str, list[str]] = {}
    for word in words:
        if Path(word).is_file():
            for column, label in _pairs(word):
                out.setdefault(label, []).append(column)
            continue
        name, colon, columns = word.partition(":")
        members = [part.strip() for part in (columns if colon else word).split(",") if part.strip()]
        if not members or (colon and not name.strip()):
            raise InvalidOption(f"--groups {word} names no columns.", got=word, expected="NAME:COLS, COLS or a file")
        out.setdefault(name.strip() if colon else word, []).extend(members)
    return out


def numbers(text: str, option: str) -> list[float]:
    """The numbers of a list with commas.

    >>> numbers("365, 730", "--times")
    [365.0, 730.0]
    """
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InvalidOption(f"{option} takes numbers.", got=text, expected="such as 0.5,0.1") from None


# What turns the words of an option into its value, where argparse does not.
READ: dict[str, Callable[[Any], Any]] = {
    "penalty_factor": lambda words: numbers_by_name(words, "--penalty-factor"),
    "group_weights": group_weights,
    "groups": groups,
    "times": lambda text: numbers(text, "--times"),
    "lams": lambda text: numbers(text, "--lams"),
    "ratios": lambda words: numbers_by_name(words, "--ratios"),
}


def _pairs(name: str) -> list[tuple[str, str]]:
    """The lines of a file of two columns; DataFileError for a line that has not two."""
    rows = [row for row in csv.reader(Path(name).read_text("utf-8").splitlines()) if row]
    for number, row in enumerate(rows):
        if len(row) != 2:
            raise DataFileError(
                f"{name}: line {number + 1} has {len(row)} fields.", expected="two fields", got=",".join(row)[:60]
            )
    if not rows:
        raise DataFileError(f"{name} is empty.", expected="lines of two fields")
    return [(row[0].strip(), row[1].strip()) for row in rows]


def _number(name: str, value: str, where: str) -> float:
    if not name.strip() or not _is_number(value):
        raise InvalidOption(f"{where} is not a number.", got=f"{name}={value}", expected="NAME=NUMBER")
    return float(value)


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False
