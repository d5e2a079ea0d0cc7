"""What a path costs beside the one product X'X that it needs: dense X, at least as many rows as columns.

Both run in this process, in turns, with two threads: the product as BLAS makes it (``dsyrk``), the path as in the
benchmark, 100 λ to λ_max/1000. Medians over rounds, of each of which the shortest call counts.
"""

import statistics
import time

import scipy.linalg.blas
import scipy.sparse
import threadpoolctl

from benchmarks import registry, tasks
from benchmarks.libraries import riata as ours
from benchmarks.report import table

TITLE = "Seconds of a path over those of one product X'X, n ≥ p dense"
KEY = ["problem"]
COLUMNS = [*KEY, "n", "p", "product", "path", "ratio", "gap_rel"]
THREADS, ROUNDS, PAUSE = 2, 9, 0.2  # after the product BLAS's threads spin for a while
TOL = 1e-6


def run(libraries):
    """One row for each data set. ``libraries`` are those of paths; only ours runs here."""
    for problem in registry.problems().values():
        if problem.family != "gaussian":
            continue
        X, y = problem.load()
        if scipy.sparse.issparse(X) or X.shape[0] < X.shape[1]:
            continue
        X, y = tasks.prepared(X, y)
        work = tasks.work_of("path", X, y, ratio=problem.ratio, threads=THREADS)
        product, path = [], []
        for _ in range(ROUNDS + 1):
            time.sleep(PAUSE)
            with threadpoolctl.threadpool_limits(THREADS):
                product.append(seconds(scipy.linalg.blas.dsyrk, 1.0, X, trans=1))
            time.sleep(PAUSE)
            path.append(seconds(ours.path, work, TOL))
        gap = ours.path(work, TOL).gap_rel.max()
        middle = statistics.median(product[1:]), statistics.median(path[1:])
        yield {"problem": problem.name, "n": X.shape[0], "p": X.shape[1], "gap_rel": f"{gap:.1e}"} | {
            name: f"{value:.4g}"
            for name, value in zip(("product", "path", "ratio"), (*middle, middle[1] / middle[0]), strict=True)
        }


def seconds(call, *what, **more):
    """Of the shortest of as many calls as take a hundredth of a second."""
    best, until = float("inf"), time.perf_counter() + 0.01
    while best == float("inf") or time.perf_counter() < until:
        start = time.perf_counter()
        call(*what, **more)
        best = min(best, time.perf_counter() - start)
    return best


def section(rows):
    """Sorted by the work of the product."""
    rows = sorted(rows, key=lambda row: int(row["n"]) * int(row["p"]) ** 2)
    lines = [
        [row["problem"], f"{row['n']} × {row['p']}", f"{1e3 * float(row['product']):.3g} ms",
         f"{1e3 * float(row['path']):.3g} ms", f"{float(row['ratio']):.2g}×"]
        for row in rows
    ]  # fmt: skip
    return table(["data", "n × p", "X'X", "path", "ratio"], lines, left=2)
