"""Results files: rows with a key, replaced in place, so that a run that is cut keeps what it has."""

import csv
import os
import pathlib
import platform
import subprocess

FOLDER = pathlib.Path(__file__).resolve().parent / "results"
KEY = ["problem", "task", "library", "threads"]
COLUMNS = [
    "problem", "kind", "family", "n", "p", "nnz", "task", "library", "threads", "seconds", "min", "max", "runs",
    "gap_rel", "excess", "reached", "limit", "tolerance", "nonzeros", "peak_memory_mb", "passes", "note", "versions",
    "commit", "machine",
]  # fmt: skip


def read(file: pathlib.Path) -> list[dict[str, str]]:
    """The rows of a file, none where it is missing."""
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def merge(file: pathlib.Path, rows: list[dict], columns: list[str] = COLUMNS, key: list[str] = KEY) -> None:
    """Put rows into a file: in place of those with the same key, else at the end."""
    name = lambda row: tuple(str(row[column]) for column in key)  # noqa: E731
    fresh = {name(row): row for row in rows}
    kept = [fresh.pop(name(row), row) for row in read(file)]
    file.parent.mkdir(exist_ok=True)
    draft = file.with_suffix(".new")
    with draft.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, columns, lineterminator="\n", extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows([*kept, *fresh.values()])
    os.replace(draft, file)


def commit() -> str:
    """The commit that was measured, with a mark where sources held changes (results may: they are being written)."""
    git = ["git", "-C", str(FOLDER.parent.parent)]
    name = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "src", "benchmarks/*.py"], check=False).returncode
    return (name.stdout.strip() or "unknown") + ("-dirty" if changed else "")


def machine() -> str:
    """Processor and number of cores."""
    name = platform.processor() or platform.machine()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    return f"{name} ({os.cpu_count()} cores)"
