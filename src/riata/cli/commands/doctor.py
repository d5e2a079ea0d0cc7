"""Look at a table before fitting anything: what could spoil the result, and what to do about it.

riata doctor houses.csv -y price
"""

from __future__ import annotations

import argparse
import json

from riata.cli.screen import Screen

HELP = "check a table before any fit: leaks, twins, gaps, identifiers, rare classes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The table, its target and which columns to look at."""
    parser.add_argument("data", help='a table: CSV, TSV (.gz, .zst), Parquet, Arrow, svmlight, npz, npy; "-" is stdin')
    parser.add_argument("-y", "--target", metavar="COLUMN", help="the column to predict")
    parser.add_argument("--drop", action="append", default=[], metavar="COLS", help="columns to leave out")
    parser.add_argument("--folds", type=int, default=10, metavar="K", help="folds of the cross-validation to come (10)")
    parser.add_argument("--no-header", action="store_true", help="the text table has no line of names (column_1, …)")
    parser.add_argument("--format", metavar="FORMAT", help="csv, tsv, parquet, arrow, svmlight, npz or npy")
    parser.add_argument("--json", action="store_true", help="the findings as JSON")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a finding is serious")


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Read, look, say."""
    from riata.cli.fitting import features_and_target
    from riata.doctor.api import doctor
    from riata.table.read import read_table

    with screen.progress("reading") as progress:
        progress(f"reading {args.data}")
        table = read_table(args.data, format=args.format, header=not args.no_header, target=args.target)
        X, y, more = features_and_target(table, args.target)
        names = [name for word in args.drop for name in word.split(",")]
        if names:
            more = more | {"drop": names}
        report = doctor(X, y, folds=args.folds, row_label=table.row_label, **more)
    for sentence in table.notes:
        screen.note(sentence)
    if args.json:
        frame = report.to_frame()
        found = [dict(zip(frame, row, strict=True)) for row in zip(*frame.values(), strict=True)]
        screen.result(json.dumps({"findings": found, "passed": report.passed}, ensure_ascii=False, indent=1))
    else:
        screen.result(report.summary())
    return int(args.strict and any(found.serious for found in report.findings))
