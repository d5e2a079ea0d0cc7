"""The examples in the docstrings of selection and inference give what they show."""

import doctest
import importlib

import pytest

MODULES = [
    "riata.inference.debiased", "riata.inference.polyhedral", "riata.inference.splitting", "riata.select.compare",
    "riata.select.relaxed", "riata.select.swaps", "riata.inference.validation", "riata.inference.mfdr",
    "riata.inference.methods", "riata.doctor.api", "riata.estimators.feature_selector",
]  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
