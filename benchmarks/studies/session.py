"""Processes and a folder for a study: give them data, run a path, judge it."""

import contextlib
import pathlib
import tempfile
from collections.abc import Iterator

import numpy as np
import scipy.sparse

from benchmarks import measure, pool, tasks
from benchmarks.registry import Library, Problem
from benchmarks.run import Bench, processes


class Session(Bench):
    """A benchmark run without a command line."""

    def __init__(self, libraries: list[Library], folder: pathlib.Path) -> None:
        self.folder, self.processes, self.data = folder, processes(libraries), None

    def cells(self, problem: Problem, threads: int = 2) -> list[measure.Cell]:
        """A cell for each library at the path of a problem, all with one judge."""
        self.data = None
        self.give(tasks.prepared(*problem.load()), "path")
        work = tasks.work_of("path", *self.data, ratio=problem.ratio, threads=threads)
        file, judges = pool.save_task(self.folder, lams=work.lams), {}
        cells = []
        for process in self.processes:
            refused = process.load("task", file=file, l1_ratio=1.0, intercept=False, threads=threads)["refused"]
            if not refused:
                cells.append(measure.Cell(process, "path", work, judges, self.folder))
        return cells


@contextlib.contextmanager
def session(libraries: list[Library]) -> Iterator[Session]:
    """Processes that are ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="riata-bench-") as folder:
        opened = Session(libraries, pathlib.Path(folder))
        try:
            yield opened
        finally:
            for process in opened.processes:
                process.end()


def nonzeros(coef: scipy.sparse.csc_array) -> int:
    """Selected features at the last λ."""
    return int(np.count_nonzero(coef[:, [-1]].toarray()))
