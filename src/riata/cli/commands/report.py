"""Write a report of a model that opens in a browser: one file, no network, readable without JavaScript.

riata report model.json -o report.html
riata report model.json --markdown
"""

from __future__ import annotations

import argparse

from riata.cli import options
from riata.cli.screen import Screen

HELP = "write a report of a model, to read in a browser"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, and where and in which form."""
    options.model_file(parser)
    parser.add_argument("-o", "--output", metavar="FILE", default="report.html", help="the page (report.html)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print it as Markdown and write no file")
    form.add_argument("--json", action="store_true", help="print its numbers as JSON and write no file")
    options.strict(parser, "if the model missed its tolerance")


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Load and write."""
    from riata.cli import faults
    from riata.model.files import check_writable
    from riata.model.record import Model

    model = Model.load(args.model)
    if fault := faults.of_model(model) if args.strict else None:
        return screen.strict(fault, args)
    if args.markdown or args.json:
        screen.result((model.to_markdown() if args.markdown else model.to_json()).rstrip("\n"))
        return 0
    check_writable(args.output, inputs=[args.model])
    model.report(args.output)
    screen.note("held-out predictions, correlations and false discoveries need the data: riata fit --report has them.")
    screen.result(args.output)
    return 0
