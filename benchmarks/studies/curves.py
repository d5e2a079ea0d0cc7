"""Gap against time: the path at every tolerance of the decade grid, on three problems."""

from benchmarks import registry
from benchmarks.report import table
from benchmarks.studies.session import session

TITLE = "Gap against time"
KEY = ["problem", "library", "tolerance"]
COLUMNS = [*KEY, "seconds", "gap_rel", "excess"]
PROBLEMS = ["riboflavin", "crime_communities", "vw_rcv1_small"]
LIMIT, ENOUGH = 10.0, 1e-11
LEVELS = [1e-2, 1e-4, 1e-6, 1e-8, 1e-10]


def run(libraries):
    known = registry.problems()
    with session(libraries) as opened:
        for name in PROBLEMS:
            for cell in opened.cells(known[name]):
                yield from curve(name, cell)


def curve(name, cell):
    """A row for each tolerance, the faster of two runs."""
    for decade in range(16):
        tries = [cell.attempt(decade, LIMIT) for _ in range(2)]
        if any(one.late for one in tries):
            return
        seconds = min(one.seconds for one in tries)
        gaps = {"gap_rel": f"{cell.own[decade]:.1e}", "excess": f"{cell.any[decade]:.1e}"}
        fixed = {"problem": name, "library": cell.name, "tolerance": f"1e-{decade}"}
        yield fixed | {"seconds": f"{seconds:.4g}"} | gaps
        if cell.any[decade] <= ENOUGH or seconds > LIMIT / 2:
            return


def section(rows):
    """Seconds to each level of the gap."""
    lines = []
    for problem, library in dict.fromkeys((row["problem"], row["library"]) for row in rows):
        mine = [row for row in rows if (row["problem"], row["library"]) == (problem, library)]
        cells = []
        for level in LEVELS:
            reached = [float(row["seconds"]) for row in mine if float(row["gap_rel"]) <= level]
            cells.append(f"{min(reached):.3g}" if reached else "–")
        lines.append([problem, library, *cells])
    head = ["data", "library", *(f"{level:.0e}" for level in LEVELS)]
    return f"Seconds of a path until `gap_rel` is at most:\n\n{table(head, lines, left=2)}"
