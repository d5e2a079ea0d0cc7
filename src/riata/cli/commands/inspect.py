"""Show what a model file holds: coefficients, the choice of lambda, the certificate, and where it came from.

riata inspect model.json
riata inspect model.json --strict --json
"""

from __future__ import annotations

import argparse

from riata.cli import options
from riata.cli.screen import Screen

HELP = "show what a model file holds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, and in which form to show it."""
    options.model_file(parser)
    parser.add_argument("--json", action="store_true", help="the whole model as JSON, once it is checked")
    options.strict(parser, "if the model missed its tolerance")


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Load and show."""
    from riata.cli import faults, show
    from riata.model.files import to_json
    from riata.model.record import Model

    model = Model.load(args.model)
    if args.json:
        screen.result(to_json(model.to_dict()).rstrip("\n"))
    else:
        show.model(model, screen)
        screen.said((), model.notes)
    fault = faults.of_model(model) if args.strict else None
    return screen.strict(fault, args) if fault else 0
