"""`riata`: find the command, run it, and turn whatever goes wrong into a sentence and an exit code.

0    good
1    the result is unusable, under --strict
2    usage or input and output
3    bad data
130  interrupted
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Container, Sequence
from types import ModuleType

from riata.cli import commands, config, options
from riata.cli.parser import Parser
from riata.cli.screen import Screen
from riata.core.errors import DataFileError, InvalidData, InvalidOption, ModelFileError, RiataError, did_you_mean

GOOD, UNUSABLE, USAGE, BAD_DATA, INTERRUPTED = 0, 1, 2, 3, 130
ABOUT = (
    "Lasso models that a person can read: which features matter, how sure the numbers are, and a model that predicts."
)
# New commands follow in the order of the alphabet.
ORDER = ("fit", "path", "select", "predict", "report", "inspect", "compare", "doctor", "convert", "demo")


def command_names() -> list[str]:
    """Every file of the folder commands/."""
    names = [found.name for found in pkgutil.iter_modules(commands.__path__) if not found.name.startswith("_")]
    return sorted(names, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def command_modules() -> dict[str, ModuleType]:
    """The commands by name."""
    return {name: importlib.import_module(f"riata.cli.commands.{name}") for name in command_names()}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    screen = Screen()
    try:
        return _run(argv, screen)
    except SystemExit as done:  # --help and --version
        return int(done.code or 0)
    except BrokenPipeError:
        _hush()
        return GOOD
    except KeyboardInterrupt:
        screen.error("interrupted.")
        return INTERRUPTED
    except Exception as error:
        if "--debug" in argv:
            traceback.print_exc()
        return _explain(error, screen)


def _run(argv: list[str], screen: Screen) -> int:
    names = command_names()
    modules = command_modules()
    if argv and not argv[0].startswith("-") and argv[0] not in names:
        raise InvalidOption(
            f'there is no command "{argv[0]}".', expected=", ".join(names), hint=did_you_mean(argv[0], names)
        )
    name = argv[0] if argv and argv[0] in names else None
    parser, by_name = parsers(modules, {name})
    if not argv:
        parser.print_help()
        return USAGE
    if name is not None:
        argv = [name, *config.extended(by_name[name], name, argv[1:], names, lambda: parsers(modules, names)[1])]
    args, extras = parser.parse_known_args(argv)
    if extras:
        by_name.get(args.command, parser).refuse_unknown(extras)
    args.argv = ["riata", *argv]
    screen.quiet, screen.verbose = getattr(args, "quiet", False), getattr(args, "verbose", False)
    code = int(modules[args.command].run(args, screen))
    sys.stdout.flush()
    return code


def parsers(modules: dict[str, ModuleType], whole: Container[str | None] = ()) -> tuple[Parser, dict[str, Parser]]:
    """The parser, and those of the commands by name; only ``whole`` ones know their options, which costs time."""
    parser = Parser(prog="riata", description=ABOUT, epilog="riata COMMAND --help says what a command takes.")
    parser.add_argument("--version", action=_Version, nargs=0, help="the version, and nothing else")
    group = parser.add_subparsers(
        dest="command", metavar="COMMAND", parser_class=Parser, required=True, title="commands"
    )
    by_name = {}
    for name, module in modules.items():
        sub = group.add_parser(name, help=module.HELP, description=module.__doc__)
        if name in whole:
            module.add_arguments(sub)
            options.messages(sub)
        by_name[name] = sub
    return parser, by_name


class _Version(argparse.Action):
    """Looks the version up only when asked."""

    def __call__(self, parser, namespace, values, option_string=None):  # type: ignore[no-untyped-def]
        print(f"riata {importlib.import_module('importlib.metadata').version('riata')}")
        parser.exit()


def _explain(error: Exception, screen: Screen) -> int:
    """Say what went wrong; the exit code for it."""
    if isinstance(error, RiataError):
        what = error.what
        if error.expected is not None:
            what += f"\n  expected: {error.expected}"
        if error.got is not None:
            what += f"\n  got:      {error.got}"
        screen.error(what, error.hint)
        bad = isinstance(error, InvalidData | DataFileError | ModelFileError)
        return BAD_DATA if bad else USAGE
    if isinstance(error, OSError):
        name = error.filename or ""
        screen.error(f"{name}: {error.strerror or error}" if name else str(error))
        return USAGE
    if isinstance(error, MemoryError):
        screen.error("there is not enough memory.", "leave out columns with many levels (--drop), or use fewer rows.")
        return BAD_DATA
    where = "" if isinstance(error, ImportError) else " This is a defect of riata, not of your data."
    screen.error(f"{type(error).__name__}: {error}.{where}", "run again with --debug and report what it shows.")
    return USAGE


def _hush() -> None:
    """Let Python's own flush at exit fail in silence too."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
