"""Seconds to a network of at most 50 features, and how well it classifies: riata.torch against LassoNet.

The protocol of the LassoNet paper: a fifth of the rows is held out, features are scaled to [0, 1] on the rest, an
eighth of which is for validation; one hidden layer of a third of the features; along the path to the first model with
at most 50 features; a fresh network of these features without penalty. The time is that of all this after data and
packages are loaded.
Beside each network's own accuracy stands that of 50 extremely randomised trees on the features it chose, the same judge
for all. Both run on the same seeds, with one thread, each in the environment that its packages need.
"""

from benchmarks.report import table
from benchmarks.studies.session_process import LASSONET, OWN, in_turns, medians

TITLE = "Networks of 50 features: accuracy and time"
KEY = ["data", "library", "seed"]
COLUMNS = [*KEY, "seconds", "features", "accuracy", "judged", "versions"]
DATA = ["mice", "coil20", "isolet", "mnist5k"]
SEEDS = [3, 4, 5]  # 0 to 2 were looked at while the defaults of sparse_path were chosen
LIMIT = 3600.0
CONTENDERS = {"riata SparseInputMLP": OWN, "riata LassoNet": OWN, "lassonet": LASSONET}
MODULE = "benchmarks.studies.session_networks"


def run(libraries, data=DATA, seeds=SEEDS, contenders=tuple(CONTENDERS)):
    """One row for each data set, seed and contender, these in turns. ``libraries`` are those of paths, not ours."""
    for row in in_turns(CONTENDERS, contenders, MODULE, LIMIT, data, seeds):
        yield dict.fromkeys(COLUMNS, "") | row


def section(rows):
    """Medians over seeds."""
    return table(
        ["data", "library", "seeds", "seconds", "features", "accuracy", "trees on them"],
        medians(rows, ("seconds", "features", "accuracy", "judged")),
        left=2,
    )
