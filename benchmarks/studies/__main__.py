"""Run studies and write their results files.

usage: python -m benchmarks.studies [NAME ...] [--library NAME ...]
                                    [--data NAME ...] [--seed NUMBER ...] [--contender NAME ...]

A study in pieces (k_features, recovery): --data, --seed and --contender say which of its rows are measured; the others
are left as they are.
"""

import argparse
import sys

from benchmarks import registry, results
from benchmarks.studies import studies


def main(argv: list[str]) -> int:
    known = studies()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*known, []])
    parser.add_argument("--library", nargs="+")
    parser.add_argument("--data", nargs="+")
    parser.add_argument("--seed", nargs="+", type=int)
    parser.add_argument("--contender", nargs="+")
    options = parser.parse_args(argv)
    asked = {"data": options.data, "seeds": options.seed, "contenders": options.contender}
    piece = {key: value for key, value in asked.items() if value}
    facts = {"commit": results.commit(), "machine": results.machine()}
    for name in options.names or known:
        study = known[name]
        for row in study.run(registry.libraries(options.library), **piece):
            print(name, *(f"{key}={row[key]}" for key in study.COLUMNS), file=sys.stderr)
            columns = [*study.COLUMNS, "commit", "machine"]
            results.merge(results.FOLDER / f"{name}.csv", [row | facts], columns, study.KEY)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
