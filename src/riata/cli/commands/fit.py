"""Read a table, fit the lasso path, cross-validate, choose lambda, and say which features matter.

riata fit houses.csv -y price -o model.json
riata fit patients.csv -y diagnosis --family binomial --measure auc
riata fit claims.csv -y claims --family poisson --exposure years
riata fit trial.csv --time days --event died --strata centre
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import pkgutil
from typing import Any

from riata.cli.screen import Screen

HELP = "fit a table: which features matter, and a model that predicts"
FAMILIES = ("auto", "gaussian", "binomial", "poisson", "huber", "cox")


def registered(package: str) -> list[str]:
    """What a folder that is a registry holds: one file each, with the name of what is in it; nothing is imported."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    return sorted(found.name for found in pkgutil.iter_modules(spec.submodule_search_locations) if found.name != "base")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options; every one has the name and meaning of the keyword of riata.select()."""
    parser.add_argument("data", help='a table: CSV, TSV (.gz, .zst), Parquet, Arrow, svmlight, npz, npy; "-" is stdin')
    parser.add_argument("-y", "--target", metavar="COLUMN", help="the column to predict")
    parser.add_argument("-o", "--output", metavar="FILE", help="save the model (JSON)")
    _choice(parser.add_argument_group("choosing lambda"))
    _columns(parser.add_argument_group("columns and rows"))
    _family(parser.add_argument_group("the target"))
    _model(parser.add_argument_group("the model"))
    output = parser.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="the result as JSON")
    output.add_argument("--strict", action="store_true", help="exit 1 if a tolerance was missed or no feature helps")


def _set(group: Any, *names: str, **how: Any) -> None:
    group.add_argument(*names, default=argparse.SUPPRESS, **how)


def _choice(group: Any) -> None:
    _set(
        group,
        "--rule",
        metavar="RULE",
        help="1se: sparsest within one standard error of the best; min; aic, aicc, bic, ebic, hbic, cp, gcv (1se)",
    )
    _set(group, "--lambda", dest="lam", type=float, metavar="X", help="use this lambda instead of a rule")
    _set(group, "--folds", type=int, metavar="K", help="folds of cross-validation (10)")
    _set(group, "--repeats", type=int, metavar="R", help="repeat it with other folds (1)")
    _set(group, "--seed", type=int, metavar="N", help="seed of the folds (0)")
    _set(group, "--foldid", metavar="COLUMN", help="take the folds from this column")
    _set(group, "--groups", metavar="COLUMN", help="never split rows with the same value of this column")
    _set(
        group,
        "--measure",
        choices=registered("riata.scores"),
        help="held-out score (mse; deviance for families beside gaussian)",
    )
    _set(group, "--n-lams", type=int, metavar="N", help="number of lambdas (100)")
    _set(group, "--lam-min-ratio", type=float, metavar="R", help="smallest lambda / largest")


def _family(group: Any) -> None:
    _set(group, "--family", choices=FAMILIES,
         help="gaussian: a number; binomial: two classes; poisson: counts; huber: a number with outliers; cox: "
         "survival times; auto: chosen by the target, and said (gaussian; cox with --time)")  # fmt: skip
    _set(group, "--exposure", metavar="COLUMN", help="poisson: what each count is a count of (years, area)")
    group.add_argument("--time", metavar="COLUMN", help="cox: time of the event or of the end of observation")
    group.add_argument("--event", metavar="COLUMN", help="cox: 1 for an event, 0 for the end of observation")
    group.add_argument("--start", metavar="COLUMN", help="cox: time at which observation begins, where not 0")
    _set(group, "--strata", metavar="COLUMN", help="cox: compare rows with the same value of this column only")
    _set(group, "--ties", choices=("breslow", "efron"), help="cox: how equal event times count (breslow)")
    _set(group, "--delta", type=float, metavar="D",
         help="huber: residual from which the loss is linear (1.35 robust SDs of the target)")  # fmt: skip


def _columns(group: Any) -> None:
    _set(group, "--na", metavar="RULE", help="missing values: error, drop (rows), mean (and a marker column) (error)")
    _set(group, "--drop", action="append", metavar="COLS", help="columns to leave out: names or patterns, a,b,c*")
    _set(group, "--keep", action="append", metavar="COLS", help="the only columns to use")
    _set(
        group, "--categories", action="append", metavar="COLS", help="columns to take as categories, whatever they hold"
    )
    _set(group, "--weights", dest="sample_weight", metavar="COLUMN", help="sample weights")
    _set(group, "--offset", metavar="COLUMN", help="offset, added to the prediction as it is")
    group.add_argument("--no-header", action="store_true", help="the text table has no line of names (column_1, …)")
    group.add_argument("--format", metavar="FORMAT", help="csv, tsv, parquet, arrow, svmlight, npz or npy")


def _model(group: Any) -> None:
    _set(group, "--penalty", choices=registered("riata.penalties"),
         help="adaptive: factors from a first fit; mcp, scad, log: less bias on large coefficients (l1)")  # fmt: skip
    _set(group, "--l1-ratio", type=float, metavar="R", help="1 is the lasso, 0 is ridge (1)")
    _set(group, "--penalty-factor", action="append", metavar="NAME=V|FILE",
         help="penalty of a feature: 0 never penalised, inf left out; or a file of name,value lines")  # fmt: skip
    _set(group, "--positive", action="store_true", help="coefficients of 0 or more")
    _set(group, "--no-standardize", dest="standardize", action="store_false", help="penalise in the columns' own units")
    _set(group, "--no-intercept", dest="fit_intercept", action="store_false", help="no constant term")
    _set(group, "--tol", type=float, metavar="T", help="largest relative duality gap (1e-8)")
    _set(group, "--max-iter", type=int, metavar="N", help="rounds of the solver before it gives up with a warning")
    _set(group, "--threads", type=int, metavar="N", help="threads (all cores; the answer is the same)")


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Fit, show, save."""
    from riata.cli import fitting, show
    from riata.model.files import check_writable

    if args.output:
        check_writable(args.output, inputs=[args.data])
    with screen.progress("reading") as progress:
        sel, table = fitting.fit(args, progress)
    for sentence in sel.warnings:
        screen.warning(sentence)
    for sentence in (*table.notes, *sel.notes):
        screen.note(sentence)
    fault = fitting.fault(sel) if args.strict else None
    if args.output and not fault:
        sel.save(args.output)
    if args.json:
        screen.result(json.dumps(show.as_json(sel, args.output), ensure_ascii=False, indent=1, allow_nan=False))
    else:
        show.selection(sel, screen)
    if fault:
        screen.error(f"--strict: {fault}" + (f" {args.output} was not written." if args.output else ""))
        return 1
    screen.note(f"the model is in {args.output}." if args.output else "not saved; -o model.json keeps the model.")
    return 0
