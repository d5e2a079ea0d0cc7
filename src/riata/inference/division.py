"""How the caller wants rows divided, for methods that divide them on their own: folds, and rows that stay together."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.core.errors import InvalidData
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
        within = [(train & rows, test & rows) for train, test in given if (test & rows).any()]
        if not within:
            raise InvalidData("The splits given hold out no row of a half.", hint="give more splits.")
        return within
    at = np.flatnonzero(rows)
    if given is not None:
        kept: Ints = np.where(rows, given, -1)
        if any(len(np.unique(row[row >= 0])) < 2 for row in kept):
            raise InvalidData(
                "The folds given leave a half of the rows with fewer than two of them.",
                hint="give more folds, or fold_groups= and let the folds be drawn in each half.",
            )
        return make_folds(len(rows), folds, foldid=kept)
    groups = None if together is None else together[at]
    units = len(at if groups is None else np.unique(groups))
    if units < 2:
        raise InvalidData("fold_groups leave a half with one group, and no folds can be made of it.", got="one group")
    fold = make_folds(len(at), min(folds, units), seed=seed, groups=groups)
    out = np.full((len(fold), len(rows)), -1, np.intp)
    out[:, at] = fold
    return out


def halves_of_groups(together: Any, rng: np.random.Generator) -> Ints:
    """(n,) 0 and 1: two random halves with rows alike in ``together`` in the same one, about equal in rows.

    Groups come in random order, whatever their size, and each goes to the half with fewer rows: sorted by size, as
    folds are dealt, the same halves would come again and again.
    """
    label, size = np.unique(together, return_inverse=True, return_counts=True)[1:]
    if len(size) < 2:
        raise InvalidData("Rows cannot be halved by fold_groups.", got="one group", expected="at least two")
    side, rows = np.zeros(len(size), np.intp), np.zeros(2)
    for group in rng.permutation(len(size)):
        side[group] = int(rng.random() < 0.5) if rows[0] == rows[1] else int(rows[1] < rows[0])
        rows[side[group]] += size[group]
    return side[label]
