"""--dry-run: what a command would read, which part each column has, what would be solved, and what written."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from typing import Any

import numpy as np

from riata.cli import fitting
from riata.cli.screen import Screen
from riata.model.files import plain
from riata.path.fit import default_grid
from riata.select.data import Data, sources
from riata.select.options import Options
from riata.select.ready import Ready
from riata.select.summary import number, plain_table
from riata.table.read import Table
from riata.table.words import count, shown

# Options that name a column with a part of its own, and what the part is called.
PARTS = {"sample_weight": "weights", "offset": "offset", "exposure": "exposure", "strata": "strata", "foldid": "folds",
         "fold_groups": "kept in one fold"}  # fmt: skip
FILES = {"output": "result", "report": "report", "plot": "picture"}


def run(args: argparse.Namespace, screen: Screen, *, folds: bool, solves: str | None = None) -> int:
    """Read and encode the table, and say the rest; ``solves`` in place of the grid of a path."""
    with screen.progress("reading") as progress:
        got, source = fitting.encoded(args, progress)
    screen.said((), (*source.table.notes, *got.data.notes))
    made = plan(args, got, source.table, folds, solves)
    if args.json:
        screen.result(json.dumps(plain(made), ensure_ascii=False, indent=1))
        return 0
    lines = [
        (key, made[key])
        for key in ("reads", "target", "model", "solves", "folds", "chooses", "writes")
        if made.get(key)
    ]
    width = max(len(key) for key, _ in lines) + 2
    screen.result("\n".join(f"{key:<{width}}{value}" for key, value in lines) + "\n")
    rows = [[row["column"], row["part"], row["becomes"]] for row in made["columns"]]
    limit = len(rows) if screen.verbose else 40
    screen.table(("column", "part", "becomes"), rows[:limit], plain_table, left=(0, 1, 2))
    if len(rows) > limit:
        screen.result(f"  … and {len(rows) - limit:,} more (--verbose shows them)")
    screen.note("nothing was solved and nothing was written (--dry-run).")
    return 0


def plan(args: argparse.Namespace, got: Ready, table: Table, folds: bool, solves: str | None) -> dict[str, Any]:
    """Every answer by its name."""
    data, o = got.data, got.options
    rows = count(data.n_given, "row")
    used = "" if len(data.y) == data.n_given else f", of which {len(data.y):,} are used"
    width = table.frame.width if table.frame is not None else table.matrix.shape[1]
    penalty = o.penalty if o.l1_ratio == 1 else f"{o.penalty} with l1_ratio {o.l1_ratio:g}"
    scale = "columns standardised" if o.standardize else "columns in their own units"
    return {
        "schema": {"name": "riata.plan", "version": 1},
        "reads": f"{table.label} ({table.format}): {rows}, {count(width, 'column')}{used}",
        "target": f"{data.target}{_classes(data)}, family {o.family}",
        "model": f"{count(len(data.names), 'feature')}; {'an' if got.has_intercept else 'no'} intercept"
        + (f"; penalty {penalty}" if solves is None else "")
        + ("" if args.command == "select" else f"; {scale}"),
        "solves": solves or _grid(got),
        "folds": _folds(got) if folds else None,
        "chooses": f"lambda by the rule {o.rule}" if args.command == "fit" and o.lam is None else None,
        "writes": ", ".join(f"{file} ({_what(args, name)})" for name, file in _files(args).items()) or "nothing",
        "columns": columns(data, o, list(table.frame.columns) if table.frame is not None else []),
    }


def _files(args: argparse.Namespace) -> dict[str, str]:
    return {name: file for name in FILES if (file := getattr(args, name, None))}


def _what(args: argparse.Namespace, name: str) -> str:
    return "model" if name == "output" and args.command == "fit" else FILES[name]


def _classes(data: Data) -> str:
    return f" ({shown([str(level) for level in data.levels])})" if data.levels else ""


def _grid(got: Ready) -> str:
    o = got.options
    grid = np.sort(o.lams)[::-1] if o.lams is not None else default_grid(got.problem, o.n_lams, o.lam_min_ratio)
    more = "" if o.lam is None else f", and the given {number(o.lam)}"
    return f"{count(len(grid), 'lambda')} from {number(grid[0])} to {number(grid[-1])}{more}, to gap_rel {o.tol:.0e}"


def _folds(got: Ready) -> str:
    o, foldid = got.options, np.atleast_2d(np.asarray(got.folds()))
    sizes = [size for row in foldid for size in Counter(row[row >= 0].tolist()).values()]
    held = f"{min(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"
    how = f"of the column {o.foldid}" if isinstance(o.foldid, str) else f"shuffled with seed {o.seed}"
    again = f", {len(foldid)} times" if len(foldid) > 1 else ""
    kept = f", rows of one {o.fold_groups} together" if isinstance(o.fold_groups, str) else ""
    return f"{int(foldid[0].max()) + 1} folds of {held} rows, {how}{again}{kept}"


def columns(data: Data, o: Options, names: list[str]) -> list[dict[str, str]]:
    """Each column of the table (its ``names``, where it has any): its part, and what numbers it becomes."""
    targets = list(data.parts) or [name.strip() for name in data.target.split(",")]
    out = [{"column": name, "part": "target", "becomes": ""} for name in targets]
    for keyword, part in PARTS.items():
        if isinstance(name := getattr(o, keyword), str):
            out.append({"column": name, "part": part, "becomes": ""})
    if data.encoder is None:
        return out + [{"column": name, "part": "feature", "becomes": "number"} for name in data.names]
    groups = dict(zip(sources(data), data.groups, strict=True)) if data.groups else {}
    for step in data.encoder.steps:
        group = groups.get(step.column, step.column)
        part = "feature" if group == step.column else f"feature of group {group}"
        out.append({"column": step.column, "part": part, "becomes": _becomes(step)})
    named = {row["column"] for row in out}
    why = dict.fromkeys(names, "by --drop or --keep") | data.encoder.left_out
    return out + [{"column": name, "part": "left out", "becomes": why[name]} for name in names if name not in named]


def _becomes(step: Any) -> str:
    if step.kind == "levels":
        return f"{count(len(step.names), 'column')} of 0 and 1 ({shown(map(str, step.levels), 4)})"
    number_of = {"date": "days since 1970-01-01"}.get(step.kind, step.kind)
    return f"{number_of} and a column that marks missing values" if step.marks_missing else number_of
