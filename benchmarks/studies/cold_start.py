"""Seconds from a new process to the first fit of diabetes: interpreter, import, compilation if any, one λ."""

import os
import statistics
import subprocess
import time

import numpy as np

from benchmarks import environments, pool
from benchmarks.problems.bundled import diabetes
from benchmarks.report import table
from benchmarks.tasks import prepared

TITLE = "Cold start: new process, import, first fit of diabetes"
KEY = ["library"]
COLUMNS = [*KEY, "seconds", "min", "max"]
RUNS = 5
PROGRAM = """
import sys, importlib, numpy as np
from benchmarks.work import Work
data = np.load(sys.argv[2])
X, y = np.asfortranarray(data["X"]), data["y"]
library = importlib.import_module("benchmarks.libraries." + sys.argv[1])
library.single(Work(X, y, np.array([abs(X.T @ y).max() / len(y) / 10])), 1e-4)
"""


def run(libraries):
    X, y = prepared(*diabetes())
    folder = environments.FOLDER
    folder.mkdir(exist_ok=True)
    np.savez(folder / "diabetes.npz", X=X, y=y)
    env = {**os.environ, **pool.QUIET, "PYTHONPATH": str(environments.ROOT)}
    for library in libraries:
        if environments.make(library):
            continue
        command = [environments.python(library), "-c", PROGRAM, library.MODULE, folder / "diabetes.npz"]
        seconds = []
        for _ in range(RUNS + 1):  # the first one fills the file cache
            start = time.perf_counter()
            out = subprocess.run(command, env=env, cwd=environments.ROOT, capture_output=True, check=False)
            seconds.append(time.perf_counter() - start)
        if out.returncode == 0:
            kept = seconds[1:]
            numbers = {"seconds": statistics.median(kept), "min": min(kept), "max": max(kept)}
            yield {"library": library.NAME} | {name: f"{value:.3g}" for name, value in numbers.items()}


def section(rows):
    return table(["library", "seconds"], [[row["library"], row["seconds"]] for row in rows])
