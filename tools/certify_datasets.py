"""Certify every λ and every training fold of the real data sets: `python -m tools.certify_datasets [NAME ...]`.

With --families each set of `riata.testing.datasets.FAMILIES` under its own likelihood instead, the path on all rows.
Writes benchmarks/results/certificates.csv: one line a data set (and response), with the largest relative duality gap
as the solve stored it and as `riata.certify` recomputes it from the problem and the coefficients alone. Sets whose
target is a class are fitted as -1/+1 under the Gaussian loss. The data lie beside the repository (../shared/data, or
RIATA_SHARED).
"""

from __future__ import annotations

import argparse
import csv
import os
import pathlib
import sys
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "certificates.csv"
FIELDS = [
    "data_set", "storage", "n", "p", "density", "n_lams", "lam_min_ratio", "folds",
    "max_gap_rel_stored", "max_gap_rel_certified", "bound_holds", "max_support", "seconds_solve", "seconds_certify",
    "solver", "target", "family",
]  # fmt: skip
TOL = 1e-8
FAMILY_TOL = 1e-7


# n_lams, lam_min_ratio, folds: the default grid of the shape, ten folds; fewer where one machine would take hours
LIGHTER = {
    "news20": (30, 0.1, 3),
    "nycflights_sparse": (50, 1e-2, 3),
    "movielens100k_onehot": (50, 1e-2, 5),
    "fine_foods_tfidf": (50, 0.05, 5),
    "dorothea": (50, 0.05, 5),
    "vw_rcv1_small": (50, None, 5),
    "mnist5k": (50, 1e-2, 5),
    "skf_Isolet": (50, 1e-2, 5),
    "skf_COIL20": (50, 1e-2, 5),
}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", help="data sets; all of them when none is given")
    parser.add_argument("--out", type=pathlib.Path, default=RESULTS)
    parser.add_argument("--shared", type=pathlib.Path, default=os.environ.get("RIATA_SHARED") or ROOT.parent / "shared")
    parser.add_argument("--families", action="store_true", help="each set under its own likelihood")
    parser.add_argument(
        "--both", action="store_true", help="dense sets as CSC too, and sparse ones dense where they fit"
    )
    return parser.parse_args()


def measure(name: str, X: Any, y: np.ndarray, kind: str, grid: tuple[int, float | None, int]) -> dict[str, Any]:
    """One line of the table."""
    from riata.path import make_problem
    from riata.testing.checks import certify_folds

    n_lams, ratio, folds = grid
    n, p = X.shape
    foldid = np.random.default_rng(0).permutation(np.arange(n) % folds)
    clock = time.perf_counter()
    found = certify_folds(make_problem(X, y), foldid, tol=TOL, n_lams=n_lams, lam_min_ratio=ratio)
    total = time.perf_counter() - clock
    density = X.nnz / n / p if sp.issparse(X) else np.count_nonzero(X) / X.size
    return {
        "data_set": name, "storage": "csc" if sp.issparse(X) else "dense", "n": n, "p": p, "density": f"{density:.3g}",
        "n_lams": found.lams.size, "lam_min_ratio": f"{found.lams[-1] / found.lams[0]:.3g}", "folds": folds,
        "max_gap_rel_stored": f"{found.stored.max():.2e}", "max_gap_rel_certified": f"{found.certified.max():.2e}",
        "bound_holds": bool(np.all(found.certified <= found.stored + found.slack)), "max_support": found.support,
        "seconds_solve": f"{found.seconds:.2f}", "seconds_certify": f"{total - found.seconds:.2f}",
        "solver": found.solver, "target": kind,
        "family": "gaussian",
    }  # fmt: skip


def measure_family(name: str, X: Any, y: np.ndarray, family: str, grid: tuple[int, float | None]) -> dict[str, Any]:
    """One line of the table: the whole path of one family, on all rows."""
    import riata
    from riata.certify import certify_many

    n_lams, ratio = grid
    problem = riata.make_problem(X, y, family=family)
    clock = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", riata.NotConverged)  # the stored gap says it, and counts below
        path = riata.path(X, y, family=family, n_lams=n_lams, lam_min_ratio=ratio, tol=TOL)
    seconds = time.perf_counter() - clock
    gaps = np.array([c.gap_rel for c in certify_many(problem, path.coef, path.intercept, path.lams)])
    (n, p), many = X.shape, sp.issparse(X)
    return {
        "data_set": name, "storage": "csc" if many else "dense", "n": n, "p": p,
        "density": f"{(X.nnz if many else np.count_nonzero(X)) / n / p:.3g}", "n_lams": path.lams.size,
        "lam_min_ratio": f"{path.lams[-1] / path.lams[0]:.3g}", "folds": 0,
        "max_gap_rel_stored": f"{path.gap_rel.max():.2e}", "max_gap_rel_certified": f"{gaps.max():.2e}",
        "bound_holds": bool(np.all(gaps <= path.gap_rel + 1e-10)), "max_support": int(path.df.max(initial=0)),
        "seconds_solve": f"{seconds:.2f}", "seconds_certify": f"{time.perf_counter() - clock - seconds:.2f}",
        "solver": path.stats.get("solver", ""), "target": "own", "family": family,
    }  # fmt: skip


def lines_of(args: argparse.Namespace, folder: pathlib.Path) -> Iterator[dict[str, Any]]:
    """The lines that were asked for, as they are measured."""
    from riata.testing.datasets import CLASSES, FAMILIES, REGRESSIONS, load

    if args.families:
        for family, names in FAMILIES.items():
            for name in [name for name in names if name in (args.names or names)]:
                data = load(folder, name)
                rows = np.isfinite(data.y).reshape(len(data.y), -1).all(axis=1)
                X, y = (data.X, data.y) if rows.all() else (data.X[rows], data.y[rows])
                yield measure_family(name, X, y, family, LIGHTER.get(name, (100, None, 10))[:2])
        return
    for name in args.names or [*REGRESSIONS, *CLASSES]:
        data = load(folder, name)
        kind = "class as -1/+1" if name in CLASSES else "number"
        for label, X, y in (data.signed() if name in CLASSES else data).responses():
            for stored in storages(X, args.both):
                yield measure(label, stored, y, kind, LIGHTER.get(name, (100, None, 10)))


def storages(X: Any, both: bool) -> list[Any]:
    """X as it is stored, and the other way round when asked for and when it fits (400 MB)."""
    if not both:
        return [X]
    if not sp.issparse(X):
        return [X, sp.csc_matrix(X)]
    return [X, np.asfortranarray(X.toarray())] if X.shape[0] * X.shape[1] <= 50_000_000 else [X]


def main() -> int:
    """Measure, print and write; 1 when a gap is above the tolerance or a stored bound below its certificate."""
    args = arguments()
    folder = args.shared / "data"
    if not folder.is_dir():
        sys.exit(f"no data sets at {folder}\n\nhint: set RIATA_SHARED to the folder that holds data/")
    lines: list[dict[str, Any]] = []
    for line in lines_of(args, folder):
        lines.append(line)
        print("  ".join(f"{k}={v}" for k, v in line.items()), file=sys.stderr, flush=True)
        write(args.out, lines)
    limit = FAMILY_TOL if args.families else TOL
    bad = [x for x in lines if float(x["max_gap_rel_certified"]) > limit or not x["bound_holds"]]
    print(f"{len(lines)} lines, {len(bad)} above {limit:g} or with a bound that does not hold -> {args.out}")
    return 1 if bad else 0


def key(row: dict[str, Any]) -> tuple[str, str, str]:
    """What a line is about; lines of before there were families are Gaussian."""
    row["family"] = row.get("family") or "gaussian"
    return row["family"], row["data_set"], row["storage"]


def write(out: pathlib.Path, lines: list[dict[str, Any]]) -> None:
    """The table, lines of an earlier run kept where they were not measured again."""
    fresh = {key(line) for line in lines}
    kept = []
    if out.exists():
        with out.open(newline="") as file:
            kept = [row for row in csv.DictReader(file) if key(row) not in fresh]
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted([*kept, *lines], key=key))


if __name__ == "__main__":
    sys.exit(main())
