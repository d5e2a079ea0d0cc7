"""One task on one problem: every library's loosest sufficient tolerance, then runs in turn, then rows.

A call may take `cap` seconds, and no longer than RATIO times the best library so far (but FLOOR at least); what is
slower is shown as such. For `cv` the tolerance is that of the path, tightened until the library's own path on the
training rows of folds 0, 4 and 9 is accurate enough.

Five runs, three where a call takes more than 1 s, two where it takes more than 3 s or BEHIND times the best of the
others, one where it takes more than 20 s: the ratios that count are between ours and the best.
"""

import contextlib
import pathlib
import statistics
import time

import numpy as np
import scipy.sparse

from benchmarks.accuracy import Try, loosest
from benchmarks.judge import Judge
from benchmarks.pool import Failed, Process, TimeUp
from benchmarks.registry import LACKS, OURS
from benchmarks.tasks import CALLS, NEEDS
from benchmarks.work import Work

RATIO, FLOOR = 50.0, 2.0
REPEATS, SLOW, SLOWEST = 5, 3.0, 20.0  # calls above SLOW seconds run twice, above SLOWEST once
SHORT = 0.1  # shorter calls are repeated within a run for this long
TIGHT = 9  # decades: the tolerance of the run that seeds the judge
JUDGED = (0, 4, 9)  # folds whose paths are judged
SEARCHED = {"single": "single", "loop": "single"}  # what the search calls; the paths of folds for cv
BEHIND = 5.0
FAR = 6.0  # cv is not tried where the path takes this many times that of the best of the others


class Cell:
    """One library at one task of one problem; `judges` holds one for the whole (None) and for folds, shared by all."""

    def __init__(self, process: Process, task: str, work: Work, judges: dict, folder: pathlib.Path) -> None:
        self.process, self.task, self.work, self.judges, self.folder = process, task, work, judges, folder
        self.call = CALLS.get(task, "path")
        self.note, self.passes, self.nonzeros = "", "", ""
        self.by_own = True  # whether the gap by its own residual has to reach the bound, or the excess
        self.own: dict[int, float] = {}  # that gap, at each decade tried
        self.any: dict[int, float] = {}  # the excess: the gap by the best dual point that anybody found
        self.best: Try | None = None
        self.limit = np.inf  # seconds that a call may take
        self.seconds: list[float] = []
        self.memory: list[float] = []

    @property
    def name(self) -> str:
        return self.process.library.NAME

    def run(self, decade: int | None, limit: float, call: str, **more: object) -> tuple[dict, object, object]:
        """(answer, coefficients, intercepts) of one call."""
        save = str(self.folder / f"{self.process.library.MODULE}.npz")
        answer = self.process.ask(
            limit, op="run", call=call, tol=None if decade is None else 10.0**-decade, save=save, **more
        )
        coef, intercept = scipy.sparse.load_npz(save), np.load(save + ".intercept.npy")
        given = self.work.intercept and self.call != "cv" and intercept.size
        return answer, coef, intercept if given else None

    def attempt(self, decade: int | None, limit: float) -> Try:
        """Run at a tolerance (None: the default) and judge what comes back: the path, or the paths of some folds."""
        worst, own, seconds = 0.0, 0.0, []
        for fold in JUDGED if self.call == "cv" else [None]:
            try:
                answer, coef, intercept = self.run(decade, limit, SEARCHED.get(self.call, "path"), fold=fold)
            except TimeUp:
                return Try(decade, np.inf, limit, late=True)
            if fold not in self.judges:
                self.judges[fold] = Judge(self.work if fold is None else self.work.training(fold))
            best, mine = self.judges[fold].gaps(coef, intercept)
            worst, own, seconds = max(worst, best), max(own, mine), [*seconds, answer["seconds"][0]]
        self.last = coef[:, [-1]].toarray().ravel()
        self.own[decade] = own
        self.any[decade] = worst
        return Try(decade, own if self.by_own else worst, statistics.mean(seconds))

    def search(self, start: int, limit: float) -> None:
        """Find the tolerance; errors become notes."""
        self.limit, until = limit, time.monotonic() + 2 * limit
        try:
            floor = start if self.call == "cv" else self.process.library.LOOSEST
            start = max(start, floor)
            self.best = loosest(lambda k: self.attempt(k, limit), start, lambda: time.monotonic() < until, floor)
        except Failed as error:
            self.note = str(error)[:200]

    def seed(self, limit: float) -> None:
        """Good lower bounds before anybody is judged: one tight run of whoever comes first, which is ours."""
        with contextlib.suppress(Failed):
            self.attempt(TIGHT, limit)

    def timed(self, limit: float, warm_up: bool) -> None:
        """One run that counts, short calls several times; a warm-up counts only where it took long."""
        known = min(self.seconds) if self.seconds else SHORT
        try:
            times = int(np.clip(SHORT / max(known, 1e-6), 1, 20))
            answer, coef, _ = self.run(self.best.decade, limit, self.call, times=times)
        except (TimeUp, Failed) as error:
            self.note = f"more than {error}" if isinstance(error, TimeUp) else str(error)[:200]
            return
        if not warm_up or answer["seconds"][0] > SLOW:
            self.seconds += answer["seconds"]
            self.memory += [answer["memory_mb"]] if answer["memory_mb"] is not None else []
        self.passes = answer.get("passes", "")
        self.nonzeros = int(np.count_nonzero(coef[:, [-1]].toarray()))

    def wanted(self, repeat: int, behind: float) -> bool:
        """Whether this cell runs once more; repeat -1 is the warm-up. Above `behind` seconds two runs are enough."""
        if self.best is None or self.note or not np.isfinite(self.best.gap):
            return False
        if not self.best.reached:
            return repeat == 0
        expected = min(self.seconds) if self.seconds else self.best.seconds
        if repeat < 0:
            return expected < SLOW / 3
        few = 2 if expected > min(SLOW, behind) else 3 if expected > SLOW / 3 else REPEATS
        return repeat < (1 if expected > SLOWEST else few)

    @property
    def reached(self) -> str:
        if self.best is None:
            return "not run"
        if self.best.late or self.note.startswith("more than"):
            return "timeout"
        return "yes" if self.best.reached and self.seconds else "no"

    def row(self) -> dict:
        """The columns that belong to the measurement."""
        found, seconds = self.best, self.seconds
        return {
            "task": self.task,
            "library": self.name,
            "threads": self.work.threads,
            "seconds": f"{statistics.median(seconds):.4g}" if seconds else f"{found.seconds:.4g}" if found else "",
            "min": f"{min(seconds):.4g}" if seconds else "",
            "max": f"{max(seconds):.4g}" if seconds else "",
            "runs": len(seconds),
            "gap_rel": f"{self.own[found.decade]:.1e}" if found and found.decade in self.own else "",
            "excess": f"{self.any[found.decade]:.1e}" if found and found.decade in self.any else "",
            "reached": self.reached,
            "limit": f"{self.limit:.3g}" if found else "",
            "tolerance": f"1e-{found.decade}" if found else "",
            "nonzeros": self.nonzeros,
            "peak_memory_mb": f"{min(self.memory):.0f}" if self.memory else "",
            "passes": self.passes,
            "note": self.note,
        }


def limit_of(cells: list[Cell], cap: float) -> float:
    """How long a call may take, given who was measured so far."""
    known = [cell.best.seconds for cell in cells if cell.best is not None and cell.best.reached]
    return min(cap, max(FLOOR, RATIO * min(known))) if known else cap


def too_far(name: str, paths: dict[str, float | None], cap: float) -> str:
    """Why a cross-validation is not tried, after its path; "" where it is."""
    if name not in paths:
        return ""
    mine, others = paths[name], [s for other, s in paths.items() if s is not None and other not in (name, OURS)]
    if mine is None:
        return "its path was not accurate enough in time"
    if 4 * mine > cap:
        return f"its path takes {mine:.3g} s"
    if others and mine > 0.2 and mine > FAR * min(others):
        return f"its path takes {mine / min(others):.0f} times that of the best of the others"
    return ""


def lacking(cell: Cell) -> str:
    """Why a library cannot do this at all, "" where it can."""
    can, work = cell.process.library.can(cell.work.family), cell.work
    if can is None:
        return LACKS + work.family
    wanted = {"sparse": work.sparse, "intercept": work.intercept and work.family != "gaussian"}
    needs = {NEEDS.get(cell.task)} | {word for word, needed in wanted.items() if needed}
    return "cannot" if needs - can - {None} else ""


def measure(cells: list[Cell], starts: dict[str, int], cap: float, paths: dict[str, float | None]) -> list[dict]:
    """Rows of one task on one problem; `paths`: seconds of each library's path, None where it did not get there."""
    done: list[Cell] = []
    for cell in cells:
        library = cell.process.library
        cell.note = cell.note or lacking(cell)
        if cell.task == "cv":
            cell.note = cell.note or too_far(cell.name, paths, cap)
        if not cell.note:
            if not done:
                cell.seed(cap)
            cell.search(starts.get(cell.name, library.START), limit_of(done, cap))
            done.append(cell)
    for repeat in range(-1, REPEATS):
        typical = [min(cell.seconds) for cell in done if cell.seconds and cell.name != OURS]
        behind = max(BEHIND * min(typical, default=np.inf), SHORT)
        for cell in done:
            if cell.wanted(repeat, behind if cell.name != OURS else np.inf):
                cell.timed(2 * cap, warm_up=repeat < 0)
    return [cell.row() for cell in cells]
