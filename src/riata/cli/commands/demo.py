"""Do the main job on a real table (442 patients, ten measurements, diabetes a year later) and show every command.

riata demo --out demo-output
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from riata.cli.screen import Screen

HELP = "the main job on a real table, command by command"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the files go."""
    parser.add_argument("--out", metavar="FOLDER", default="demo-output", help="folder for the files (demo-output)")


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Write the table, fit, inspect, predict; the last line states the largest gap_rel over all lambdas and folds."""
    from riata.model.files import write_atomically
    from riata.model.record import Model

    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    data, model, predictions = (folder / name for name in ("diabetes.csv", "model.json", "predictions.csv"))
    write_atomically(data, _diabetes())
    screen.result(f"442 patients with diabetes, ten measurements, the disease a year later: {data}\n")
    summary = _show(["fit", data, "-y", "progression", "-o", model], screen, keep=True)
    write_atomically(folder / "summary.txt", summary)
    _show(["inspect", model], screen)
    _show(["predict", model, data, "-o", predictions], screen)
    fitted = Model.load(model)
    screen.result(f"files: {', '.join(sorted(path.name for path in folder.iterdir()))} in {folder}{os.sep}")
    n_lams, n_folds = len(fitted.path["lams"]), fitted.cv["n_folds"]
    screen.result(f"largest gap_rel over all {n_lams} lambdas and {n_folds} folds: {fitted.certificate['largest']:.1e}")
    return 0


def _diabetes() -> str:
    """The table of Efron, Hastie, Johnstone and Tibshirani (2004) in its original units, as scikit-learn bundles it."""
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    lines = [",".join([*bunch.feature_names, "progression"])]
    for row, y in zip(bunch.data, bunch.target, strict=True):
        lines.append(",".join(f"{value:.10g}" for value in (*row, y)))
    return "\n".join(lines) + "\n"


def _show(command: list[object], screen: Screen, *, keep: bool = False) -> str:
    """Print a command as a person would type it, run it, and return what it printed."""
    from riata.cli.app import main

    words = [str(word) for word in command]
    screen.result(f"$ riata {shlex.join(words)}")
    sys.stdout.flush()
    if not keep:
        _checked(main, words)
        screen.result("")
        return ""
    caught = io.StringIO()
    with contextlib.redirect_stdout(caught):
        _checked(main, words)
    screen.result(caught.getvalue())
    return caught.getvalue()


def _checked(main: Callable[[list[str]], int], words: list[str]) -> None:
    code = main(words)
    if code:
        raise SystemExit(code)
