"""How many features each library selects at its own default tolerance at λ_max/1000 on near-collinear spectra."""

import numpy as np

from benchmarks import registry
from benchmarks.pool import Failed
from benchmarks.report import table
from benchmarks.studies.session import session

TITLE = "Selected at the default tolerance, near-collinear spectra at λ_max/1000"
KEY = ["problem", "library"]
COLUMNS = [*KEY, "selected", "wrong", "exact", "gap_rel", "seconds"]
PROBLEMS = ["meats_tecator", "yarn_nir"]
LIMIT = 60.0


def run(libraries):
    """Ours comes first; its solution, at a gap of rounding errors, is the exact one."""
    known = registry.problems()
    with session(libraries) as opened:
        for name in PROBLEMS:
            exact = None
            for cell in opened.cells(known[name]):
                if exact is None and cell.name != registry.OURS:
                    raise SystemExit("this study needs riata among the libraries")
                try:
                    found = cell.attempt(None, LIMIT)
                except Failed:
                    continue
                if found.late:
                    yield {"problem": name, "library": cell.name, "seconds": f"> {LIMIT:.0f}"} | dict.fromkeys(
                        ["selected", "wrong", "exact", "gap_rel"], ""
                    )
                    continue
                chosen = np.flatnonzero(cell.last)
                exact = chosen if exact is None else exact
                yield {
                    "problem": name,
                    "library": cell.name,
                    "selected": len(chosen),
                    "wrong": len(np.setxor1d(chosen, exact)),
                    "exact": len(exact),
                    "gap_rel": f"{cell.any[None]:.1e}",
                    "seconds": f"{found.seconds:.3g}",
                }


def section(rows):
    """Counts beside the exact one."""
    lines = [
        [row[key] for key in ("problem", "library", "selected", "exact", "wrong", "gap_rel", "seconds")] for row in rows
    ]
    head = ["data", "library", "selected", "exact", "too many or missing", "gap_rel of the path", "seconds"]
    return table(head, lines, left=2)
