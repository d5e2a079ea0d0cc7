"""Naive p-values after selection cannot be had by accident: only methods that account for the choice give any."""

import re

import numpy as np
import pytest

import riata
from riata.cli import main

WORDS = re.compile(r"p[-_ ]?val|\bp\b|p_adj|t[-_ ]stat|std[-_ ]?err|conf[-_ ]?int|\bci\b|significan", re.IGNORECASE)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 12))
    return X, X[:, 0] + rng.standard_normal(80)


def test_selections_and_refits_have_none(data):
    sel, relaxed = riata.select(*data), riata.relaxed_lasso(*data)
    for result in (sel, sel.path, sel.model, relaxed, sel.choose("bic")):
        assert [name for name in dir(result) if WORDS.search(name)] == []
        if hasattr(result, "to_frame"):
            assert [name for name in result.to_frame() if WORDS.search(name)] == []


def test_conditional_ones_want_a_lambda_that_was_not_chosen_here(data, capsys):
    with pytest.raises(TypeError, match="lam"):
        riata.post_selection(*data)
    assert main(["select", "any.csv", "-y", "y", "--method", "post_selection"]) == 2
    assert "one that was chosen on these data does not count as fixed" in capsys.readouterr().err


def test_the_words_are_found_where_there_are_some(data):
    assert [name for name in riata.debiased_lasso(*data).to_frame() if WORDS.search(name)]
