"""Time every library on every problem at the same certified accuracy, and write one CSV row for each.

usage: python -m benchmarks.run [PROBLEM ...] [--task path|cv] [--library NAME] [--repeat 5] [--out FILE]

    path   100 values of lambda from lambda_max to lambda_max/100, standardised columns, centred y
    cv     the same grid, 10 contiguous folds, two threads over folds for every library

Each library starts with its tolerance at 1e-2, and gets a tenth of it until the largest gap_rel over all lambda is at
most 1e-6, as riata.certify recomputes it from the coefficients; the time is the median at that tolerance. For `cv` the
gap is that of the library's own path on each fold's training rows at the same tolerance.
"""

import argparse
import csv
import importlib
import os
import pathlib
import pkgutil
import platform
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np

import benchmarks.libraries
import benchmarks.problems
from tools.readme import COLUMNS

GAP, LAMBDAS, RATIO, FOLDS = 1e-6, 100, 1e-2, 10
LOOSEST, TIGHTEST = 1e-2, 1e-14
THREADS = 2  # of every library, over folds; BLAS has one
PATIENCE = 60.0  # seconds after which a task is repeated no more


def modules(package):
    """Every module of a registry folder."""
    return [importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__)]


def standardised(X, y):
    """Columns with mean 0 and population standard deviation 1 (constant ones stay 0), and y with mean 0."""
    X = np.asfortranarray(X, dtype=np.float64)
    X = X - X.mean(axis=0)
    scale = X.std(axis=0)
    return np.asfortranarray(X / np.where(scale > 0, scale, 1.0)), y - y.mean()


def largest_gap(X, y, coef, lams):
    """The largest gap_rel over the path, recomputed from the coefficients alone."""
    from riata.certify import certify
    from riata.path import make_problem

    problem = make_problem(X, y, standardize=False)
    offset = y.mean() - X.mean(axis=0) @ coef
    return max(certify(problem, coef[:, k], offset[k], lam).gap_rel for k, lam in enumerate(lams))


def fold_gap(library, X, y, lams, splits, tol):
    """The largest gap_rel over all folds and lambda."""
    gaps = []
    for train, _ in splits:
        A, b = X[train] - X[train].mean(axis=0), y[train] - y[train].mean()
        A = np.asfortranarray(A)
        gaps.append(largest_gap(A, b, library.path(A, b, lams, tol), lams))
    return max(gaps)


def timed(call, repeat):
    """(result, median seconds) of a call; the first, cold one counts only where it is the only one.

    Calls of milliseconds are repeated for half a second, so that the median is not one of a few cold runs.
    """
    seconds, began = [], time.perf_counter()
    while len(seconds) <= repeat or (len(seconds) < 500 and time.perf_counter() - began < 0.5):
        start = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - start)
        if time.perf_counter() - began > PATIENCE:
            break
    return result, statistics.median(seconds[1:] or seconds)


def measure(library, task, X, y, repeat):
    """(seconds, gap_rel, nonzeros) of one library on one problem at the loosest tolerance that reaches GAP."""
    top = np.abs(X.T @ y).max() / len(y)
    lams = top * np.geomspace(1.0, RATIO, LAMBDAS)
    rows = np.arange(len(y))
    splits = [(np.setdiff1d(rows, part), part) for part in np.array_split(rows, FOLDS)]
    tol = LOOSEST
    while True:
        if task == "path":
            coef = library.path(X, y, lams, tol)
            gap, nonzeros = largest_gap(X, y, coef, lams), int(np.count_nonzero(coef[:, -1]))
        else:
            gap = fold_gap(library, X, y, lams, splits, tol)
        if gap <= GAP or tol <= TIGHTEST:
            break
        tol /= 10
    if task == "path":
        seconds = timed(lambda: library.path(X, y, lams, tol), repeat)[1]
    else:
        fitted, seconds = timed(lambda: library.cv(X, y, lams, splits, tol, THREADS), repeat)
        nonzeros = int(np.count_nonzero(fitted.coef_))
    return seconds, gap, nonzeros


def commit():
    """The commit that was measured, with a mark where the tree held changes."""
    out = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return out.stdout.strip() or "unknown"


def machine():
    """Processor and number of cores."""
    name = platform.processor() or platform.machine()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    return f"{name} ({os.cpu_count()} cores)"


def arguments(argv):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*")
    parser.add_argument("--task", choices=["path", "cv"])
    parser.add_argument("--library")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--out", type=pathlib.Path)
    return parser.parse_args(argv)


def rows(options):
    """One dict for each (problem, task, library) that was asked for, as they are measured."""
    problems = {name: load for module in modules(benchmarks.problems) for name, load in module.PROBLEMS.items()}
    unknown = set(options.problems) - set(problems)
    if unknown:
        raise SystemExit(f"no problem {', '.join(sorted(unknown))}; there are: {', '.join(sorted(problems))}")
    libraries = [m for m in modules(benchmarks.libraries) if options.library in (None, m.NAME)]
    blas = os.environ.get("OPENBLAS_NUM_THREADS", "default")
    threads = f"{THREADS} over folds, {blas} in BLAS"
    for name in options.problems or problems:
        X, y = standardised(*problems[name]())
        for task in [options.task] if options.task else ["path", "cv"]:
            for library in libraries:
                seconds, gap, nonzeros = measure(library, task, X, y, options.repeat)
                print(f"{name} {task} {library.NAME}: {seconds:.4g} s, gap_rel {gap:.1e}", file=sys.stderr)
                facts = [library.versions(), commit(), machine()]
                values = [name, task, library.NAME, f"{seconds:.6g}", f"{gap:.3e}", nonzeros, threads, *facts]
                yield dict(zip(COLUMNS, values, strict=True))


def main(argv):
    options = arguments(argv)
    target = options.out.open("w", newline="", encoding="utf-8") if options.out else sys.stdout
    with target, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a missed tolerance shows in the gap column
        writer = csv.DictWriter(target, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows(options):  # as they are measured, so that a run that is cut short keeps what it has
            writer.writerow(row)
            target.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
