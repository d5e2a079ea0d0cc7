"""The contenders of a study, each in a process of its own and in the environment that its packages need."""

import itertools
import os
import statistics
import subprocess
import sys
import types

from benchmarks import environments, pool

OWN = types.SimpleNamespace(ENVIRONMENT="", REQUIRES=[])  # the environment that runs riata
LASSONET = types.SimpleNamespace(
    ENVIRONMENT="lassonet", REQUIRES=["lassonet==0.0.21", "torch==2.13.0", "scikit-learn", "pandas"]
)


def in_turns(contenders, names, module, limit, data, seeds):
    """A row for each data set, seed and contender of these ``names``; ``contenders`` gives the environment of each."""
    for problem, seed, name in itertools.product(data, seeds, names):
        said = measured(contenders[name], module, (problem, name, seed), limit)
        yield said | {"data": problem, "library": name, "seed": seed}


def measured(place, module, words, limit):
    """What ``python -m module words`` prints as key=value, between tabs; else why there is nothing, as "seconds"."""
    if reason := environments.make(place):
        print(reason, file=sys.stderr)
        return {"seconds": "cannot run"}
    env = {**os.environ, **pool.QUIET, "PYTHONPATH": str(environments.ROOT)}
    command = [environments.python(place), "-m", module, *map(str, words)]
    options = {"env": env, "cwd": environments.ROOT, "capture_output": True, "text": True, "check": False}
    try:
        out = subprocess.run(command, timeout=limit, **options)
    except subprocess.TimeoutExpired:
        return {"seconds": f">{limit:.0f}"}
    said = dict(part.split("=", 1) for part in out.stdout.split("\t") if "=" in part)
    if out.returncode or not said:
        print(out.stderr[-2000:], file=sys.stderr)
        return {"seconds": "failed"}
    return {key: value.strip() for key, value in said.items()}


def medians(rows, names):
    """A line for each data set and library: medians over the seeds that ended, and how many did."""
    lines = []
    for data, library in dict.fromkeys((row["data"], row["library"]) for row in rows):
        mine = [row for row in rows if (row["data"], row["library"]) == (data, library)]
        ended = [row for row in mine if row[names[-1]]]
        middle = [f"{statistics.median(float(row[name]) for row in ended):.3g}" for name in names] if ended else []
        seeds = f"{len(ended)}" if len(ended) == len(mine) else f"{len(ended)} of {len(mine)}"
        lines.append([data, library, seeds, *(middle or [mine[0]["seconds"], *["–"] * (len(names) - 1)])])
    return lines
