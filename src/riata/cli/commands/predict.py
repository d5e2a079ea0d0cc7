"""Predict with a saved model for the rows of a table: one number a row, in the table's order."""

from __future__ import annotations

import argparse

from riata.cli.screen import Screen

HELP = "predict with a saved model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Model, table, where to."""
    parser.add_argument("model", help="a model file of riata fit -o")
    parser.add_argument("data", help='a table of any kind that riata fit reads; "-" is stdin')
    parser.add_argument("-o", "--output", metavar="FILE", help="write the predictions here (CSV), not to stdout")
    parser.add_argument("--no-header", action="store_true", help="the text table has no line of names (column_1, …)")
    parser.add_argument("--format", metavar="FORMAT", help="csv, tsv, parquet, arrow, svmlight, npz or npy")


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Load, predict, write."""
    from riata.model.files import check_writable, write_atomically
    from riata.model.record import Model
    from riata.table.read import read_table

    if args.output:
        check_writable(args.output, inputs=[args.model, args.data])
    model = Model.load(args.model)
    table = read_table(args.data, format=args.format, header=not args.no_header)
    rows = table.frame if table.frame is not None else table.matrix
    if table.format == "svmlight" and rows.shape[1] < len(model.features):
        rows.resize(rows.shape[0], len(model.features))  # zeros are not written, so last columns may not show
    result = model.predict_table(rows, row_label=table.row_label)
    for sentence in result.warnings:
        screen.warning(sentence)
    for sentence in (*table.notes, *result.notes):
        screen.note(sentence)
    text = "\n".join(["prediction", *(repr(float(value)) for value in result.values)]) + "\n"
    if args.output:
        write_atomically(args.output, text)
        screen.note(f"{len(result.values):,} predictions are in {args.output}.")
    else:
        screen.result(text.rstrip("\n"))
    return 0
