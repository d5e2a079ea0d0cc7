"""Smaller questions, one file each, with results files of their own: each has TITLE, KEY, COLUMNS, run() and section().

run(libraries) yields rows as they are measured; section(rows) gives the Markdown below the title. They are started by
`python -m benchmarks.studies [NAME ...]`; the results file has the study's name.
"""

import importlib
import pkgutil
from typing import Any

from benchmarks import results


def studies() -> dict[str, Any]:
    """The modules of this folder that are studies."""
    names = [m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith(("__main__", "session"))]
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}


def sections() -> list[str]:
    """Markdown of all studies that have results."""
    parts = []
    for name, study in studies().items():
        rows = results.read(results.FOLDER / f"{name}.csv")
        if rows:
            parts += [f"### {study.TITLE}", study.section(rows)]
    return parts
