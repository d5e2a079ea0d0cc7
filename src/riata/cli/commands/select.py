"""Say which features matter and how sure that is: each method bounds an error of its own, under assumptions it states.

riata select houses.csv -y price --method mfdr
riata select houses.csv -y price --method stability --pfer 1 --seed 3
riata select patients.csv -y diagnosis --family binomial --method knockoffs --fdr 0.2 --draws 5
riata select houses.csv -y price --method debiased --level 0.9 -o intervals.csv
riata select houses.csv -y price --method post_selection --lambda 0.3
riata select houses.csv -y price --method multi_split --splits 20
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Any

from riata.cli import options
from riata.cli.screen import Screen
from riata.core.errors import InvalidOption
from riata.inference.methods import Method, Option, methods

HELP = "which features, with what guarantee: false discoveries, stability, knockoffs, intervals"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options; every one has the name and meaning of the keyword of the method's function."""
    options.table(parser)
    words = [f"{method.name}: {method.words}" for method in methods().values()]
    parser.add_argument("--method", required=True, choices=tuple(methods()), metavar="METHOD", help="\n".join(words))
    parser.add_argument("-o", "--output", metavar="FILE", help="write the table: .csv, .parquet or .json")
    options.columns(parser.add_argument_group("columns and rows"))
    options.family(parser.add_argument_group("the target"))
    options.threads(parser)
    own = parser.add_argument_group("options of methods")
    parser.set_defaults(own=by_dest(parser))
    for dest, having in parser.get_default("own").items():
        _add(own, dest, having)
    options.dry(options.output(parser, "if a tolerance was missed or nothing was selected"))


def by_dest(parser: argparse.ArgumentParser) -> dict[str, list[tuple[Method, Option]]]:
    """Which methods have an option; its name has the method's in front where the command means something else by it."""
    taken = {action.dest for action in parser._actions}
    out: dict[str, list[tuple[Method, Option]]] = {}
    for method in methods().values():
        for option in method.options:
            dest = f"{method.name}_{option.name}" if option.name in taken else option.name
            out.setdefault(dest, []).append((method, option))
    return out


def _add(group: Any, dest: str, having: list[tuple[Method, Option]]) -> None:
    """One option, with the methods that have it and its default in each."""
    lines: dict[str, list[str]] = {}
    for method, option in having:
        default = "" if option.default in (None, dataclasses.MISSING) else f" ({option.default})"
        lines.setdefault(option.words, []).append(method.name + default)
    kinds = {option.kind for _, option in having}
    choices = list(dict.fromkeys(word for _, option in having for word in option.choices))
    options.put(
        group, options.flag(dest), dest=dest, type=kinds.pop() if len(kinds) == 1 else str, choices=choices or None,
        metavar=having[0][1].name[0].upper(),
        help="\n".join(f"{', '.join(names)}: {words}{_one_of(choices)}" for words, names in lines.items()),
    )  # fmt: skip


def _one_of(choices: list[Any]) -> str:
    return f": {', '.join(str(choice) for choice in choices)}" if choices else ""


def own_options(args: argparse.Namespace) -> dict[str, Any]:
    """The keywords of the method from the options that were given; InvalidOption for those of another method."""
    out = {}
    for dest, having in args.own.items():
        if not hasattr(args, dest):
            continue
        mine = [option for method, option in having if method.name == args.method]
        if mine:
            out[mine[0].name] = getattr(args, dest)
        elif dest != "seed":  # what draws nothing is the same with every seed
            others = " and ".join(method.name for method, _ in having)
            raise InvalidOption(
                f"{options.flag(dest)} is an option of {others}, not of {args.method}.", got=f"--method {args.method}"
            )
    for option in methods()[args.method].options:
        if option.default is dataclasses.MISSING and option.name not in out:
            raise InvalidOption(
                f"--method {args.method} needs {options.flag(option.name)}.", expected=option.words,
                hint="riata path shows the range of λ; one that was chosen on these data does not count as fixed.",
            )  # fmt: skip
    return out


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Run the method, show what it found and what that is worth."""
    from riata.cli import faults, fitting, plan, show_method
    from riata.model.files import write_atomically
    from riata.table import write

    form = write.check_name(args.output) if args.output else "csv"
    fitting.check_outputs(args)
    own = own_options(args)
    method = methods()[args.method]
    if args.dry_run:
        return plan.run(args, screen, folds=False, solves=f"{method.name}: {method.words}")
    with screen.progress("reading") as progress:
        found = fitting.infer(args, method, own, progress)
    screen.said(found.warnings, (*found.table.notes, *found.ready.data.notes))
    fault = faults.of_method(found) if args.strict else None
    if args.output and not fault:
        write_atomically(args.output, write.as_bytes(show_method.table(found.result), form))
    if args.json:
        screen.result(json.dumps(show_method.as_json(method, found, own), ensure_ascii=False, indent=1))
    else:
        show_method.method(method, found, screen)
    if fault:
        return screen.strict(fault, args)
    fitting.draw(args, found.result)
    if args.output:
        screen.note(f"the table is in {args.output}.")
    return 0
