"""From the arguments of a command to a table, its options, and what the library makes of them."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import importlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from riata import penalties
from riata.cli.options import flag
from riata.cli.words import READ
from riata.core.errors import InvalidOption
from riata.inference.methods import Method, methods
from riata.model.files import check_writable
from riata.path.fit import fit_path
from riata.select.api import run
from riata.select.compare import RATIOS, side_by_side
from riata.select.options import Options
from riata.select.ready import Progress, Ready, ready
from riata.select.response import output_names
from riata.select.selection import Selection
from riata.table.read import Table, read_table
from riata.table.words import count, shown


@dataclasses.dataclass(frozen=True, eq=False)
class Source:
    """A table that was read; X and y of it as the library takes them; the options of the command, and those given."""

    table: Table
    X: Any
    y: Any
    options: Options
    given: dict[str, Any]

    @contextlib.contextmanager
    def told(self) -> Iterator[list[str]]:
        """Sentences of the warnings inside; a name that is not found may be the fault of a header that is none."""
        said: list[str] = []
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                yield said
            said += dict.fromkeys(str(w.message) for w in caught if issubclass(w.category, UserWarning))
        except InvalidOption as error:
            suspect = [note for note in self.table.notes if "looks like data" in note]
            if not suspect:
                raise
            hint = suspect[0] if error.hint is None else f"{error.hint} Or {suspect[0]}"
            raise InvalidOption(error.what, got=error.got, expected=error.expected, hint=hint) from error


def read(args: argparse.Namespace, progress: Progress) -> Source:
    """The table and what is asked of it."""
    progress(f"reading {args.data}")
    survival(args)
    target = args.target[0] if args.target and len(args.target) == 1 else args.target
    table = read_table(
        args.data, format=args.format, header=not args.no_header, target=target if isinstance(target, str) else None
    )
    options = Options.of(**given(args))
    X, y, more = features_and_target(table, target)
    return Source(table, X, y, dataclasses.replace(options, **more), given(args) | more)


def fit(args: argparse.Namespace, progress: Progress) -> tuple[Selection, Table]:
    """Read the table and run the selection; its warnings are in it."""
    got = read(args, progress)
    with got.told():
        return run(
            got.X, got.y, got.options, row_label=got.table.row_label, label=got.table.label, argv=args.argv,
            progress=progress,
        ), got.table  # fmt: skip


def encoded(args: argparse.Namespace, progress: Progress) -> tuple[Ready, Source]:
    """The checked problem, before anything is solved."""
    source = read(args, progress)
    progress("encoding")
    with source.told():
        return ready(source.X, source.y, source.options, source.table.row_label), source


@dataclasses.dataclass(frozen=True, eq=False)
class Found:
    """A ``result``, the ``ready`` problem and the ``table`` behind it, and the ``warnings`` of its making."""

    result: Any
    ready: Ready
    table: Table
    warnings: list[str]


def path(args: argparse.Namespace, progress: Progress) -> Found:
    """The whole path on all rows of the table."""
    got, source = encoded(args, progress)
    progress("solving")
    with source.told() as said:
        found = fit_path(got.problem, got.options.lams, early_stop=args.early_stop, warn=True, **got.how())
    problem = got.problem
    if found.penalty_factor is not None:  # what the rows taught, for who certifies
        problem = problem.replace(penalty=None, penalty_factor=found.penalty_factor)
    names = output_names(got.data, problem.loss) or found.outputs
    return Found(dataclasses.replace(found, problem=problem, outputs=names), got, source.table, said)


def ratios(args: argparse.Namespace) -> dict[str, float]:
    """The models to compare, by name."""
    return READ["ratios"](args.ratios) if args.ratios else RATIOS


def compare(args: argparse.Namespace, progress: Progress) -> Found:
    """Lasso, elastic net and ridge side by side on the table."""
    got, source = encoded(args, progress)
    with source.told() as said:
        found = side_by_side(got, ratios(args), progress)
    said += [f"{name}: {sentence}" for name, cv in found.fits.items() for sentence in cv.warnings]
    return Found(found, got, source.table, said)


def infer(args: argparse.Namespace, method: Method, own: dict[str, Any], progress: Progress) -> Found:
    """What a method of inference, with its ``own`` keywords, says of the table."""
    got, source = encoded(args, progress)
    family = got.options.family
    if family not in method.families:
        able = [name for name, other in methods().items() if family in other.families]
        raise InvalidOption(
            f"--method {method.name} does not take the family {family}.", expected=" or ".join(method.families),
            got=family, hint=f"these take it: {', '.join(able)}." if able else None,
        )  # fmt: skip
    common = {name: value for name, value in source.given.items() if name not in args.own}
    if clash := common.keys() & {option.name for option in method.options}:  # an option of its own has that name
        raise InvalidOption(f"--method {method.name} takes no column of that kind.", got=flag(min(clash)))
    progress(f"running {method.name}")
    with source.told() as said:
        found = method.load()(source.X, source.y, row_label=source.table.row_label, **common, **own)
    return Found(found, got, source.table, said)


def check_outputs(args: argparse.Namespace) -> None:
    """Before an hour of work and not after it: every file can be written, and what draws it is installed."""
    for name in ("output", "report", "plot"):
        if file := getattr(args, name, None):
            check_writable(file, inputs=[args.data])
    if getattr(args, "plot", None):
        importlib.import_module("riata.plot.save").check(args.plot)


def draw(args: argparse.Namespace, result: Any) -> None:
    """The picture that --plot asks for."""
    if args.plot:
        importlib.import_module("riata.plot.save").save(result, args.plot)


def given(args: argparse.Namespace) -> dict[str, Any]:
    """The keywords of riata.select, those of the penalty among them, that options of the same names were given for."""
    own = {option for kind in penalties.penalties().values() for option in kind.options()}
    names = [f.name for f in dataclasses.fields(Options)] + sorted(own)
    found = {name: getattr(args, name) for name in names if hasattr(args, name)}
    return {name: READ[name](value) if name in READ else value for name, value in found.items()}


def survival(args: argparse.Namespace) -> None:
    """--time, --event and --start are the target of a Cox model; InvalidOption where one is lacking."""
    given = [args.start, args.time, args.event]
    if not any(given):
        return
    if args.target is not None:
        raise InvalidOption(
            "-y and --time both name a target.", got=f"-y {','.join(args.target)}", expected="one of them"
        )
    if args.time is None or args.event is None:
        lacking = "--time" if args.time is None else "--event"
        raise InvalidOption(f"a survival target needs {lacking}.", expected="--time COLUMN --event COLUMN")
    if getattr(args, "family", "cox") not in ("cox", "auto"):
        raise InvalidOption(f"family {args.family} has no times and events.", expected="--family cox")
    args.family = "cox"
    args.target = [name for name in given if name is not None]


def features_and_target(table: Table, target: Any) -> tuple[Any, Any, dict[str, Any]]:
    """(X, y, further options) of a table: a column's name for a frame, arrays for a matrix."""
    if table.frame is not None:
        if target is None:
            names = table.frame.columns
            raise InvalidOption(
                "which column is to be predicted?",
                got=f"{count(len(names), 'column')}: {shown(names, 10)}",
                hint="say -y COLUMN.",
            )
        if table.first_line == 1:  # a table without a header: columns are counted from 1
            target = [f"column_{word}" if word.isdigit() else word for word in _words(target)]
        return table.frame, target[0] if isinstance(target, list) and len(target) == 1 else target, {}
    matrix = table.matrix
    file = isinstance(target, str) and target.endswith(".npy")
    if table.format == "npy" and matrix.ndim == 2 and target is not None and not file:
        return _split_array(matrix, _words(target))
    y = read_table(target).matrix if file else table.y
    if y is None:
        raise InvalidOption(
            f"{table.label} holds no target.", expected="an array y in it, or -y FILE.npy", hint="say -y y.npy."
        )
    return matrix, y, {"feature_names": table.names} if table.names else {}


def _words(target: Any) -> list[str]:
    """The columns of a target that is named by one -y or several, each of which may hold several."""
    return [word.strip() for one in ([target] if isinstance(target, str) else target) for word in one.split(",")]


def _split_array(matrix: Any, target: list[str]) -> tuple[Any, Any, dict[str, Any]]:
    numbers = []
    for word in target:
        text = word.removeprefix("x")
        if not text.isdigit() or int(text) >= matrix.shape[1]:
            raise InvalidOption(
                f'"{word}" is not a column of the array.', expected=f"x0 to x{matrix.shape[1] - 1}, or FILE.npy"
            )
        numbers.append(int(text))
    names = [f"x{k}" for k in range(matrix.shape[1]) if k not in numbers]
    y = matrix[:, numbers[0]] if len(numbers) == 1 else matrix[:, numbers]
    return np.delete(matrix, numbers, axis=1), y, {"feature_names": names}
