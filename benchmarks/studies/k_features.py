"""Seconds to a network of at most 50 features, and how well it classifies: riata.torch against LassoNet.

The protocol of the LassoNet paper: a fifth of the rows is held out, features are scaled to [0, 1] on the rest, an
eighth of which is for validation; one hidden layer of a third of the features; along the path to the first model with
at most 50 features; a fresh network of these features without penalty. The time is that of all this after the data are
loaded.
Beside each network's own accuracy stands that of 50 extremely randomised trees on the features it chose, the same judge
for all. Both run on the same seeds, with one thread, each in the environment that its packages need.
"""

import os
import statistics
import subprocess
import sys
import types

from benchmarks import environments, pool
from benchmarks.report import table

TITLE = "Networks of 50 features: accuracy and time"
KEY = ["data", "library", "seed"]
COLUMNS = [*KEY, "seconds", "features", "accuracy", "judged", "versions"]
DATA = ["mice", "coil20", "isolet", "mnist5k"]
SEEDS = [0, 1, 2]
LIMIT = 3600.0
CONTENDERS = {
    "riata SparseInputMLP": types.SimpleNamespace(ENVIRONMENT="", REQUIRES=[]),
    "riata LassoNet": types.SimpleNamespace(ENVIRONMENT="", REQUIRES=[]),
    "lassonet": types.SimpleNamespace(
        ENVIRONMENT="lassonet", REQUIRES=["lassonet==0.0.21", "torch==2.13.0", "scikit-learn", "pandas"]
    ),
}


def run(libraries, data=DATA, seeds=SEEDS):
    """One row for each data set, seed and contender, these in turns. ``libraries`` are those of paths, not ours."""
    env = {**os.environ, **pool.QUIET, "PYTHONPATH": str(environments.ROOT)}
    for problem in data:
        for seed in seeds:
            for name, place in CONTENDERS.items():
                if environments.make(place):
                    continue
                program = [environments.python(place), "-m", "benchmarks.studies.session_networks"]
                options = {"env": env, "cwd": environments.ROOT, "capture_output": True, "text": True, "check": False}
                row = {"data": problem, "library": name, "seed": seed}
                try:
                    out = subprocess.run([*program, problem, name, str(seed)], timeout=LIMIT, **options)
                except subprocess.TimeoutExpired:
                    yield row | {"seconds": f">{LIMIT:.0f}"} | dict.fromkeys(COLUMNS[4:], "")
                    continue
                if out.returncode:
                    print(out.stderr[-2000:], file=sys.stderr)
                    continue
                said = dict(part.split("=", 1) for part in out.stdout.split("\t") if "=" in part)
                yield row | {k: v.strip() for k, v in said.items()}


def section(rows):
    """Medians over seeds."""
    lines = []
    for data, library in dict.fromkeys((row["data"], row["library"]) for row in rows):
        mine = [row for row in rows if (row["data"], row["library"]) == (data, library)]
        middle = [
            f"{statistics.median(float(row[name].lstrip('>') or 'nan') for row in mine):.3g}"
            for name in ("seconds", "features", "accuracy", "judged")
        ]
        lines.append([data, library, *middle])
    return table(["data", "library", "seconds", "features", "accuracy", "trees on them"], lines, left=2)
