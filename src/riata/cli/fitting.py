"""From the arguments of `riata fit` to a Selection."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import importlib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from riata import penalties
from riata.core.errors import DataFileError, InvalidOption
from riata.select.api import run
from riata.select.options import Options
from riata.select.selection import Selection
from riata.table.read import Table, read_table
from riata.table.words import count, shown


def fit(args: argparse.Namespace, progress: Callable[[str], None]) -> tuple[Selection, Table]:
    """Read the table and run the selection."""
    progress(f"reading {args.data}")
    survival(args)
    target = args.target[0] if args.target and len(args.target) == 1 else args.target
    table = read_table(
        args.data, format=args.format, header=not args.no_header, target=target if isinstance(target, str) else None
    )
    options = options_of(args)
    X, y, more = features_and_target(table, target)
    options = dataclasses.replace(options, **more)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they come back in Selection.warnings
            return run(
                X, y, options, row_label=table.row_label, label=table.label, argv=args.argv, progress=progress
            ), table
    except InvalidOption as error:
        raise _with_table_hint(error, table) from error


def options_of(args: argparse.Namespace) -> Options:
    """The keywords of riata.select, those of the penalty among them, from the options of the same names."""
    own = {option for kind in penalties.penalties().values() for option in kind.options()}
    names = [f.name for f in dataclasses.fields(Options)] + sorted(own)
    given = {name: getattr(args, name) for name in names if hasattr(args, name)}
    for name, read in READ.items():
        if name in given:
            given[name] = read(given[name])
    return Options.of(**given)


def survival(args: argparse.Namespace) -> None:
    """--time, --event and --start are the target of a Cox model; InvalidOption where one is lacking."""
    given = [args.start, args.time, args.event]
    if not any(given):
        return
    if args.target is not None:
        raise InvalidOption(
            "-y and --time both name a target.", got=f"-y {','.join(args.target)}", expected="one of them"
        )
    if args.time is None or args.event is None:
        lacking = "--time" if args.time is None else "--event"
        raise InvalidOption(f"a survival target needs {lacking}.", expected="--time COLUMN --event COLUMN")
    if getattr(args, "family", "cox") not in ("cox", "auto"):
        raise InvalidOption(f"family {args.family} has no times and events.", expected="--family cox")
    args.family = "cox"
    args.target = [name for name in given if name is not None]


def _with_table_hint(error: InvalidOption, table: Table) -> InvalidOption:
    """A name that is not found may be the fault of a header that is none."""
    suspect = [note for note in table.notes if "looks like data" in note]
    if suspect and error.hint is None:
        return InvalidOption(error.what, got=error.got, expected=error.expected, hint=suspect[0])
    return error


def features_and_target(table: Table, target: Any) -> tuple[Any, Any, dict[str, Any]]:
    """(X, y, further options) of a table: a column's name for a frame, arrays for a matrix."""
    if table.frame is not None:
        if target is None:
            names = table.frame.columns
            raise InvalidOption(
                "which column is to be predicted?",
                got=f"{count(len(names), 'column')}: {shown(names, 10)}",
                hint="say -y COLUMN.",
            )
        if table.first_line == 1:  # a table without a header: columns are counted from 1
            target = [f"column_{word}" if word.isdigit() else word for word in _words(target)]
        return table.frame, target[0] if isinstance(target, list) and len(target) == 1 else target, {}
    matrix = table.matrix
    file = isinstance(target, str) and target.endswith(".npy")
    if table.format == "npy" and matrix.ndim == 2 and target is not None and not file:
        return _split_array(matrix, _words(target))
    y = read_table(target).matrix if file else table.y
    if y is None:
        raise InvalidOption(
            f"{table.label} holds no target.", expected="an array y in it, or -y FILE.npy", hint="say -y y.npy."
        )
    return matrix, y, {"feature_names": table.names} if table.names else {}


def _words(target: Any) -> list[str]:
    """The columns of a target that is named by one -y or several, each of which may hold several."""
    return [word.strip() for one in ([target] if isinstance(target, str) else target) for word in one.split(",")]


def _split_array(matrix: Any, target: list[str]) -> tuple[Any, Any, dict[str, Any]]:
    numbers = []
    for word in target:
        text = word.removeprefix("x")
        if not text.isdigit() or int(text) >= matrix.shape[1]:
            raise InvalidOption(
                f'"{word}" is not a column of the array.', expected=f"x0 to x{matrix.shape[1] - 1}, or FILE.npy"
            )
        numbers.append(int(text))
    names = [f"x{k}" for k in range(matrix.shape[1]) if k not in numbers]
    y = matrix[:, numbers[0]] if len(numbers) == 1 else matrix[:, numbers]
    return np.delete(matrix, numbers, axis=1), y, {"feature_names": names}


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


# How the words of options that may be given again become values.
READ: dict[str, Callable[[list[str]], Any]] = {
    "penalty_factor": lambda words: numbers_by_name(words, "--penalty-factor"),
    "group_weights": group_weights,
    "groups": groups,
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


def fault(sel: Selection) -> str | None:
    """Why a result is unusable under --strict, or None. The duality gap at the chosen lambda is not taken on trust."""
    tol = sel.model.certificate["tol"]
    if sel.largest_gap > tol:
        return f"the largest gap_rel is {sel.largest_gap:.1e}, above tol {tol:.0e}."
    if not sel.features:
        return "no feature was selected."
    certify = importlib.import_module("riata.certify").certify
    coef, intercept = sel.path.at(sel.lam)
    found = certify(sel.problem, coef, intercept, sel.lam)
    gap = found.gap_rel if sel.path.stationarity is None else found.kkt
    if gap > tol:
        return f"the gap_rel recomputed at the chosen lambda is {gap:.1e}, above tol {tol:.0e}."
    return None
