"""Which rows are held out together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidOption

Ints = NDArray[np.intp]
Masks = list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]


def make_folds(
    n: int,
    folds: int = 10,
    *,
    seed: int | None = 0,
    foldid: Any = None,
    groups: Any = None,
    repeats: int = 1,
    shuffle: bool = True,
    strata: Any = None,
) -> Ints:
    """Fold of every row, for each repeat: (repeats, n) integers from 0.

    Rows are shuffled with ``seed`` (sorted data mislead unshuffled folds), contiguous with shuffle=False. Rows that
    share a value of ``groups`` are held out together. ``foldid`` (n,) gives the folds as they are: any labels; a
    negative number is a row that is never held out. Each value of ``strata`` (n,) is spread evenly over the folds,
    where rows are not held together by ``groups``.

    Raises
    ------
    InvalidOption
        Fewer than two folds, more folds than rows or groups, a foldid of the wrong length.

    >>> make_folds(6, 3, shuffle=False)
    array([[0, 0, 1, 1, 2, 2]])
    """
    if foldid is not None:
        return _given(foldid, n)
    if repeats < 1:
        raise InvalidOption("repeats must be at least 1.", got=repeats)
    labels = np.arange(n) if groups is None else _labels(groups, n, "fold_groups")
    units = int(labels.max()) + 1
    if not 2 <= folds <= units:
        what = "rows" if groups is None else "groups"
        raise InvalidOption(
            f"{folds} folds cannot be made of {units} {what}.", expected=f"2 to {units} folds", got=folds
        )
    rng = np.random.default_rng(seed)
    out = np.empty((repeats, n), np.intp)
    for r in range(repeats):
        if strata is not None and groups is None:
            out[r] = _deal(_labels(strata, n, "strata"), folds, rng if shuffle else None)
        else:
            out[r] = _spread(labels, units, folds, rng if shuffle else None)
    return out


def _deal(strata: Ints, folds: int, rng: np.random.Generator | None) -> Ints:
    """Rows dealt out one fold after the other, stratum by stratum: folds differ by one row, in each stratum too."""
    order = np.arange(len(strata)) if rng is None else rng.permutation(len(strata))
    fold_of = np.empty(len(strata), np.intp)
    fold_of[order[np.argsort(strata[order], kind="stable")]] = np.arange(len(strata)) % folds
    return fold_of


def _spread(labels: Ints, units: int, folds: int, rng: np.random.Generator | None) -> Ints:
    """Folds for units of one or several rows; with several, each goes to the fold with the fewest rows so far."""
    order = np.arange(units) if rng is None else rng.permutation(units)
    sizes = np.bincount(labels, minlength=units)
    fold_of = np.empty(units, np.intp)
    if np.all(sizes == 1):
        cuts = np.full(folds, units // folds)
        cuts[: units % folds] += 1
        fold_of[order] = np.repeat(np.arange(folds), cuts)
        return fold_of[labels]
    load = np.zeros(folds, np.intp)
    for unit in order[np.argsort(-sizes[order], kind="stable")]:
        fold = int(np.argmin(load))
        fold_of[unit] = fold
        load[fold] += sizes[unit]
    return fold_of[labels]


def _labels(labels: Any, n: int, what: str) -> Ints:
    values = np.asarray(labels)
    if values.shape != (n,):
        raise InvalidOption(f"{what} must have one label for each row.", expected=f"shape ({n},)", got=values.shape)
    return np.unique(values, return_inverse=True)[1].astype(np.intp)


def _given(foldid: Any, n: int) -> Ints:
    values = np.atleast_2d(np.asarray(foldid))
    if values.shape[1] != n:
        raise InvalidOption("foldid must have one fold for each row.", expected=f"{n} values", got=values.shape[1])
    out = np.empty(values.shape, np.intp)
    for r, row in enumerate(values):
        never = row < 0 if row.dtype.kind in "if" else np.zeros(n, bool)
        codes = np.unique(row[~never], return_inverse=True)[1]
        out[r] = -1
        out[r, ~never] = codes
        if len(codes) == 0 or codes.max() < 1:
            raise InvalidOption("foldid must name at least two folds.", got=f"{len(set(codes.tolist()))}")
    return out


def as_masks(foldid: Ints | Masks) -> Masks:
    """(train, held-out) rows of every fold, of foldid (n,) or (repeats, n), or of masks as they are."""
    if isinstance(foldid, list):
        return foldid
    return [(row != f, row == f) for row in np.atleast_2d(foldid) for f in range(int(row.max()) + 1)]


def of_rows_kept(splits: Iterable[Any], rows: Ints, n_given: int) -> list[tuple[Ints, Ints]]:
    """(train, test) places among the ``rows`` that stay, of lists of places among the ``n_given`` rows given."""
    place = np.full(n_given, -1, np.intp)
    place[rows] = np.arange(len(rows))
    found = []
    for pair in splits:
        train, test = (np.asarray(each) for each in pair)
        train, test = (np.flatnonzero(each) if each.dtype == bool else each for each in (train, test))
        for each in (train, test):
            if each.size and not (-n_given <= each.min() and each.max() < n_given):
                raise InvalidOption("cv names rows that there are not.", expected=f"places below {n_given}", got="cv")
        found.append((place[train][place[train] >= 0], place[test][place[test] >= 0]))
    return found


def from_splitter(cv: Any, X: Any, y: Any, groups: Any = None) -> Ints | Masks:
    """Folds from any scikit-learn splitter or list of (train, test) indices.

    Returns (1, n) fold ids where the test sets do not overlap and every training set is all rows outside its test
    set, so that the folds can be solved in lock-step; else the (train, test) masks.
    """
    n = len(y)
    splits = list(cv.split(X, y, groups)) if hasattr(cv, "split") else list(cv)
    masks, foldid, aligned = [], np.full(n, -1, np.intp), True
    for k, (train, test) in enumerate(splits):
        train_mask, test_mask = np.zeros(n, bool), np.zeros(n, bool)
        train_mask[train], test_mask[test] = True, True
        aligned &= bool(np.all(train_mask != test_mask)) and bool(np.all(foldid[test_mask] < 0))
        foldid[test_mask] = k
        masks.append((train_mask, test_mask))
    if not masks:
        raise InvalidOption("cv yields no split.", got=repr(cv))
    return foldid[None, :] if aligned else masks
