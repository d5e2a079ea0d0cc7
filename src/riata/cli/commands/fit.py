"""Read a table, fit the lasso path, cross-validate, choose lambda, and say which features matter.

riata fit houses.csv -y price -o model.json
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
from typing import Any

from riata.cli import registry
from riata.cli.screen import Screen, as_flags

HELP = "fit a table: which features matter, and a model that predicts"
# Options of penalties whose words on the command line stand for more than a number or a name.
SPECIAL = {
    "groups": ("[NAME:]COLS|FILE", "columns that go in or out together: names or patterns, a,b,c*, and again "
               "for the next group; or a file of column,group lines (every column by itself, with all its levels)"),
    "group_weights": ("V|NAME=V|FILE", "penalty of a group: 0 never penalised, inf left out (√ of its size)"),
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options; every one has the name and meaning of the keyword of riata.select()."""
    parser.add_argument("data", help='a table: CSV, TSV (.gz, .zst), Parquet, Arrow, svmlight, npz, npy; "-" is stdin')
    parser.add_argument("-y", "--target", metavar="COLUMN", action="append",
                        help="the column to predict; of several a,b,c*, or -y again")  # fmt: skip
    parser.add_argument("-o", "--output", metavar="FILE", help="save the model (JSON)")
    _choice(parser.add_argument_group("choosing lambda"))
    _columns(parser.add_argument_group("columns and rows"))
    _family(parser.add_argument_group("the target"))
    _model(parser.add_argument_group("the model"))
    _penalty(parser.add_argument_group("options of penalties"))
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
    _set(group, "--fold-groups", metavar="COLUMN", help="never split rows with the same value of this column")
    _set(
        group,
        "--measure",
        choices=registry.names("riata.scores"),
        help="held-out score (mse for numbers; deviance for the other families)",
    )
    _set(group, "--n-lams", type=int, metavar="N", help="number of lambdas (100)")
    _set(group, "--lam-min-ratio", type=float, metavar="R", help="smallest lambda / largest")


def _family(group: Any) -> None:
    losses = {entry.name: entry.words for entry in registry.entries("riata.losses")}
    lines = ["what it is (gaussian; cox with --time)", "auto: chosen by its values, and said"]
    lines += [f"{name}: {words}" for name, words in losses.items()]
    _set(group, "--family", choices=("auto", *losses), metavar="FAMILY", help="\n".join(lines))
    _set(group, "--exposure", metavar="COLUMN", help="poisson: what each count is a count of (years, area)")
    group.add_argument("--time", metavar="COLUMN", help="cox: time of the event or of the end of observation")
    group.add_argument("--event", metavar="COLUMN",
                       help="cox: 1 for an event, 0 for the end of observation; COLUMN=2 where 2 is one")  # fmt: skip
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
    penalties = {entry.name: entry.words for entry in registry.entries("riata.penalties")}
    lines = ["what large coefficients cost (l1)", *(f"{name}: {words}" for name, words in penalties.items())]
    _set(group, "--penalty", choices=tuple(penalties), metavar="PENALTY", help=as_flags("\n".join(lines)))
    _set(group, "--l1-ratio", type=float, metavar="R", help="1 is the lasso, 0 is ridge (1)")
    _set(group, "--penalty-factor", action="append", metavar="NAME=V|FILE",
         help="penalty of a feature: 0 never penalised, inf left out; or a file of name,value lines")  # fmt: skip
    _set(group, "--positive", action="store_true", help="coefficients of 0 or more")
    _set(group, "--no-standardize", dest="standardize", action="store_false", help="penalise in the columns' own units")
    _set(group, "--no-intercept", dest="fit_intercept", action="store_false", help="no constant term")
    _set(group, "--tol", type=float, metavar="T", help="largest relative duality gap (1e-8)")
    _set(group, "--max-iter", type=int, metavar="N", help="rounds of the solver before it gives up with a warning")
    _set(group, "--threads", type=int, metavar="N", help="threads (all cores; the answer is the same)")


def _penalty(group: Any) -> None:
    """Every option that some penalty has, once; which has it, and its default there."""
    having: dict[str, dict[str, Any]] = {}
    for entry in registry.entries("riata.penalties"):
        for option, default in entry.options.items():
            having.setdefault(option, {})[entry.name] = default
    for option, defaults in sorted(having.items()):
        of = ", ".join(name if default is None else f"{name} ({default})" for name, default in defaults.items())
        metavar, words = SPECIAL.get(option, (option[0].upper(), ""))
        how: dict[str, Any] = {"action": "append"} if option in SPECIAL else {"type": type_of(defaults.values())}
        _set(group, f"--{option.replace('_', '-')}", metavar=metavar, help=f"{of}: {words}" if words else of, **how)


def type_of(defaults: Any) -> Any:
    """How a word of the command line becomes an option's value: as a number where all its defaults are."""
    numbers = all(isinstance(default, int | float) and not isinstance(default, bool) for default in defaults)
    return float if numbers else str


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
