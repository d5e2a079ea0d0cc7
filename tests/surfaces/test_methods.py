"""riata.inference.methods: what a command line needs to know of every method, and that it is true."""

import dataclasses
import inspect
import subprocess
import sys

import numpy as np
import pytest

from riata.core.errors import RiataError
from riata.inference.methods import METHODS, SINGLE, methods

# Arrays, and what all methods have in common: a command line does not list them with each.
COMMON = {"halves", "covariance", "threads"}


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_options_are_those_of_the_function(method):
    wanted = {
        name: dataclasses.MISSING if parameter.default is parameter.empty else parameter.default
        for name, parameter in inspect.signature(method.load()).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in COMMON
    }
    assert {option.name: option.default for option in method.options} == wanted
    for option in method.options:
        assert option.kind in (int, float, str)
        assert option.words.strip()
        assert "\n" not in option.words
        if option.choices and option.default is not None:
            assert option.default in option.choices


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((150, 20))
    return X, X[:, :12] @ np.ones(12), rng


def target(family, eta, rng):
    if family == "binomial":
        return (eta + rng.logistic(size=len(eta)) > 0).astype(float)
    if family == "poisson":
        return rng.poisson(np.exp(0.3 * eta)).astype(float)
    if family == "cox":
        return np.column_stack([rng.exponential(np.exp(-eta)), np.ones(len(eta))])
    return eta + rng.standard_normal(len(eta))


@pytest.mark.parametrize("family", SINGLE)
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_families_are_those_that_it_takes(method, family, data):
    X, eta, rng = data
    more = {"post_selection": {"lam": 0.2}, "knockoffs": {"fdr": 0.3}}.get(method.name, {})
    y = target(family, eta, rng)
    if family not in method.families:
        with pytest.raises(RiataError, match=family):
            method.load()(X, y, family=family, **more)
        return
    found = method.load()(X, y, family=family, **more)
    assert set(found.selected) <= {f"x{j}" for j in range(20)}
    assert found.selected
    assert len(found.to_frame()) > 1
    assert "\n" not in repr(found)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_choices_are_those_that_it_takes(method, data):
    """Every word that is listed is taken, and another is refused."""
    X, eta, rng = data
    y = target("gaussian", eta, rng)
    more = {"lam": 0.2} if method.name == "post_selection" else {}
    quick = {"splits": 2} if method.name == "multi_split" else {"n_pairs": 5} if method.name == "stability" else {}
    for option in method.options:
        for choice in option.choices:
            method.load()(X, y, **more, **quick, **{option.name: choice})
        if option.choices:
            with pytest.raises(RiataError):
                method.load()(X, y, **more, **quick, **{option.name: 7 if option.kind is int else "other"})


def test_listing_the_methods_imports_nothing_heavy():
    code = (
        "import sys; from riata.inference.methods import methods; print(list(methods()));"
        "print([name for name in ('numpy', 'scipy', 'sklearn') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert out.stdout.splitlines() == [str(list(methods())), "[]"]


def test_a_row_is_named_as_the_caller_names_it():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1.0, 2.0, np.nan, 4.0] * 10, "y": np.arange(40.0)})
    with pytest.raises(RiataError, match="line 4"):
        methods()["mfdr"].load()(frame, "y", row_label=lambda k: f"line {k + 2}")
