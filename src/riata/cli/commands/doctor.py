"""Look at a table before fitting anything: what could spoil the result, and what to do about it.

riata doctor houses.csv -y price
riata doctor trial.csv --time days --event died --drop centre
"""

from __future__ import annotations

import argparse
import json

from riata.cli import options
from riata.cli.screen import Screen, as_flags

HELP = "check a table before any fit: leaks, twins, gaps, identifiers, rare classes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The table, its target and which columns to look at."""
    options.table(parser)
    parser.add_argument("--folds", type=int, default=10, metavar="K", help="folds of the cross-validation to come (10)")
    options.columns(parser.add_argument_group("columns and rows"))
    options.family(parser.add_argument_group("the target"))
    options.output(parser, "if a finding is serious", plot=False)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Read, look, say."""
    from riata.cli import fitting
    from riata.doctor.api import doctor

    with screen.progress("reading") as progress:
        source = fitting.read(args, progress)
        with source.told() as said:
            report = doctor(
                source.X, source.y, row_label=source.table.row_label, **{"folds": args.folds} | source.given
            )
    screen.said(said, source.table.notes)
    if args.json:
        frame = report.to_frame()
        found = [dict(zip(frame, row, strict=True)) for row in zip(*frame.values(), strict=True)]
        screen.result(json.dumps({"findings": found, "passed": report.passed}, ensure_ascii=False, indent=1))
    else:
        screen.result(as_flags(report.summary()))
    return int(args.strict and any(found.serious for found in report.findings))
