"""The checks: each takes the facts of a data set and gives findings. A check is one function in ``CHECKS``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Floats
from riata.doctor.report import Finding
from riata.table.words import count, shown

SCALES = 1e3  # ratio of the largest standard deviation to the smallest
TWINS = 0.95  # |correlation|
SAME = 1.0 - 1e-10
LEAK = 0.99  # |correlation| with the target; |2·AUC − 1| where it has two classes
ALONE = 0.99  # share of the most frequent value
RARE = 0.1  # share of the smaller class
ROWS_A_FOLD = 10
MOST = 3000  # columns that are compared with each other


@dataclasses.dataclass(frozen=True, eq=False)
class Facts:
    """A data set as the checks see it.

    Attributes
    ----------
    X : (n, p) numbers, gaps filled by means;  names : of the columns;  y : (n,);  target : its name
    missing : missing values by column of the table;  left_out : reason by column that cannot be a feature
    folds : of the cross-validation to come
    """

    X: Floats
    names: list[str]
    y: Floats
    target: str
    missing: dict[str, int]
    left_out: dict[str, str]
    folds: int
    two_classes: bool

    @property
    def sd(self) -> Floats:
        return self.X.std(axis=0)

    def standardised(self) -> tuple[Floats, NDArray[np.intp]]:
        """Columns of unit length that vary, at most ``MOST`` of them, and their places."""
        sd = self.sd
        at = np.flatnonzero(sd > 1e-12 * np.abs(self.X).max(axis=0, initial=0.0))[:MOST]
        Z = (self.X[:, at] - self.X[:, at].mean(axis=0)) / sd[at]
        return Z / np.sqrt(len(Z)), at


def missing(f: Facts) -> list[Finding]:
    gaps = {name: k for name, k in f.missing.items() if k}
    if not gaps:
        return []
    worst = sorted(gaps, key=lambda name: -gaps[name])
    share = gaps[worst[0]] / len(f.y)
    what = f"{count(len(gaps), 'column')} with missing values: {shown([f'{c} ({gaps[c]:,})' for c in worst])}."
    do = 'na="mean" fills them inside each fold and marks them; na="drop" drops the rows; drop= the emptiest columns.'
    if f.target in gaps:  # nothing can be put in its place
        rest = f" Where it is there, {do}" if len(gaps) > 1 else ""
        do = f'na="drop" leaves out the rows without the target, as na="mean" does.{rest}'
    return [Finding("missing values", what, do, share, tuple(worst), share > 0.5)]


def constant(f: Facts) -> list[Finding]:
    named = [c for c, why in f.left_out.items() if "differs" not in why]
    flat = np.flatnonzero(f.sd <= 1e-12 * np.abs(f.X).max(axis=0, initial=0.0))
    named += [f.names[j] for j in flat]
    if not named:
        return []
    why = [f"{c} ({f.left_out[c]})" if c in f.left_out else c for c in named]
    what = f"{count(len(named), 'column')} that cannot help: {shown(why)}."
    return [Finding("constant columns", what, "nothing: they are left out of every fit.", len(named), tuple(named))]


def nearly_constant(f: Facts) -> list[Finding]:
    found = {}
    for j in np.flatnonzero(f.sd > 0):
        values, times = np.unique(f.X[:, j], return_counts=True)
        if len(values) > 1 and times.max() > ALONE * len(f.y):
            found[f.names[j]] = len(f.y) - int(times.max())
    if not found:
        return []
    what = f"{count(len(found), 'column')} with one value in over 99 % of rows: {shown(found)}."
    rows = count(min(found.values()), "row")
    do = f"with few exceptions ({rows} at least) a fold may see none: merge rare levels or drop=."
    return [Finding("nearly constant columns", what, do, min(found.values()), tuple(found))]


def identifiers(f: Facts) -> list[Finding]:
    """Words that all differ, and whole numbers that run with the rows."""
    named = [c for c, why in f.left_out.items() if "differs" in why]
    order = np.arange(len(f.y), dtype=float)
    for j in np.flatnonzero(f.sd > 0):
        x = f.X[:, j]
        if len(np.unique(x)) == len(x) > 10 and (x == np.round(x)).all() and abs(np.corrcoef(x, order)[0, 1]) > SAME:
            named.append(f.names[j])
    if not named:
        return []
    what = f"{shown(named)}: every row has its own value, as an identifier or a row number has."
    return [
        Finding(
            "identifiers", what, "drop= them: they can only predict the order of the file.", len(named), tuple(named)
        )
    ]


def twins(f: Facts) -> list[Finding]:
    """Copies, and near copies, of other columns."""
    Z, at = f.standardised()
    same: list[tuple[float, str]] = []
    near: list[tuple[float, str]] = []
    largest = 0.0
    for start in range(0, len(at), 500):
        R = np.abs(Z[:, start : start + 500].T @ Z)
        R[np.arange(R.shape[1])[None, :] <= start + np.arange(len(R))[:, None]] = 0.0
        for i, k in zip(*np.nonzero(R > TWINS), strict=True):
            pair = f"{f.names[at[start + i]]} = {f.names[at[k]]}"
            (same if R[i, k] > SAME else near).append((R[i, k], pair))
            largest = max(largest, R[i, k] if R[i, k] <= SAME else 0.0)
    out = []
    if same:
        what = f"{count(len(same), 'pair')} of columns that are the same up to scale: {shown([p for _, p in same])}."
        out.append(Finding("duplicate columns", what, "drop= one of each: the lasso would pick either.", len(same)))
    if near:
        pairs = [f"{p.replace(' = ', ' ~ ')} ({r:.3f})" for r, p in sorted(near, reverse=True)]
        what = f"{count(len(near), 'pair')} of columns correlated above {TWINS}: {shown(pairs)}."
        do = "the one selected stands in for the other: read them as one, or l1_ratio=0.5 keeps both."
        out.append(Finding("twins", what, do, largest))
    return out


def leakage(f: Facts) -> list[Finding]:
    """Columns that alone say what the target is."""
    suspects = {}
    for j in np.flatnonzero(f.sd > 0):
        alone = _separation(f.X[:, j], f.y) if f.two_classes else abs(np.corrcoef(f.X[:, j], f.y)[0, 1])
        if alone > LEAK:
            suspects[f.names[j]] = float(alone)
    if not suspects:
        return []
    best = sorted(suspects, key=lambda name: -suspects[name])
    what = f"{shown([f'{c} ({suspects[c]:.4f})' for c in best])} alone all but give{'s' * (len(best) == 1)} {f.target}."
    do = "was it known before the target was? If not, drop= it: it holds the answer."
    return [Finding("leakage suspects", what, do, suspects[best[0]], tuple(best), True)]


def _separation(x: Floats, y: Floats) -> float:
    """|2·AUC − 1| of one column."""
    values, rank = np.unique(x, return_inverse=True)
    upper = y == y.max()
    mine, others = np.bincount(rank[upper], minlength=len(values)), np.bincount(rank[~upper], minlength=len(values))
    below = np.cumsum(others) - 0.5 * others
    return abs(2.0 * float(mine @ below) / max(1.0, float(mine.sum() * others.sum())) - 1.0)


def scales(f: Facts) -> list[Finding]:
    sd = f.sd
    live = np.flatnonzero(sd > 0)
    if len(live) < 2:
        return []
    low, high = live[np.argmin(sd[live])], live[np.argmax(sd[live])]
    ratio = float(sd[high] / sd[low])
    if ratio <= SCALES:
        return []
    what = f"standard deviations run from {sd[low]:.3g} ({f.names[low]}) to {sd[high]:.3g} ({f.names[high]})."
    do = "leave columns standardised (the default); otherwise the penalty falls on the units."
    return [Finding("unequal scales", what, do, ratio, (f.names[low], f.names[high]))]


def classes(f: Facts) -> list[Finding]:
    if not f.two_classes:
        return []
    smaller = int(min(np.sum(f.y == f.y.max()), np.sum(f.y != f.y.max())))
    share = smaller / len(f.y)
    if share >= RARE and smaller >= 2 * f.folds:
        return []
    what = f"the rarer class has {count(smaller, 'row')} ({100 * share:.1f} %): {smaller / f.folds:.1f} a fold."
    do = 'judge by measure="auc", not accuracy; folds keep the proportion; with under 2 a fold use fewer folds.'
    return [Finding("class imbalance", what, do, share, serious=smaller < f.folds)]


def rows(f: Facts) -> list[Finding]:
    a_fold = len(f.y) / f.folds
    if a_fold >= ROWS_A_FOLD:
        return []
    what = f"{len(f.y)} rows in {f.folds} folds are {a_fold:.1f} a fold: held-out losses will vary a lot."
    do = "repeats=10 averages over other folds; read λ_1se rather than λ_min."
    return [Finding("few rows", what, do, a_fold, serious=a_fold < 2)]


def wide(f: Facts) -> list[Finding]:
    n, p = f.X.shape
    if p <= n / 2:
        return []
    what = f"{p:,} features for {n:,} rows ({p / n:.1f} a row)."
    do = 'selections will change with the folds: see riata.stability_selection; rule="ebic" pays for the search.'
    return [Finding("more features than rows can tell", what, do, p / n)]


def repeated_rows(f: Facts) -> list[Finding]:
    table = np.column_stack([f.X, f.y])
    again = len(table) - len(np.unique(table, axis=0))
    if not again:
        return []
    what = f"{count(again, 'row')} {'is' if again == 1 else 'are'} an exact copy of another, target included."
    do = "if they are the same case, drop them or give fold_groups=: copies in two folds make errors too small."
    return [Finding("repeated rows", what, do, again, serious=again > 0.05 * len(table))]


CHECKS: dict[str, Callable[[Facts], list[Finding]]] = {
    "missing values": missing,
    "constant columns": constant,
    "nearly constant columns": nearly_constant,
    "identifiers": identifiers,
    "duplicate columns and twins": twins,
    "leakage suspects": leakage,
    "unequal scales": scales,
    "class imbalance": classes,
    "few rows": rows,
    "more features than rows can tell": wide,
    "repeated rows": repeated_rows,
}
