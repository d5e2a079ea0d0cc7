"""Write a saved model as something that predicts where riata is not installed.

onnx: a graph in float64 (needs the extra riata[onnx]). python: a module without dependencies. sklearn: a pickled
scikit-learn Pipeline; loading a pickle runs code, so load only your own. sql: a query.

riata convert model.json --to python -o model.py
riata convert model.json --to sql --table houses
riata convert model.json --to sklearn -o model.pkl
riata convert model.json --to onnx -o model.onnx
"""

from __future__ import annotations

import argparse

from riata.cli import options, registry
from riata.cli.screen import Screen
from riata.core.errors import InvalidOption

HELP = "write a saved model as ONNX, SQL, plain Python or scikit-learn"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Model, target, where to."""
    options.model_file(parser)
    parser.add_argument("--to", required=True, choices=registry.names("riata.convert.targets"), help="what to make")
    parser.add_argument("-o", "--output", metavar="FILE", help="write it here; without it, text goes to stdout")
    options.kind(parser)
    parser.add_argument("--table", metavar="NAME", default="data", help="the table that the SQL query reads (data)")
    options.strict(parser, "if the model missed its tolerance")


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Load, convert, write."""
    from riata.cli import faults
    from riata.convert.api import convert, target
    from riata.model.files import check_writable, write_atomically
    from riata.model.record import Model

    if args.output:
        check_writable(args.output, inputs=[args.model])
    model = Model.load(args.model)
    if fault := faults.of_model(model) if args.strict else None:
        return screen.strict(fault, args)
    made = convert(model, args.to, kind=args.kind, table=args.table)
    if args.output:
        write_atomically(args.output, made)
        screen.note(f"the {args.to} model is in {args.output}: {target(args.to).NOTE}")
    elif isinstance(made, str):
        screen.result(made.rstrip("\n"))
    else:
        raise InvalidOption(
            f"{args.to} is binary and is not written to the screen.", hint=f"add -o model{target(args.to).SUFFIX}"
        )
    return 0
