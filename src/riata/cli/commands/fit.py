"""Read a table, fit the lasso path, cross-validate, choose lambda, and say which features matter.

riata fit houses.csv -y price -o model.json --report report.html
riata fit patients.csv -y diagnosis --family binomial --measure auc
riata fit claims.csv -y claims --family poisson --exposure years
riata fit trial.csv --time days --event died --strata centre
riata fit flowers.csv -y species --family multinomial --penalty group
riata fit houses.csv -y price --penalty group --groups place:town,distance --group-weights place=2
riata fit houses.csv -y price,rent --family multigaussian
riata fit houses.csv -y price --penalty mcp --gamma 2.5
"""

from __future__ import annotations

import argparse
import json

from riata.cli import options
from riata.cli.screen import Screen

HELP = "fit a table: which features matter, and a model that predicts"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options; every one has the name and meaning of the keyword of riata.select()."""
    options.table(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="save the model (JSON)")
    parser.add_argument("--report", metavar="FILE", help="write a report that opens in a browser (HTML)")
    choice = parser.add_argument_group("choosing lambda")
    options.put(choice, "--rule", metavar="RULE",
                help="1se: sparsest within one standard error of the best; min; aic, aicc, bic, ebic, hbic, cp, gcv "
                "(1se)")  # fmt: skip
    options.put(choice, "--lambda", dest="lam", type=float, metavar="X", help="use this lambda instead of a rule")
    options.folds(choice)
    options.grid(choice)
    options.columns(parser.add_argument_group("columns and rows"))
    options.family(parser.add_argument_group("the target"))
    model = parser.add_argument_group("the model")
    options.penalty(parser, model)
    options.ratio(model)
    options.model(model)
    options.dry(options.output(parser, "if a tolerance was missed or no feature helps"))


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Fit, show, save."""
    from riata.cli import faults, fitting, plan, show

    fitting.check_outputs(args)
    if args.dry_run:
        return plan.run(args, screen, folds=True)
    with screen.progress("reading") as progress:
        sel, table = fitting.fit(args, progress)
    screen.said(sel.warnings, (*table.notes, *sel.notes))
    fault = faults.of_selection(sel) if args.strict else None
    if args.output and not fault:
        sel.save(args.output)
    if args.report and not fault:
        sel.report(args.report)
    if args.json:
        screen.result(json.dumps(show.as_json(sel, args.output), ensure_ascii=False, indent=1, allow_nan=False))
    else:
        show.selection(sel, screen)
    if fault:
        return screen.strict(fault, args)
    fitting.draw(args, sel)
    if args.report:
        screen.note(f"the report is in {args.report}.")
    screen.note(f"the model is in {args.output}." if args.output else "not saved; -o model.json keeps the model.")
    return 0
