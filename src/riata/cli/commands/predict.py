"""Predict with a saved model for the rows of a table: one line a row, in the table's order.

The first column, prediction, is a number, a probability (the class stands beside it), a rate or a hazard ratio. Of more
than two classes it is the class, and the probability of each stands beside it; of several targets there is a
prediction of each.

riata predict model.json new.csv -o predictions.csv
riata predict model.json new.csv --kind link
"""

from __future__ import annotations

import argparse
from typing import Any

from riata.cli import options
from riata.cli.screen import Screen
from riata.core.errors import InvalidOption

HELP = "predict with a saved model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Model, table, where to."""
    options.model_file(parser)
    parser.add_argument("data", help=options.TABLE)
    parser.add_argument("-o", "--output", metavar="FILE", help="write the predictions here (CSV), not to stdout")
    options.kind(parser)
    parser.add_argument(
        "--times", metavar="T,T", help="survival models: also the probability to be free of the event at these times"
    )
    options.reading(parser)
    options.strict(parser, "if the model missed its tolerance, or there is a warning")


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Load, predict, write."""
    from riata.cli import faults
    from riata.model.files import check_writable, write_atomically
    from riata.model.record import Model
    from riata.table.read import read_table
    from riata.table.write import csv_text

    if args.output:
        check_writable(args.output, inputs=[args.model, args.data])
    model = Model.load(args.model)
    table = read_table(args.data, format=args.format, header=not args.no_header)
    rows = table.frame if table.frame is not None else table.matrix
    if table.format == "svmlight" and rows.shape[1] < len(model.features):
        rows.resize(rows.shape[0], len(model.features))  # zeros are not written, so last columns may not show
    result = model.predict_table(rows, row_label=table.row_label, kind=args.kind)
    screen.said(result.warnings, (*table.notes, *result.notes))
    text = csv_text(columns_of(model, result.values, args, rows))
    fault = faults.of_model(model, result.warnings) if args.strict else None
    if args.output and not fault:
        write_atomically(args.output, text)
        screen.note(f"{len(result.values):,} predictions are in {args.output}.")
    elif not args.output:
        screen.result(text.rstrip("\n"))
    return screen.strict(fault, args) if fault else 0


def columns_of(model: Any, values: Any, args: argparse.Namespace, rows: Any) -> dict[str, list[Any]]:
    """The columns to write: the prediction, the class beside a probability, survival at the times asked for."""
    from riata.cli.words import READ

    classes = model.response.get("classes")
    if values.ndim == 2:
        return _wide(model, values, args.kind)
    out: dict[str, list[Any]] = {"prediction": values.tolist()}
    if classes is not None and args.kind == "response":
        out["class"] = [classes[int(value > 0.5)] for value in values]
    if args.times:
        times = READ["times"](args.times)
        strata = strata_of(model, rows)
        eta = model.predict_table(rows, kind="link").values
        curves = model.survival(eta, times, strata)
        for k, time in enumerate(times):
            out[f"survival_{time:g}"] = curves[:, k].tolist()
    return out


def _wide(model: Any, values: Any, kind: str) -> dict[str, list[Any]]:
    """A column for each class or target; before probabilities, the most probable class."""
    classes = model.response.get("classes")
    word = "link" if kind == "link" else "prediction" if classes is None else "probability"
    out = {f"{word}_{name}": values[:, k].tolist() for k, name in enumerate(model.outputs)}
    if word != "probability":
        return out
    return {"prediction": [classes[k] for k in values.argmax(axis=1)], **out}


def strata_of(model: Any, rows: Any) -> Any:
    """The strata column of the table, if the model has one."""
    from riata.table.columns import as_frame, is_frame, read_column

    name = model.options.get("strata")
    if not isinstance(name, str) or not is_frame(rows):
        return None
    frame = as_frame(rows)
    if name not in frame.names:
        raise InvalidOption(f'the table lacks the column "{name}", the strata of the model.', got="--times")
    return read_column(frame, frame.names.index(name)).values
