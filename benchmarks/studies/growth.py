"""How the time of a path grows with n, with p and with the support: the slope on log-log axes."""

import functools

import numpy as np

from benchmarks import accuracy
from benchmarks.problems import simulated
from benchmarks.registry import Problem
from benchmarks.report import table
from benchmarks.studies.session import session

TITLE = "Cost as n, p and the support grow"
KEY = ["along", "value", "library"]
COLUMNS = [*KEY, "n", "p", "seconds", "gap_rel", "nonzeros"]
LIBRARIES = ["riata", "glmnet", "adelie"]  # ours, and those that were fastest on dense paths
SIZES = {"n": [250, 500, 1000, 2000], "p": [1000, 2000, 4000, 8000, 16000], "support": [0.6, 0.4, 0.2, 0.1, 0.05]}
# n and p, and for the support where the path ends, as a share of λ_max: the value is then the number of non-zeros there
BASE = {"n": 500, "p": 4000}
LIMIT = 6.0


def simulate(n, p, relevant):
    """Independent columns; `relevant` of them matter."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((n, p))
    signal = X[:, :relevant] @ rng.choice([-1.0, 1.0], relevant)
    return X, signal + rng.standard_normal(n) * np.sqrt(signal.var() / simulated.SNR)


def run(libraries):
    with session([library for library in libraries if library.NAME in LIBRARIES]) as opened:
        for along, values in SIZES.items():
            for value in values:
                sizes = BASE | ({along: value} if along != "support" else {})
                load = functools.partial(simulate, sizes["n"], sizes["p"], simulated.RELEVANT)
                problem = Problem("", load, value if along == "support" else None, "")
                for cell in opened.cells(problem):
                    found = accuracy.loosest(functools.partial(cell.attempt, limit=LIMIT), cell.process.library.START)
                    if not found.reached:
                        continue  # nothing to compare: not that accurate, or not in time
                    answer, coef, _ = cell.run(found.decade, LIMIT, "path", times=3 if found.seconds < LIMIT / 5 else 1)
                    count = int(np.count_nonzero(coef[:, [-1]].toarray()))
                    yield {"along": along, "value": value, "library": cell.name, **sizes, "nonzeros": count} | {
                        "seconds": f"{min(answer['seconds']):.4g}",
                        "gap_rel": f"{found.gap:.1e}",
                    }


def section(rows):
    """Seconds at the smallest and the largest size, and the slope."""
    lines = []
    for along, library in dict.fromkeys((row["along"], row["library"]) for row in rows):
        mine = [row for row in rows if (row["along"], row["library"]) == (along, library)]
        value = np.array([float(row["nonzeros" if along == "support" else "value"]) for row in mine])
        seconds = np.array([float(row["seconds"]) for row in mine])
        slope = f"{np.polyfit(np.log(value), np.log(seconds), 1)[0]:.2f}" if len(mine) > 2 else "–"
        ends = [f"{value[k]:.0f}: {seconds[k]:.3g} s" for k in (0, -1)]
        lines.append([along, library, *ends, slope])
    return table(["along", "library", "smallest", "largest", "slope"], lines, left=2)
