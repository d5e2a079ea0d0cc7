"""Show what a model file holds: coefficients, the choice of lambda, the certificate, and where it came from."""

from __future__ import annotations

import argparse

from riata.cli.screen import Screen

HELP = "show what a model file holds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, and in which form to show it."""
    parser.add_argument("model", help="a model file of riata fit -o")
    parser.add_argument("--json", action="store_true", help="the whole model as JSON, once it is checked")


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Load and show."""
    from riata.cli import show
    from riata.model.files import to_json
    from riata.model.record import Model

    model = Model.load(args.model)
    if args.json:
        screen.result(to_json(model.to_dict()).rstrip("\n"))
        return 0
    show.model(model, screen)
    for sentence in model.notes:
        screen.note(sentence)
    return 0
