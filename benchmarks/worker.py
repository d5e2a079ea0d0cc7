"""One library in one process: it loads what it is told to, runs and times calls, and answers one line of JSON for each.

usage: python -m benchmarks.worker MODULE      (started by benchmarks/pool.py, in the library's own environment)

    {"op": "data", "folder": F}                           read X and y
    {"op": "task", "file": F, "l1_ratio": …, …}           the rest of a Work
    {"op": "run", "call": "path", "tol": …, "times": …}   time calls; tol null: the library's default

A run may have "fold": its training rows only, and "save": the file for the coefficients.

Peak memory is the highest resident set during a call less the resident set before it. Linux resets the highest mark on
request; elsewhere the figure is empty.
"""

import contextlib
import ctypes
import dataclasses
import gc
import importlib
import json
import os
import pathlib
import sys
import time
import traceback
import warnings

import numpy as np
import scipy.sparse

from benchmarks.work import Work

LOOP = 200  # fits of the task "loop"


def resident(process: int, what: str) -> float:
    """VmRSS or VmHWM in MB."""
    for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1]) / 1024
    return float("nan")


class Memory:
    """The highest resident set above that at the start, in MB, or None where the system does not say."""

    def __init__(self, process: int) -> None:
        self.process = process
        gc.collect()
        try:
            ctypes.CDLL(None).malloc_trim(0)
            pathlib.Path(f"/proc/{process}/clear_refs").write_text("5")
            self.before: float | None = resident(process, "VmRSS")
        except (OSError, AttributeError):
            self.before = None

    def above(self) -> float | None:
        return None if self.before is None else resident(self.process, "VmHWM") - self.before


class Worker:
    """The state between requests."""

    def __init__(self, module: str) -> None:
        self.library = importlib.import_module(f"benchmarks.libraries.{module}")
        self.works: dict[object, Work] = {}

    def data(self, request: dict) -> dict:
        folder = pathlib.Path(request["folder"])
        self.works.clear()
        sparse = (folder / "X.npz").exists()
        X = scipy.sparse.load_npz(folder / "X.npz") if sparse else np.load(folder / "X.npy")
        self.X = scipy.sparse.csc_matrix(X) if sparse else np.asfortranarray(X)
        self.y = np.load(folder / "y.npy")
        return {}

    def task(self, request: dict) -> dict:
        with np.load(request["file"]) as extra:
            arrays = {name: extra[name] for name in extra.files}
        options = {name: request[name] for name in ("l1_ratio", "intercept", "threads", "family") if name in request}
        self.works = {None: Work(self.X, self.y, **arrays, **options)}
        reason = getattr(self.library, "refuses", lambda work: "")(self.works[None])
        if not reason:
            with contextlib.suppress(Exception):  # should it fail, the calls that count will say so
                getattr(self.library, "warm", lambda work: None)(self.works[None])
        return {"refused": reason}

    def work(self, call: str, fold: int | None) -> Work:
        """Data as the library wants it for this call; of folds, only the last one is kept."""
        prepare = getattr(self.library, "prepare", lambda work: work)
        key = (call == "cv", fold)
        if key not in self.works:
            self.works = {kept: work for kept, work in self.works.items() if kept is None}
            whole = self.works[None]
            self.works[key] = prepare(whole if call == "cv" else plainly(whole, fold))
        return self.works[key]

    def run(self, request: dict) -> dict:
        call, tol = request["call"], request["tol"]
        work = self.work(call, request.get("fold"))
        if tol is None:
            tol = self.library.default(work)
        function = getattr(self.library, "single" if call == "loop" else call)
        memory = Memory(getattr(self.library, "process", os.getpid)())
        seconds = []
        for _ in range(request.get("times", 1)):
            total = 0.0
            for _ in range(LOOP if call == "loop" else 1):
                start = time.perf_counter()
                result = function(work, tol)
                took = time.perf_counter() - start
                total += self.library.seconds(result) if hasattr(self.library, "seconds") else took
            seconds.append(total)
        answer = {"seconds": seconds, "memory_mb": memory.above()}
        if "save" in request:
            coef, intercept = self.coefficients(call, result)
            if not scipy.sparse.issparse(coef):  # of several predictors all those of the first feature come first
                coef = np.asarray(coef).reshape(-1, np.shape(coef)[-1])
            scipy.sparse.save_npz(request["save"], scipy.sparse.csc_matrix(coef), compressed=False)
            np.save(request["save"] + ".intercept.npy", np.array([]) if intercept is None else np.asarray(intercept))
        if call == "path" and hasattr(self.library, "passes"):
            answer["passes"] = self.library.passes(result)
        return answer

    def coefficients(self, call: str, result: object) -> tuple:
        if call == "path":
            return self.library.coefficients(result)
        vector = getattr(self.library, "vector", np.asarray)(result)
        return np.asarray(vector, np.float64).reshape(-1, 1), None

    def versions(self, request: dict) -> dict:
        return {"versions": self.library.versions()}


def plainly(whole: Work, fold: int | None) -> Work:
    """Without folds; on the training rows of one where it is named."""
    return dataclasses.replace(whole, folds=None) if fold is None else whole.training(fold)


def main(argv: list[str]) -> int:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints goes to the errors, never among the answers
    warnings.simplefilter("ignore")  # a missed tolerance shows in the gap
    with contextlib.suppress(ImportError):
        from threadpoolctl import threadpool_limits

        threadpool_limits(1)
    try:
        worker = Worker(argv[0])
        print(json.dumps({"ready": True}), file=answers)
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=answers)
        return 1
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(worker, request["op"])(request)
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
