"""Counted work on fixed problems, against what is committed: a guard that is the same on any machine.

usage: python -m benchmarks.guard [--write]

For each problem and task: rounds of the inner solver, Cholesky factors made from scratch, passes over X (full ones,
and columns read singly in units of a pass) and the bytes that those read. None may grow by more than a tenth (or by 2,
where counts are small: another BLAS rounds otherwise). --write takes the present counts as the new ones.
"""

import argparse
import csv
import pathlib
import sys

import numpy as np
import scipy.sparse as sp

from benchmarks import results
from riata.path import make_problem, solve_path
from riata.select.cv import cross_validate

FILE = results.FOLDER / "work.csv"
COUNTS = ["rounds", "factors", "full_passes", "partial_passes", "megabytes"]
SHARE, FEW = 0.1, 2.0


def _data(n, p, rho=0.0, support=20, seed=0):
    """Gaussian columns with correlation rho ** |i − j|; SNR 3."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1.0 - rho**2) * X[:, j]
    w = np.zeros(p)
    w[rng.choice(p, support, replace=False)] = rng.standard_normal(support)
    signal = X @ w
    return X, signal + rng.standard_normal(n) * signal.std() / np.sqrt(3.0)


def wide():
    """100 × 3000, independent columns."""
    return *_data(100, 3000), 1e-2


def wide_correlated():
    """100 × 3000, ρ = 0.95."""
    return *_data(100, 3000, 0.95), 1e-2


def tall():
    """2000 × 100."""
    return *_data(2000, 100), 1e-3


def tall_correlated():
    """600 × 400, ρ = 0.95: a support of hundreds."""
    return *_data(600, 400, 0.95, 100), 1e-3


def sparse():
    """3000 × 4000 with one entry in a hundred: descent on the sparse residual."""
    rng = np.random.default_rng(3)
    X = sp.random(3000, 4000, 0.01, "csc", random_state=rng, data_rvs=rng.standard_normal)
    w = np.where(rng.random(4000) < 0.01, rng.standard_normal(4000), 0.0)
    return X, X @ w + 0.3 * rng.standard_normal(3000), 1e-2


PROBLEMS = {call.__name__: call for call in (wide, wide_correlated, tall, tall_correlated, sparse)}


def count(name, task, tricks=None):
    """The counts of one task: path, or cv with 5 folds."""
    X, y, ratio = PROBLEMS[name]()
    problem, grid = make_problem(X, y), {"n_lams": 60, "lam_min_ratio": ratio, "tol": 1e-8, "tricks": tricks}
    if task == "path":
        stats = solve_path(problem, **grid).stats
    else:
        stats = cross_validate(problem, foldid=(np.arange(len(y)) % 5)[None], **grid).path.stats
    found = {name: float(stats[name]) for name in COUNTS[:-1]}
    size = problem.design.nbytes / 1e6
    return found | {"megabytes": size * (found["full_passes"] + found["partial_passes"])}


def more(found, known):
    """Which counts have grown, in words."""
    return [
        f"{name}: {found[name]:.4g} instead of {float(known[name]):.4g}"
        for name in COUNTS
        if found[name] > max((1.0 + SHARE) * float(known[name]), float(known[name]) + FEW * _unit(name, known))
    ]


def _unit(name, known):
    """What a count of one is: bytes come in passes."""
    passes = float(known["full_passes"]) + float(known["partial_passes"])
    return float(known["megabytes"]) / max(passes, 1.0) if name == "megabytes" else 1.0


def tasks(name):
    return ["path"] if name == "sparse" else ["path", "cv"]


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args(argv).write
    found = {(name, task): count(name, task) for name in PROBLEMS for task in tasks(name)}
    if write:
        rows = [{"problem": p, "task": t} | {k: f"{v:.6g}" for k, v in c.items()} for (p, t), c in found.items()]
        with pathlib.Path(FILE).open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, ["problem", "task", *COUNTS], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return 0
    known = {(row["problem"], row["task"]): row for row in results.read(FILE)}
    grown = {key: more(counts, known[key]) if key in known else ["not in the file"] for key, counts in found.items()}
    for (name, task), lines in grown.items():
        print(f"{name} {task}: {'; '.join(lines) if lines else 'no more work than before'}")
    return 1 if any(grown.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
