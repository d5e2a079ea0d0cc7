"""From scikit-learn's splits to the folds that are solved in lock-step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Split = tuple[NDArray[np.intp], NDArray[np.intp]]


def read_splits(splits: Sequence[tuple[object, object]], n_samples: int) -> list[Split]:
    """Each (train, test) as two arrays of row numbers; masks are read as the rows where they hold."""
    rows = np.arange(n_samples)
    return [(rows[np.asarray(train)], rows[np.asarray(test)]) for train, test in splits]


def as_foldid(splits: Sequence[Split], n_samples: int) -> NDArray[np.int64] | None:
    """The splits as fold numbers, shape (n_repeats, n_samples), or None if they are not of that kind.

    In row r, foldid[r, i] is the number of the fold whose test rows contain i, and -1 if i is trained on throughout.
    It needs each training set to be the complement of its test set, no row taken twice. Splits that share no test row
    are put into the same repeat, in their order, so that fold f of the result is split f.
    """
    repeats: list[NDArray[np.int64]] = []
    fold = 0
    for train, test in splits:
        counts = np.bincount(train, minlength=n_samples) + np.bincount(test, minlength=n_samples)
        if len(test) == 0 or counts.min() != 1 or counts.max() != 1:
            return None
        if not repeats or (repeats[-1][test] >= 0).any():
            repeats.append(np.full(n_samples, -1))
            fold = 0
        repeats[-1][test] = fold
        fold += 1
    return np.array(repeats)


def as_folds(splits: Sequence[Split], n_samples: int) -> Any:
    """What `cross_validate` takes: fold numbers where the splits are folds, and otherwise how often each split holds
    each row in its training and in its test set."""
    foldid = as_foldid(splits, n_samples)
    if foldid is not None:
        return foldid
    return [tuple(np.bincount(rows, minlength=n_samples) for rows in split) for split in splits]
