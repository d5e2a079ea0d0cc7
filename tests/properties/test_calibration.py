"""The stored simulations say that error rates hold and that broken methods are caught, and they are of this code."""

import csv

import pytest

from calibration.run import studies
from calibration.study import AGAIN, RESULTS, Row, read, simulate

STUDIES = studies()


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_rates_hold_and_broken_variants_do_not(name):
    rows = read(name)
    assert [(row.case, row.broken, row.reps) for row in rows] == [
        (c.name, c.broken, c.reps) for c in STUDIES[name].cases
    ]
    for row in rows:
        assert row.nominal == STUDIES[name].nominal
        assert row.holds != bool(row.broken), row


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_the_first_repetitions_come_out_again(name):
    """Two repetitions of the cheapest cases; a change of a method shows here, and then `make calibrate` is due."""
    stored = read(name)
    for case, row in list(zip(STUDIES[name].cases, stored, strict=True))[:2]:
        assert simulate(STUDIES[name], case, AGAIN).first == pytest.approx(row.first, rel=1e-4, abs=1e-9)


def test_every_result_has_its_study():
    assert {file.stem for file in RESULTS.glob("*.csv")} >= set(STUDIES)


def test_methods_find_something():
    """A method that selects nothing keeps every error rate."""
    for study in STUDIES:
        assert max(row.power for row in read(study)) > 1


@pytest.mark.parametrize(("mean", "se", "holds"), [(0.1, 0.02, True), (0.139, 0.02, True), (0.141, 0.02, False)])
def test_two_standard_errors(mean, se, holds):
    assert Row("", "", "FDR", 0.1, mean, se, 0.0, 100, 0.0).holds is holds


def test_stored_files_are_tables():
    for name in STUDIES:
        with (RESULTS / f"{name}.csv").open(encoding="utf-8") as file:
            assert len(list(csv.DictReader(file))) == len(STUDIES[name].cases)
