"""The values that each parameter may take, and the error for the others."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from riata.core.errors import InvalidOption

# Python's own types first: an abstract class is asked the long way.
REALS, WHOLES, BOOLS = (float, int, Real), (int, Integral), (bool, np.bool_)


class InvalidParameter(InvalidOption, TypeError):
    """A parameter of an estimator has a value that cannot be used.

    It is a ValueError and a TypeError, as scikit-learn's own is: code written for it may catch either.
    """


class Rule(NamedTuple):
    """A set of values: ``holds`` decides, ``text`` says it to a person."""

    holds: Callable[[Any], bool]
    text: str

    def __or__(self, other: Rule) -> Rule:  # type: ignore[override]
        first, second = (other.holds, self.holds) if other is NONE else (self.holds, other.holds)  # None is the default
        return Rule(lambda value: first(value) or second(value), f"{self.text}, or {other.text}")


def is_array_like(value: Any) -> bool:
    """Whether NumPy would read `value` as an array (a string is a word here, not an array)."""
    if isinstance(value, str | bytes | Mapping):
        return False
    return isinstance(value, Sequence) or hasattr(value, "__array__") or hasattr(value, "__len__")


def real(low: float, high: float = math.inf, *, open_low: bool = False) -> Rule:
    """A finite number, from `low` (without it if `open_low`) to `high`."""

    def holds(value: Any) -> bool:
        if not isinstance(value, REALS):
            return False
        number = float(value)
        return (number > low if open_low else number >= low) and number <= high and number != math.inf

    below = "inf)" if high == math.inf else f"{high}]"
    return Rule(holds, f"a number in {'(' if open_low else '['}{low}, {below}")


def integer(low: int | None) -> Rule:
    """A whole number from `low` on; any, if `low` is None."""
    text = "an integer" if low is None else f"an integer >= {low}"
    return Rule(lambda value: isinstance(value, WHOLES) and (low is None or int(value) >= low), text)


def one_of(*words: str) -> Rule:
    """One of some words."""
    return Rule(lambda value: isinstance(value, str) and value in words, " or ".join(map(repr, words)))


BOOL = Rule(lambda value: isinstance(value, BOOLS), "True or False")
NONE = Rule(lambda value: value is None, "None")
ARRAY = Rule(is_array_like, "an array-like")
SPARSE = Rule(sparse.issparse, "a sparse matrix")
VERBOSE = Rule(lambda value: BOOL.holds(value) or integer(0).holds(value), "True, False or an integer >= 0")
RANDOM_STATE = Rule(
    lambda value: value is None or isinstance(value, np.random.RandomState) or integer(0).holds(value),
    "None, an integer >= 0, or a numpy RandomState",
)
SPLITTER = Rule(
    lambda value: (
        value is None
        or (isinstance(value, Integral) and int(value) >= 2)
        or (hasattr(value, "split") and hasattr(value, "get_n_splits"))
        or (isinstance(value, Iterable) and not isinstance(value, str))
    ),
    "None, an integer >= 2, a splitter with split() and get_n_splits(), or an iterable of (train, test) rows",
)
SELECTION = one_of("cyclic", "random")


@functools.cache
def defaults_of(estimator: type) -> dict[str, Any]:
    """The parameters of a class and their defaults."""
    parameters = inspect.signature(estimator.__init__).parameters.values()  # type: ignore[misc]
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def check_options(
    owner: str, rules: Mapping[str, Rule], values: Mapping[str, Any], defaults: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Raise InvalidParameter for the first of `values` that breaks its rule; `defaults` keep theirs, and are not asked.

    >>> check_options("Lasso", {"alpha": real(0)}, {"alpha": 0.5})
    """
    for name, rule in rules.items():
        value = values[name]
        if value is not defaults.get(name, rules) and not rule.holds(value):
            raise InvalidParameter(
                f"The {name!r} parameter of {owner} cannot have this value.",
                expected=rule.text,
                got=f"{value!r} ({type(value).__name__})",
            )
