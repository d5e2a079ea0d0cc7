"""``python -m calibration.run [STUDY …]``: run studies (by default all) and write calibration/results/STUDY.csv."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import time

import calibration
from calibration.study import Study, simulate, write


def studies() -> dict[str, Study]:
    """Every ``study`` of the modules in this folder, by name."""
    found = {}
    for info in pkgutil.iter_modules(calibration.__path__):
        for study in getattr(importlib.import_module(f"calibration.{info.name}"), "STUDIES", []):
            found[study.name] = study
    return found


def main(names: list[str]) -> int:
    known = studies()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"there is no study {unknown[0]!r}; there are: {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    bad = 0
    for name in names or sorted(known):
        rows = []
        for case in known[name].cases:
            start = time.perf_counter()
            row = simulate(known[name], case)
            wrong = row.holds == bool(case.broken)
            bad += wrong
            verdict = ("NOT CAUGHT" if case.broken else "TOO LARGE") if wrong else "caught" if case.broken else "holds"
            title = f"{name}: {case.name}" + (f" [{case.broken}]" if case.broken else "")
            print(
                f"{title}: {row.rate} {row.mean:.3f} ± {row.se:.3f} (nominal {row.nominal:g}), "
                f"{row.power:.1f} found, {time.perf_counter() - start:.0f} s: {verdict}",
                flush=True,
            )
            rows.append(row)
        write(known[name], rows)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
