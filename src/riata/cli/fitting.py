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
    table = read_table(args.data, format=args.format, header=not args.no_header, target=args.target)
    names = [f.name for f in dataclasses.fields(Options)]
    given = {name: getattr(args, name) for name in names if hasattr(args, name)}
    if "penalty_factor" in given:
        given["penalty_factor"] = penalty_factors(given["penalty_factor"])
    options = Options.of(**given)
    X, y, more = features_and_target(table, args.target)
    options = dataclasses.replace(options, **more)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they come back in Selection.warnings
            return run(
                X, y, options, row_label=table.row_label, label=table.label, argv=args.argv, progress=progress
            ), table
    except InvalidOption as error:
        raise _with_table_hint(error, table) from error


def survival(args: argparse.Namespace) -> None:
    """--time, --event and --start are the target of a Cox model; InvalidOption where one is lacking."""
    given = [args.start, args.time, args.event]
    if not any(given):
        return
    if args.target is not None:
        raise InvalidOption("-y and --time both name a target.", got=f"-y {args.target}", expected="one of them")
    if args.time is None or args.event is None:
        lacking = "--time" if args.time is None else "--event"
        raise InvalidOption(f"a survival target needs {lacking}.", expected="--time COLUMN --event COLUMN")
    if getattr(args, "family", "cox") not in ("cox", "auto"):
        raise InvalidOption(f"family {args.family} has no times and events.", expected="--family cox")
    args.family = "cox"
    args.target = ",".join(name for name in given if name is not None)


def _with_table_hint(error: InvalidOption, table: Table) -> InvalidOption:
    """A name that is not found may be the fault of a header that is none."""
    suspect = [note for note in table.notes if "looks like data" in note]
    if suspect and error.hint is None:
        return InvalidOption(error.what, got=error.got, expected=error.expected, hint=suspect[0])
    return error


def features_and_target(table: Table, target: str | None) -> tuple[Any, Any, dict[str, Any]]:
    """(X, y, further options) of a table: a column's name for a frame, arrays for a matrix."""
    if table.frame is not None:
        if target is None:
            names = table.frame.columns
            raise InvalidOption(
                "which column is to be predicted?",
                got=f"{count(len(names), 'column')}: {shown(names, 10)}",
                hint="say -y COLUMN.",
            )
        if table.first_line == 1 and target not in table.frame.columns and target.isdigit():
            target = f"column_{target}"  # a table without a header: columns are counted from 1
        return table.frame, target, {}
    matrix = table.matrix
    if table.format == "npy" and matrix.ndim == 2 and target is not None and not target.endswith(".npy"):
        return _split_array(matrix, target)
    y = table.y
    if target is not None and target.endswith(".npy"):
        y = read_table(target).matrix
    if y is None:
        raise InvalidOption(
            f"{table.label} holds no target.", expected="an array y in it, or -y FILE.npy", hint="say -y y.npy."
        )
    return matrix, y, {"feature_names": table.names} if table.names else {}


def _split_array(matrix: Any, target: str) -> tuple[Any, Any, dict[str, Any]]:
    text = target.removeprefix("x")
    if not text.isdigit() or int(text) >= matrix.shape[1]:
        raise InvalidOption(
            f'"{target}" is not a column of the array.', expected=f"x0 to x{matrix.shape[1] - 1}, or FILE.npy"
        )
    j = int(text)
    names = [f"x{k}" for k in range(matrix.shape[1]) if k != j]
    return np.delete(matrix, j, axis=1), matrix[:, j], {"feature_names": names}


def penalty_factors(words: list[str]) -> dict[str, float]:
    """{name: value} from NAME=VALUE words (several may be joined by commas) and files of name,value lines.

    >>> penalty_factors(["age=0,sex=inf"])
    {'age': 0.0, 'sex': inf}
    """
    out: dict[str, float] = {}
    for word in words:
        if "=" not in word:
            out |= _factors_of_file(word)
            continue
        for part in word.split(","):
            name, _, value = part.rpartition("=")
            out[name.strip()] = _factor(name, value, f"--penalty-factor {word}")
    return out


def _factors_of_file(name: str) -> dict[str, float]:
    path = Path(name)
    if not path.exists():
        raise InvalidOption(
            f"--penalty-factor {name} is neither NAME=VALUE nor a file.", hint=f"say --penalty-factor {name}=0."
        )
    rows = [row for row in csv.reader(path.read_text("utf-8").splitlines()) if row]
    out = {}
    for number, row in enumerate(rows):
        if len(row) != 2:
            raise DataFileError(
                f"{name}: line {number + 1} has {len(row)} fields.", expected="name,value", got=",".join(row)[:60]
            )
        if number == 0 and not _is_number(row[1]):
            continue  # a header
        out[row[0].strip()] = _factor(row[0], row[1], f"{name}, line {number + 1}")
    return out


def _factor(name: str, value: str, where: str) -> float:
    if not name.strip() or not _is_number(value):
        raise InvalidOption(f"{where} is not a penalty factor.", got=f"{name}={value}", expected="NAME=NUMBER")
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
