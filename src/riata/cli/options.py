"""Every option of the command line that more than one command has, defined once, under the keyword's own name.

An option that stands for a keyword has no default here: what is not given is left to the function that has it.
"""

from __future__ import annotations

import argparse
from typing import Any

from riata.cli import registry
from riata.cli.screen import as_flags

# Options of penalties whose words on the command line stand for more than a number or a name.
SPECIAL = {
    "groups": ("[NAME:]COLS|FILE", "columns that go in or out together: names or patterns, a,b,c*, and again "
               "for the next group; or a file of column,group lines (every column by itself, with all its levels)"),
    "group_weights": ("V|NAME=V|FILE", "penalty of a group: 0 never penalised, inf left out (√ of its size)"),
}  # fmt: skip
TABLE = 'a table: CSV, TSV (.gz, .zst), Parquet, Arrow, svmlight, npz, npy; "-" is stdin'


def put(group: Any, *names: str, **how: Any) -> None:
    """An option that stands for a keyword."""
    group.add_argument(*names, default=argparse.SUPPRESS, **how)


def table(parser: argparse.ArgumentParser) -> None:
    """The table and its target."""
    parser.add_argument("data", help=TABLE)
    parser.add_argument("-y", "--target", metavar="COLUMN", action="append",
                        help="the column to predict; of several a,b,c*, or -y again")  # fmt: skip


def model_file(parser: argparse.ArgumentParser) -> None:
    """A model that was saved."""
    parser.add_argument("model", help="a model file of riata fit -o")


def reading(group: Any) -> None:
    """How a table file is read."""
    group.add_argument("--no-header", action="store_true", help="the text table has no line of names (column_1, …)")
    group.add_argument("--format", metavar="FORMAT", help="csv, tsv, parquet, arrow, svmlight, npz or npy")


def columns(group: Any) -> None:
    """Which columns and rows are used, and as what."""
    put(group, "--na", metavar="RULE", help="missing values: error, drop (rows), mean (and a marker column) (error)")
    put(group, "--drop", action="append", metavar="COLS", help="columns to leave out: names or patterns, a,b,c*")
    put(group, "--keep", action="append", metavar="COLS", help="the only columns to use")
    put(
        group, "--categories", action="append", metavar="COLS", help="columns to take as categories, whatever they hold"
    )
    put(group, "--weights", dest="sample_weight", metavar="COLUMN", help="sample weights")
    put(group, "--offset", metavar="COLUMN", help="offset, added to the prediction as it is")
    reading(group)


def family(group: Any) -> None:
    """What the target is."""
    losses = {entry.name: entry.words for entry in registry.entries("riata.losses")}
    lines = ["what it is (gaussian; cox with --time)", "auto: chosen by its values, and said"]
    lines += [f"{name}: {words}" for name, words in losses.items()]
    put(group, "--family", choices=("auto", *losses), metavar="FAMILY", help="\n".join(lines))
    put(group, "--exposure", metavar="COLUMN", help="poisson: what each count is a count of (years, area)")
    group.add_argument("--time", metavar="COLUMN", help="cox: time of the event or of the end of observation")
    group.add_argument("--event", metavar="COLUMN",
                       help="cox: 1 for an event, 0 for the end of observation; COLUMN=2 where 2 is one")  # fmt: skip
    group.add_argument("--start", metavar="COLUMN", help="cox: time at which observation begins, where not 0")
    put(group, "--strata", metavar="COLUMN", help="cox: compare rows with the same value of this column only")
    put(group, "--ties", choices=("breslow", "efron"), help="cox: how equal event times count (breslow)")
    put(group, "--delta", type=float, metavar="D",
        help="huber: residual from which the loss is linear (1.35 robust SDs of the target)")  # fmt: skip


def folds(group: Any) -> None:
    """Cross-validation."""
    put(group, "--folds", type=int, metavar="K", help="folds of cross-validation (10)")
    put(group, "--repeats", type=int, metavar="R", help="repeat it with other folds (1)")
    seed(group, "the folds")
    put(group, "--foldid", metavar="COLUMN", help="take the folds from this column")
    put(group, "--fold-groups", metavar="COLUMN", help="never split rows with the same value of this column")
    put(group, "--measure", choices=registry.names("riata.scores"),
        help="held-out score (mse for numbers; deviance for the other families)")  # fmt: skip


def seed(group: Any, of: str) -> None:
    """What is drawn at random, and is the same again with the same seed."""
    put(group, "--seed", type=int, metavar="N", help=f"seed of {of} (0)")


def grid(group: Any) -> None:
    """The lambdas that are solved."""
    put(group, "--n-lams", type=int, metavar="N", help="number of lambdas (100)")
    put(group, "--lam-min-ratio", type=float, metavar="R", help="smallest lambda / largest")


def lams(group: Any) -> None:
    """The grid itself."""
    put(group, "--lams", metavar="X,X", help="these lambdas in place of a grid")


def ratio(group: Any) -> None:
    """From lasso to ridge."""
    put(group, "--l1-ratio", type=float, metavar="R", help="1 is the lasso, 0 is ridge (1)")


def model(group: Any) -> None:
    """Bounds, scales and the solver."""
    put(group, "--penalty-factor", action="append", metavar="NAME=V|FILE",
        help="penalty of a feature: 0 never penalised, inf left out; or a file of name,value lines")  # fmt: skip
    put(group, "--positive", action="store_true", help="coefficients of 0 or more")
    put(group, "--no-standardize", dest="standardize", action="store_false", help="penalise in the columns' own units")
    put(group, "--no-intercept", dest="fit_intercept", action="store_false", help="no constant term")
    solver(group)


def solver(group: Any) -> None:
    """How exact, and with how many threads."""
    put(group, "--tol", type=float, metavar="T", help="largest relative duality gap (1e-8)")
    put(group, "--max-iter", type=int, metavar="N", help="rounds of the solver before it gives up with a warning")
    threads(group)


def threads(group: Any) -> None:
    """How many cores."""
    put(group, "--threads", type=int, metavar="N", help="threads (all cores; the answer is the same)")


def penalty(parser: argparse.ArgumentParser, group: Any) -> None:
    """The penalty in ``group``, and every option that some penalty has in one of its own, with its default there."""
    penalties = {entry.name: entry for entry in registry.entries("riata.penalties")}
    lines = ["what large coefficients cost (l1)", *(f"{name}: {entry.words}" for name, entry in penalties.items())]
    put(group, "--penalty", choices=tuple(penalties), metavar="PENALTY", help=as_flags("\n".join(lines)))
    having: dict[str, dict[str, Any]] = {}
    for entry in penalties.values():
        for option, default in entry.options.items():
            having.setdefault(option, {})[entry.name] = default
    own = parser.add_argument_group("options of penalties")
    for option, defaults in sorted(having.items()):
        of = ", ".join(name if default is None else f"{name} ({default})" for name, default in defaults.items())
        metavar, words = SPECIAL.get(option, (option[0].upper(), ""))
        how: dict[str, Any] = {"action": "append"} if option in SPECIAL else {"type": type_of(defaults.values())}
        put(own, flag(option), metavar=metavar, help=f"{of}: {words}" if words else of, **how)


def flag(keyword: str) -> str:
    """The option of a keyword.

    >>> flag("group_weights")
    '--group-weights'
    """
    return "--lambda" if keyword == "lam" else f"--{keyword.replace('_', '-')}"


def type_of(defaults: Any) -> Any:
    """How a word of the command line becomes an option's value: as a number where all its defaults are."""
    numbers = all(isinstance(default, int | float) and not isinstance(default, bool) for default in defaults)
    return float if numbers else str


def output(parser: argparse.ArgumentParser, unless: str, *, plot: bool = True) -> Any:
    """The group of options about the result: where it goes and in which form."""
    group = parser.add_argument_group("output")
    if plot:
        group.add_argument("--plot", metavar="FILE", help="draw it: .png, .svg or .pdf (needs the extra riata[plot])")
    group.add_argument("--json", action="store_true", help="the result as JSON")
    strict(group, unless)
    return group


def strict(group: Any, unless: str) -> None:
    """An exit code for results that nobody should go on with."""
    group.add_argument("--strict", action="store_true", help=f"exit 1 {unless}")


def kind(parser: argparse.ArgumentParser) -> None:
    """What a model predicts."""
    parser.add_argument(
        "--kind", choices=("response", "link", "class"), default="response",
        help="response: number, probability, rate or hazard ratio; link: the linear predictor; class: the most "
        "probable one (response)",
    )  # fmt: skip


def dry(group: Any) -> None:
    """A look before the work."""
    group.add_argument(
        "--dry-run", action="store_true", help="say what would be read, solved and written; do none of it"
    )


def messages(parser: argparse.ArgumentParser) -> None:
    """What every command has."""
    group = parser.add_argument_group("messages and settings")
    group.add_argument("--config", metavar="FILE", help="take options from this TOML file; the command line wins")
    group.add_argument("-q", "--quiet", action="store_true", help="no progress and no notes")
    group.add_argument("-v", "--verbose", action="store_true", help="say what is being done")
    group.add_argument("--debug", action="store_true", help="show the traceback of an error")
