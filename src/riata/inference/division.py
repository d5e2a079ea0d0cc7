"""How the caller wants rows divided, for methods that divide them on their own: folds, and rows that stay together."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.core.problem import Problem
from riata.select.data import Data
from riata.select.folds import Ints, Masks, make_folds
from riata.select.options import Options
from riata.select.ready import Ready


def folds_given(problem: Problem, data: Data, o: Options, folds: int, seed: int) -> Ints | Masks | None:
    """The folds that ``foldid``, ``fold_groups`` or ``cv`` ask for; None where none of them was given."""
    if o.foldid is None and o.fold_groups is None and o.cv is None:
        return None
    return Ready(data, dataclasses.replace(o, folds=folds, seed=seed), problem).folds()


def folds_within(rows: Any, given: Ints | Masks | None, together: Any, folds: int, seed: int) -> Ints | Masks:
    """Folds of the rows (n,) that take part: those ``given``, or drawn with rows alike in ``together`` in one fold.

    Rows that do not take part are never held out.
    """
    if isinstance(given, list):
        return [(train & rows, test & rows) for train, test in given if (test & rows).any()]
    at = np.flatnonzero(rows)
    groups = None if together is None else together[at]
    units = len(at if groups is None else np.unique(groups))
    fold = make_folds(
        len(at), min(folds, units), seed=seed, foldid=None if given is None else given[:, at], groups=groups
    )
    out = np.full((len(fold), len(rows)), -1, np.intp)
    out[:, at] = fold
    return out


def halves_of_groups(together: Any, rng: np.random.Generator) -> Ints:
    """(n,) 0 and 1: two random halves with rows alike in ``together`` in the same one, as equal as that allows."""
    return make_folds(len(together), 2, seed=int(rng.integers(2**31)), groups=together)[0]
