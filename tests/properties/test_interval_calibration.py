"""Coverage of intervals and law of p-values, from calibration/results: seeded, and rerun by `make calibrate`.

tests/properties/test_calibration.py asks whether the stored figures are those of this code.
"""

import pytest

from calibration.study import read


@pytest.mark.parametrize("name", ["debiased_intervals", "polyhedral_intervals"])
def test_nominal_95_percent_covers_92_to_98(name):
    for row in read(name):
        if row.broken:
            assert row.mean > 0.08 + 2 * row.se, row
        else:
            assert 0.02 <= row.mean <= 0.08, row


@pytest.mark.parametrize(("name", "share"), [("debiased_p_10", 0.1), ("debiased_p_50", 0.5)])
def test_null_pvalues_are_uniform(name, share):
    for row in read(name):
        off = abs(row.mean - share)
        assert off > 0.05 if row.broken else off <= 0.02 + 2 * row.se, row
