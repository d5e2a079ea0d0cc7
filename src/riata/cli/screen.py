"""What goes where: results to stdout; progress, notes, warnings and errors to stderr; colour only on a terminal."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from riata.table.words import printable

# Python keyword -> option, where a sentence of the library names a keyword.
FLAGS = {
    "na": "--na",
    "drop": "--drop",
    "keep": "--keep",
    "categories": "--categories",
    "format": "--format",
    "rule": "--rule",
    "foldid": "--foldid",
    "fold_groups": "--fold-groups",
    "groups": "--groups",
    "folds": "--folds",
    "repeats": "--repeats",
    "lam": "--lambda",
    "tol": "--tol",
    "family": "--family",
    "penalty": "--penalty",
    "pilot": "--pilot",
    "measure": "--measure",
    "ties": "--ties",
}
# Keywords that are no words of English, so that they mean the option wherever they stand.
WORDS = ("lam_min_ratio", "max_iter", "l1_ratio", "penalty_factor", "n_lams", "fold_groups", "group_weights")
SWITCHES = {
    "header=False": "--no-header",
    "standardize=False": "--no-standardize",
    "fit_intercept=False": "--no-intercept",
    "positive=True": "--positive",
    "early_stop=True": "--early-stop",
}


# Functions that a sentence names, and the commands that do the same.
FUNCTIONS = {
    "riata.select": "riata fit",
    "riata.path": "riata path",
    "riata.doctor": "riata doctor",
    "riata.stability_selection": "riata select --method stability",
    "riata.knockoff_filter": "riata select --method knockoffs",
}


def as_flags(sentence: str) -> str:
    """Python keywords in a sentence as the options of the same name.

    >>> as_flags('na="drop" leaves out 3 rows; or drop="living area".')
    "--na drop leaves out 3 rows; or --drop 'living area'."
    """
    for python, flag in SWITCHES.items():
        sentence = sentence.replace(python, flag)

    def flag_of(match: re.Match[str]) -> str:
        return f"{FLAGS[match[1]]} {shlex.quote(match[2])}"

    for function, command in FUNCTIONS.items():
        sentence = re.sub(rf"\b{re.escape(function)}\b", command, sentence)
    sentence = re.sub(rf'\b({"|".join(FLAGS)})="([^"]*)"', flag_of, sentence)
    sentence = re.sub(r"\brepeats=(\d+)", r"--repeats \1", sentence)
    sentence = re.sub(rf"\b({'|'.join(FLAGS)})=(?=[\s.,:;)]|$)", lambda match: FLAGS[match[1]], sentence)
    return re.sub(rf"\b({'|'.join(WORDS)})\b", lambda match: f"--{match[1].replace('_', '-')}", sentence)


class Screen:
    """The two streams of one command.

    quiet leaves out progress and notes; verbose adds what the library knows about its work.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False):
        self.quiet, self.verbose = quiet, verbose
        self._bar: Any = None
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, ValueError):  # a stream that cannot show λ shows \u03bb
                stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]

    def result(self, text: str) -> None:
        """Print a part of the result."""
        sys.stdout.write(printable(text) + "\n")

    def table(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], plain: Callable[..., str], left: Sequence[int] = (0,)
    ) -> None:
        """Print a table: drawn by rich on a terminal, in plain columns elsewhere; the columns ``left`` hold words."""
        rows = [[printable(str(cell), keep="") for cell in row] for row in rows]
        rich = _rich("rich.table") if use_colour(sys.stdout) else None
        if rich is None:
            self.result(plain(head, rows, left))
            return
        table = rich.Table(box=importlib.import_module("rich.box").SIMPLE_HEAD, show_edge=False)
        for i, name in enumerate(head):
            table.add_column(name, justify="left" if i in left else "right", style="bold" if i == 0 else None)
        escape = importlib.import_module("rich.markup").escape
        for row in rows:
            table.add_row(*(_signed(escape(cell)) for cell in row))
        importlib.import_module("rich.console").Console().print(table)

    def note(self, sentence: str) -> None:
        """Something to know; not shown under --quiet."""
        if not self.quiet:
            self._say("note", sentence, "36")

    def detail(self, sentence: str) -> None:
        """Something that only --verbose shows."""
        if self.verbose:
            self._say("info", sentence, "2")

    def warning(self, sentence: str) -> None:
        """Something to act on."""
        self._say("warning", sentence, "33")

    def error(self, sentence: str, hint: str | None = None) -> None:
        """Why there is no result, and what to do."""
        self._say("error", sentence, "31;1")
        if hint:
            self._say("hint", hint, "32")

    def said(self, warnings: Iterable[str], notes: Iterable[str]) -> None:
        """What the library has to say of a result."""
        for sentence in warnings:
            self.warning(sentence)
        for sentence in notes:
            self.note(sentence)

    def strict(self, fault: str, args: Any) -> int:
        """The end of a command whose result is unusable: why, and which files were not written; the exit code."""
        files = [file for name in ("output", "report", "plot") if (file := getattr(args, name, None))]
        unwritten = f" {' and '.join(files)} {'was' if len(files) == 1 else 'were'} not written." if files else ""
        self.error(f"--strict: {fault}{unwritten}")
        return 1

    def _say(self, kind: str, sentence: str, colour: str) -> None:
        head = f"\x1b[{colour}m{kind}:\x1b[0m" if use_colour(sys.stderr) else f"{kind}:"
        sys.stderr.write(f"{head} {printable(as_flags(sentence))}\n")

    @contextlib.contextmanager
    def progress(self, title: str) -> Iterator[Callable[[str], None]]:
        """A function that tells the current stage: a live bar if stderr is a terminal, otherwise silence."""
        rich = None if self.quiet or not _is_terminal(sys.stderr) else _rich("rich.progress")
        if rich is None:
            yield self.detail
            return
        console = importlib.import_module("rich.console").Console(stderr=True, no_color=not use_colour(sys.stderr))
        columns = (
            rich.SpinnerColumn(),
            rich.TextColumn("{task.description}"),
            rich.BarColumn(20),
            rich.TimeElapsedColumn(),
        )
        with rich.Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(title, total=None)
            yield lambda stage: bar.update(task, description=stage)


def use_colour(stream: Any) -> bool:
    """Whether ``stream`` is a terminal that may be coloured (NO_COLOR, TERM=dumb)."""
    return _is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def _rich(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        return None


def _signed(cell: str) -> str:
    return {"+": "[green]+[/]", "−": "[red]−[/]"}.get(cell, cell)
