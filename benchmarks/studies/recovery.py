"""Which features networks find where it is known which are right: riata.torch, LassoNet, stochastic gates, torchao.

"cube" (2000 rows): points around the 32 corners of a cube in 5 dimensions, the class of each corner drawn by lot, so
that no direction alone says much; 15 linear mixtures of these 5, and 480 columns of noise; any of the 20 is right.
"madelon": the set of the competition of 2003 that was made in that way, 2600 rows. "xor" (2000 rows): 100 random signs,
the class is the product of the first two; no column alone says anything.

Every library has one hidden layer of 100 units and is told how many features are right, which is the most that it may
choose (benchmarks/studies/session_recovery.py says how it comes to its λ); the time is that of all it takes.
``right`` is the part of its choice that is right, ``found`` the part of what is right that it chose.
"""

import types

from benchmarks.report import table
from benchmarks.studies.session_process import LASSONET, OWN, in_turns, medians

TITLE = "Networks: the right features, where they are known"
KEY = ["data", "library", "seed"]
COLUMNS = [*KEY, "seconds", "features", "right", "found", "judged", "versions"]
DATA = ["cube", "madelon", "xor"]
SEEDS = [0, 1, 2]
LIMIT = 1200.0
GATES = types.SimpleNamespace(ENVIRONMENT="stg", REQUIRES=["stg==0.1.2", "torch==2.13.0", "scikit-learn"])
PAT = types.SimpleNamespace(ENVIRONMENT="torchao", REQUIRES=["torchao==0.18.0", "torch==2.13.0", "scikit-learn"])
CONTENDERS = {
    "riata SparseInputMLP": OWN, "riata LassoNet": OWN, "lassonet": LASSONET, "stg": GATES, "torchao": PAT,
}  # fmt: skip
MODULE = "benchmarks.studies.session_recovery"


def run(libraries, data=DATA, seeds=SEEDS, contenders=tuple(CONTENDERS)):
    """One row for each data set, seed and contender, these in turns. ``libraries`` are those of paths, not ours."""
    for row in in_turns(CONTENDERS, contenders, MODULE, LIMIT, data, seeds):
        yield dict.fromkeys(COLUMNS, "") | row


def section(rows):
    """Medians over seeds."""
    return table(
        ["data", "library", "seeds", "seconds", "features", "right", "found", "trees on them"],
        medians(rows, ("seconds", "features", "right", "found", "judged")),
        left=2,
    )
