"""Time every library on every problem at the same accuracy, and write a CSV row for each.

usage: python -m benchmarks.run [PROBLEM ...] [--task path ...] [--family NAME ...] [--library NAME ...]
                                [--threads 2 ...] [--cap 20] [--judge excess] [--out FILE] [--list]

For every library the loosest of the tolerances 1, 0.1, 0.01, … at which the whole path reaches gap_rel ≤ 1e-6, as
benchmarks/judge.py recomputes it from the coefficients; then the median of runs that alternate between the libraries.
benchmarks/tasks.py says what the tasks are. Rows go to benchmarks/results/timings.csv as they are measured, in place of
those of the same problem, task, library and threads; tolerances found are remembered in tolerances.csv beside it, where
the next search begins. With --library, name riata too: its tight first run is what the others are judged by.
"""

import argparse
import pathlib
import sys
import tempfile
import time
from typing import Any

import numpy as np
import scipy.sparse

from benchmarks import environments, measure, pool, registry, results, tasks


def arguments(argv: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*")
    parser.add_argument("--task", nargs="+", choices=tasks.ALL)
    parser.add_argument("--family", nargs="+", help="only problems of these families (benchmarks/work.py)")
    parser.add_argument("--library", nargs="+")
    parser.add_argument("--threads", nargs="+", type=int, default=[2])
    parser.add_argument("--cap", type=float, default=20.0, help="seconds that one call may take")
    parser.add_argument("--out", type=pathlib.Path, default=results.FOLDER / "timings.csv")
    parser.add_argument("--judge", choices=["gap", "excess"], default="gap", help="see benchmarks/gap.py")
    parser.add_argument("--list", action="store_true", help="print the problems and the libraries, and run nothing")
    return parser.parse_args(argv)


def chosen(names: list[str]) -> list[registry.Problem]:
    """The problems with these names, or all."""
    known = registry.problems()
    unknown = set(names) - set(known)
    if unknown:
        raise SystemExit(f"no problem {', '.join(sorted(unknown))}; there are: {', '.join(sorted(known))}")
    return [known[name] for name in names or known]


def processes(libraries: list[registry.Library]) -> list[pool.Process]:
    """A process for each library that can run here; the others are named with the reason."""
    ready = []
    for library in libraries:
        process = pool.Process(library)
        reason = environments.make(library)
        try:
            process.versions = "" if reason else process.ask(pool.START_LIMIT, op="versions")["versions"]
        except (pool.Failed, pool.TimeUp) as error:
            reason = str(error)
        if reason:
            print(f"{library.NAME} is left out: {reason}", file=sys.stderr)
        else:
            ready.append(process)
    return ready


class Bench:
    """One run of the benchmark: processes, a folder to exchange data in, what is known of tolerances."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path) -> None:
        self.options, self.folder = options, folder
        self.processes = processes(registry.libraries(options.library))
        self.facts = {"commit": results.commit(), "machine": results.machine()}
        self.tolerances = options.out.with_name("tolerances.csv")
        known = results.read(self.tolerances)
        self.starts = {(r["problem"], r["task"], r["library"]): int(r["decade"]) for r in known}
        self.paths: dict[str, float | None] = {}

    def problem(self, problem: registry.Problem) -> None:
        """All tasks of one problem, and for each all numbers of threads."""
        raw = problem.load()
        self.data: tuple[Any, np.ndarray] | None = None
        for task in self.options.task or tasks.tasks_of(problem):
            sparse = scipy.sparse.issparse(raw[0])
            if task == "intercept" and sparse:
                continue  # raw sparse columns are not the same problem for everybody
            self.give(tasks.prepared(*raw, centre=task != "intercept", family=problem.family), task)
            for threads in self.options.threads:
                self.task(problem, task, threads)

    def give(self, data: tuple[Any, np.ndarray], task: str) -> None:
        """Hand X and y to all processes where they have others."""
        kind = task == "intercept"
        if self.data is not None and self.kind == kind:
            return
        self.data, self.kind = data, kind
        X, y = data
        for old in self.folder.glob("X.np*"):
            old.unlink()
        if scipy.sparse.issparse(X):
            scipy.sparse.save_npz(self.folder / "X.npz", X, compressed=False)
        else:
            np.save(self.folder / "X.npy", X)
        np.save(self.folder / "y.npy", y)
        for process in self.processes:
            process.load("data", folder=str(self.folder))

    def task(self, problem: registry.Problem, task: str, threads: int) -> None:
        """Measure and write the rows."""
        began = time.monotonic()
        X, y = self.data
        groups = None if problem.groups is None else problem.groups(X)
        more = {"ratio": problem.ratio, "threads": threads, "family": problem.family, "groups": groups}
        work = tasks.work_of(task, X, y, **more)
        arrays = pool.save_task(self.folder, lams=work.lams, weights=work.weights, folds=work.folds, groups=groups)
        options = {name: getattr(work, name) for name in ("l1_ratio", "intercept", "threads", "family")}
        cells: list[measure.Cell] = []
        judges: dict = {}
        for process in self.processes:
            cell = measure.Cell(process, task, work, judges, self.folder)
            cell.by_own = self.options.judge == "gap"
            cell.note = measure.lacking(cell) or process.load("task", file=arrays, **options)["refused"]
            cells.append(cell)
        starts = {}
        for known in ("path", task):  # the path's tolerance is a good start for whatever is not known yet
            starts |= {n: decade for (p, t, n), decade in self.starts.items() if (p, t) == (problem.name, known)}
        rows = measure.measure(cells, starts, self.options.cap, self.paths if task == "cv" else {})
        if task == "path":
            self.paths = {row["library"]: float(row["seconds"]) if row["reached"] == "yes" else None for row in rows}
        self.write(problem, cells, rows)
        print(f"{problem.name} {task} on {threads}: {time.monotonic() - began:.0f} s in all", file=sys.stderr)

    def write(self, problem: registry.Problem, cells: list[measure.Cell], rows: list[dict]) -> None:
        X = self.data[0]
        nnz = X.nnz if scipy.sparse.issparse(X) else X.size
        for cell, row in zip(cells, rows, strict=True):
            kind = problem.kind or kind_of(X, problem.family)
            row |= {"problem": problem.name, "kind": kind, "family": problem.family, "nnz": nnz}
            row |= dict(zip("np", X.shape, strict=True))
            row |= {"versions": cell.process.versions, **self.facts}
            said = f"{row['seconds']} s, gap_rel {row['gap_rel']}, {row['reached']}" if row["seconds"] else row["note"]
            print(f"{problem.name} {cell.task} {cell.name}: {said}", file=sys.stderr)
        results.merge(self.options.out, rows)
        found = (
            []
            if self.options.judge == "excess"
            else [
                {"problem": problem.name, "task": cell.task, "library": cell.name, "decade": cell.best.decade}
                for cell in cells
                if cell.best is not None
            ]
        )
        self.starts |= {(row["problem"], row["task"], row["library"]): row["decade"] for row in found}
        results.merge(self.tolerances, found, ["problem", "task", "library", "decade"], ["problem", "task", "library"])


def kind_of(X: Any, family: str) -> str:
    """A word for the tables: the shape, the family, or for two classes both."""
    shape = "sparse" if scipy.sparse.issparse(X) else "wide" if X.shape[0] < X.shape[1] else "tall"
    return {"gaussian": shape, "binomial": f"binomial {shape}"}.get(family, family)


def main(argv: list[str]) -> int:
    options = arguments(argv)
    problems = [p for p in chosen(options.problems) if not options.family or p.family in options.family]
    if options.list:
        print(*(problem.name for problem in problems), sep="\n")
        print(*(library.NAME for library in registry.libraries()), sep="\n")
        return 0
    with tempfile.TemporaryDirectory(prefix="riata-bench-") as folder:
        bench = Bench(options, pathlib.Path(folder))
        try:
            for problem in problems:
                bench.problem(problem)
        finally:
            for process in bench.processes:
                process.end()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
