"""Solve the whole path and show what enters and leaves as lambda goes down; no lambda is chosen (riata fit does that).

riata path houses.csv -y price
riata path houses.csv -y price -o path.csv --plot path.png
riata path flowers.csv -y species --family multinomial --n-lams 30 --json
"""

from __future__ import annotations

import argparse
import json

from riata.cli import options
from riata.cli.screen import Screen

HELP = "the solutions over all lambdas: what enters, what leaves, how exact"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options; every one has the name and meaning of the keyword of riata.path() or riata.select()."""
    options.table(parser)
    parser.add_argument("-o", "--output", metavar="FILE",
                        help="write lambda, feature, coefficient line by line: .csv, .parquet or .json")  # fmt: skip
    grid = parser.add_argument_group("the lambdas")
    options.grid(grid)
    options.lams(grid)
    grid.add_argument("--early-stop", action="store_true", help="end where a further lambda explains hardly more")
    options.columns(parser.add_argument_group("columns and rows"))
    options.family(parser.add_argument_group("the target"))
    model = parser.add_argument_group("the model")
    options.penalty(parser, model)
    options.ratio(model)
    options.model(model)
    options.dry(options.output(parser, "if a tolerance was missed or no feature enters"))


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Solve, show, save."""
    from riata.cli import faults, fitting, plan, show_path
    from riata.model.files import write_atomically
    from riata.table import write

    form = write.check_name(args.output) if args.output else "csv"
    fitting.check_outputs(args)
    if args.dry_run:
        return plan.run(args, screen, folds=False)
    with screen.progress("reading") as progress:
        found = fitting.path(args, progress)
    tol = found.ready.options.tol
    screen.said(found.warnings, (*found.table.notes, *found.ready.data.notes))
    fault = faults.of_path(found.result, tol) if args.strict else None
    if args.output and not fault:
        write_atomically(args.output, write.as_bytes(show_path.long_form(found), form))
    if args.json:
        screen.result(json.dumps(show_path.as_json(found, args.output), ensure_ascii=False, indent=1, allow_nan=False))
    else:
        show_path.path(found, screen, tol)
    if fault:
        return screen.strict(fault, args)
    fitting.draw(args, found.result)
    if args.output:
        screen.note(f"the coefficients are in {args.output}.")
    return 0
