"""Lasso, elastic net and ridge side by side on the same folds: what does sparsity cost, or gain, on this table?

riata compare houses.csv -y price
riata compare patients.csv -y diagnosis --family binomial --measure auc --plot compare.png
riata compare houses.csv -y price --ratios lasso=1 --ratios mixed=0.8 --json
"""

from __future__ import annotations

import argparse
import json

from riata.cli import options
from riata.cli.screen import Screen

HELP = "lasso, elastic net and ridge side by side"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options; every one has the name and meaning of the keyword of riata.compare()."""
    options.table(parser)
    models = parser.add_argument_group("what is compared")
    models.add_argument("--ratios", action="append", metavar="NAME=R",
                        help="models by their l1_ratio (lasso=1, elastic net=0.5, ridge=0)")  # fmt: skip
    options.folds(models)
    options.grid(models)
    options.lams(models)
    options.columns(parser.add_argument_group("columns and rows"))
    options.family(parser.add_argument_group("the target"))
    options.model(parser.add_argument_group("the model"))
    options.dry(options.output(parser, "if a tolerance was missed"))


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Cross-validate each, show them."""
    from riata.cli import faults, fitting, plan, show_comparison

    fitting.check_outputs(args)
    if args.dry_run:
        models = fitting.ratios(args)
        solves = f"a grid for each of {', '.join(f'{name} (l1_ratio {ratio:g})' for name, ratio in models.items())}"
        return plan.run(args, screen, folds=True, solves=solves)
    with screen.progress("reading") as progress:
        found = fitting.compare(args, progress)
    screen.said(found.warnings, (*found.table.notes, *found.ready.data.notes))
    if args.json:
        screen.result(json.dumps(show_comparison.as_json(found), ensure_ascii=False, indent=1, allow_nan=False))
    else:
        show_comparison.comparison(found, screen)
    fault = faults.of_comparison(found.result, found.ready.options.tol) if args.strict else None
    if fault:
        return screen.strict(fault, args)
    fitting.draw(args, found.result)
    return 0
