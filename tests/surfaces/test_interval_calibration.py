"""Coverage of intervals and law of p-values, from calibration/results: seeded, and rerun by `make calibrate`."""

import pytest

import calibration.intervals
import calibration.splitting
from calibration.study import AGAIN, read, simulate

STUDIES = {study.name: study for study in [*calibration.intervals.STUDIES, *calibration.splitting.STUDIES]}


@pytest.mark.parametrize("name", STUDIES)
def test_results_are_of_this_study(name):
    assert [(r.case, r.broken, r.reps) for r in read(name)] == [(c.name, c.broken, c.reps) for c in STUDIES[name].cases]


@pytest.mark.parametrize("name", ["debiased_intervals", "polyhedral_intervals"])
def test_nominal_95_percent_covers_92_to_98(name):
    """But for the one case that the method's assumptions leave out, which is said and not hidden."""
    for row in read(name):
        if row.broken:
            assert row.mean > 0.08 + 2 * row.se, row
        elif row.case == "independent, 100 x 120, not zero":
            assert 0.02 <= row.mean <= 0.15, row
        else:
            assert 0.02 <= row.mean <= 0.08, row


@pytest.mark.parametrize(("name", "share"), [("debiased_p_10", 0.1), ("debiased_p_50", 0.5)])
def test_null_pvalues_are_uniform(name, share):
    for row in read(name):
        off = abs(row.mean - share)
        assert off > 0.05 if row.broken else off <= 0.02 + 2 * row.se, row


def test_splitting_keeps_any_false_below_5_percent():
    for row in read("multi_split"):
        assert row.holds != bool(row.broken), row


@pytest.mark.parametrize("name", STUDIES)
def test_the_first_repetitions_again(name):
    """The stored figures are those of this code, broken variants included."""
    for case, row in zip(STUDIES[name].cases, read(name), strict=True):
        if "100 x 120" not in case.name:
            assert simulate(STUDIES[name], case, AGAIN).mean == pytest.approx(row.first, abs=1e-5), case.name
