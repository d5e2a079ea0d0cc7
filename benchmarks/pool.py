"""The processes that run the libraries, seen from the benchmark: requests with a time limit, restarts after it."""

import contextlib
import json
import os
import pathlib
import select
import signal
import subprocess
import time
from typing import Any

from benchmarks import environments
from benchmarks.registry import Library

# One BLAS and OpenMP thread; whoever profits from more asks for them. Idle pools must not spin while others are timed.
QUIET = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "MKL_NUM_THREADS": "1",
    "PYTHONWARNINGS": "ignore",
}
START_LIMIT = 120.0  # seconds to import a library, or to read data


class TimeUp(Exception):
    """A call took longer than it may; its process was ended."""


class Failed(Exception):
    """A library or its process answered with an error."""


class Process:
    """One library's worker. It starts at the first request, and starts again after it was ended."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.child: subprocess.Popen | None = None
        self.loaded: list[dict] = []  # the data and the task, sent again after a restart

    def start(self) -> None:
        env = {**os.environ, **QUIET, "PYTHONPATH": str(environments.ROOT)}
        log = environments.FOLDER / f"{self.library.MODULE}.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("w") as errors:
            self.child = subprocess.Popen(
                [str(environments.python(self.library)), "-m", "benchmarks.worker", self.library.MODULE],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env=env, cwd=environments.ROOT, start_new_session=True,
            )  # fmt: skip
        self.answer(START_LIMIT)
        for request in self.loaded:
            self.exchange(request, START_LIMIT)

    def load(self, op: str, **request: Any) -> dict:
        """Data ("data") or options ("task"); remembered."""
        self.loaded = [known for known in self.loaded if op == "task" and known["op"] == "data"]
        message = {"op": op, **request}
        if self.child is None:
            self.start()
        answer = self.exchange(message, START_LIMIT)
        self.loaded.append(message)
        return answer

    def ask(self, limit: float, **request: Any) -> dict:
        if self.child is None:
            self.start()
        return self.exchange(request, limit)

    def exchange(self, request: dict, limit: float) -> dict:
        assert self.child is not None
        try:
            self.child.stdin.write((json.dumps(request) + "\n").encode())
            self.child.stdin.flush()
        except OSError:
            self.end()
            raise Failed(f"{self.library.NAME} has ended") from None
        return self.answer(limit)

    def answer(self, limit: float) -> dict:
        """The next line; the process is ended when none comes in time."""
        assert self.child is not None
        until, text = time.monotonic() + limit, b""
        while not text.endswith(b"\n"):
            ready = select.select([self.child.stdout], [], [], max(0.0, until - time.monotonic()))[0]
            if not ready:
                self.end()
                raise TimeUp(f"{limit:.0f} s")
            piece = os.read(self.child.stdout.fileno(), 65536)
            if not piece:
                self.end()
                raise Failed(f"{self.library.NAME} has ended: see .bench/{self.library.MODULE}.log")
            text += piece
        answer = json.loads(text)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def end(self) -> None:
        """End the process and whatever it started (R)."""
        if self.child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
            for pipe in (self.child.stdin, self.child.stdout):
                pipe.close()
            self.child = None


def save_task(folder: pathlib.Path, **arrays: Any) -> str:
    """Write the arrays of a task that are there; the name of the file."""
    import numpy as np

    file = folder / "task.npz"
    np.savez(file, **{name: value for name, value in arrays.items() if value is not None})
    return str(file)
