"""A study: one error rate, the cases it is simulated in, and broken variants of the method that must be caught."""

from __future__ import annotations

import csv
import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np

RESULTS = pathlib.Path(__file__).parent / "results"
# Repetitions that a test makes again, to see that the stored figures are those of this code.
AGAIN = 2

# seed → (error of one data set: share or count of false selections; features rightly selected)
Simulation = Callable[[int], tuple[float, float]]


@dataclasses.dataclass(frozen=True)
class Case:
    """What is simulated; ``broken`` names what was done to the method on purpose, or is empty."""

    name: str
    run: Simulation
    reps: int
    broken: str = ""


@dataclasses.dataclass(frozen=True)
class Study:
    """``rate`` is what the method promises to keep at most ``nominal``, on average over data sets.

    ``first`` is the first seed: constants of a method are tuned on other seeds than those of the table.
    """

    name: str
    rate: str
    nominal: float
    cases: list[Case]
    first: int = 0


@dataclasses.dataclass(frozen=True)
class Row:
    """The outcome of one case."""

    case: str
    broken: str
    rate: str
    nominal: float
    mean: float
    se: float
    power: float
    reps: int
    first: float  # mean error of the first repetitions

    @property
    def holds(self) -> bool:
        """At most the nominal rate, but for two standard errors."""
        return self.mean <= self.nominal + 2 * self.se


def simulate(study: Study, case: Case, reps: int | None = None) -> Row:
    """Repetition r has the seed ``study.first`` + r."""
    found = np.array([case.run(study.first + r) for r in range(reps or case.reps)])
    error = found[:, 0]
    se = float(error.std(ddof=1) / np.sqrt(len(error)))
    return Row(
        case.name, case.broken, study.rate, study.nominal, float(error.mean()), se, float(found[:, 1].mean()),
        len(error), float(error[:AGAIN].mean()),
    )  # fmt: skip


def write(study: Study, rows: list[Row]) -> pathlib.Path:
    where = RESULTS / f"{study.name}.csv"
    with where.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([f.name for f in dataclasses.fields(Row)])
        out.writerows([[_text(v) for v in dataclasses.astuple(row)] for row in rows])
    return where


def read(name: str) -> list[Row]:
    with (RESULTS / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return [
            Row(
                r["case"], r["broken"], r["rate"], *(float(r[k]) for k in ("nominal", "mean", "se", "power")),
                int(r["reps"]), float(r["first"]),
            )
            for r in csv.DictReader(file)
        ]  # fmt: skip


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def shares(selected: list[str], real: set[str]) -> tuple[float, float]:
    """(share of the selected that is false, number rightly selected)."""
    right = len(real & set(selected))
    return (len(selected) - right) / max(1, len(selected)), float(right)
