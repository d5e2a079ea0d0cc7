"""From a frame of numbers, text, dates and gaps to X, y and names; and again, in the same way, for new rows.

    encoded = Encoder.fit(frame, target="price", na="mean")
    encoded.X, encoded.y, encoded.names          # for the solver
    encoded.design_for(train_mask)               # the same X, imputed with the means of the training rows only
    encoded.encoder.transform(new_frame)         # the same columns from a new table
    Encoder.from_dict(encoder.to_dict())         # kept in a model file

Rules. Text, categorical and boolean columns: one 0/1 column for *every* level, ``name=level``. Dates: days since
1970-01-01. Text in which every value differs, or nearly (remarks.identifier): left out, with a note. Text that is
nearly all numbers (or dates): the strays are an error naming row, column and value. Missing values: ``na``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData
from riata.table import missing, remarks, roles
from riata.table.assemble import Assembled, assemble, present_mean
from riata.table.columns import Column, RowLabel, as_frame, as_levels, check_finite, read_column, resolve
from riata.table.steps import Step
from riata.table.transform import Transformed, transform
from riata.table.words import shown

Floats = NDArray[np.float64]
Names = str | Sequence[str]


def frame_row(row: int) -> str:
    """Words for a row of a frame in memory, counted from 0 as frames count."""
    return f"row {row}"


@dataclasses.dataclass(frozen=True)
class Encoder:
    """What was learnt from a table: enough to make the same columns from another one.

    Attributes
    ----------
    steps : one Step per column used, in the table's order
    names : tuple of str
        Names of the columns of X, unique.
    target, weights, offset : names of these columns, or None
    na : the rule for missing values at the fit
    left_out : dict of column name -> why it is not used
    """

    steps: tuple[Step, ...]
    names: tuple[str, ...]
    target: str | None
    weights: str | None = None
    offset: str | None = None
    na: str = "error"
    left_out: dict[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        frame: Any,
        *,
        target: str | Floats,
        weights: str | Floats | None = None,
        offset: str | Floats | None = None,
        drop: Names = (),
        keep: Names = (),
        categories: Names = (),
        carry: Sequence[str] = (),
        also: Sequence[str] = (),
        na: str = "error",
        row_label: RowLabel = frame_row,
        labels: bool = False,
    ) -> Encoded:
        """Learn how to turn ``frame`` into numbers, and do it.

        Parameters
        ----------
        frame : polars, pandas or pyarrow frame
        target, weights, offset : column names, or arrays with one value per row
        drop : names or patterns (``gene_*``) of columns to leave out
        keep : names or patterns; if given, the only columns used, identifiers or not
        categories : names or patterns of columns to one-hot encode whatever they hold
        carry : names of columns that are not features but are wanted beside y (folds, strata, …)
        also : names of further columns of the target, which are carried too; a row that lacks one lacks its target
        na : "error", "drop" (rows) or "mean" (mean and marker column; a level of its own for text)
        row_label : how to name a row in messages
        labels : whether the target may be words, which ``Encoded.levels`` then holds

        Raises
        ------
        InvalidOption : a column that is not there (with the closest name); InvalidData : everything in the data
        """
        missing.check_rule(na)
        wrapped = as_frame(frame)
        names = wrapped.names
        if len(wrapped) == 0:
            raise InvalidData(
                "the table is empty.", got=f"{len(names)} columns and no rows", expected="at least 2 rows"
            )
        given = {"target": target, "weights": weights, "offset": offset}
        given |= {f"target {name}": name for name in also} | {f"carry {name}": name for name in carry}
        columns = roles.role_columns(wrapped, names, given)
        part = {role: value if isinstance(value, str) else None for role, value in given.items()}
        taken = [name for name in part.values() if name is not None]
        choice = _Choice.of(names, taken, drop, keep, categories)
        features, left_out, notes = _features(wrapped, names, choice, row_label)
        y, levels = roles.target_values(columns["target"], row_label, labels)
        whole = roles.whole_target(y, [columns[f"target {name}"] for name in also])
        rows, more = missing.rows_to_keep(na, whole, features, row_label)
        out = _encode(cls, part, columns, y, features, rows, na, left_out, notes + more, row_label)
        return dataclasses.replace(out, levels=levels)

    def transform(self, frame: Any, names: Sequence[str] | None = None, row_label: RowLabel = frame_row) -> Transformed:
        """The columns ``names`` (default: all of ``self.names``) of X for the rows of a new table.

        Columns may stand in any order; further ones are ignored; those needed for ``names`` must be there. A level
        never seen at the fit gives 0 in all its columns, and a warning.
        """
        return transform(self, frame, names, row_label)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        out = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return out | {"steps": [step.to_dict() for step in self.steps], "names": list(self.names)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Encoder:
        """Inverse of :meth:`to_dict`. Raises KeyError or TypeError for a dict of another shape."""
        steps = tuple(Step.from_dict(step) for step in data["steps"])
        return cls(**(data | {"steps": steps, "names": tuple(data["names"])}))


@dataclasses.dataclass(frozen=True, eq=False)
class Encoded:
    """A table as numbers.

    Attributes
    ----------
    X : float64 array (n, p), or CSC if mostly zeros and large;  names : its columns
    y, sample_weight, offset : float64 (n,); the last two None if not asked for
    rows : positions in the table of the n rows kept;  n_given : rows of the table
    carried : dict of name -> values of the kept rows
    notes : list of str
    encoder : Encoder
    levels : the words of the target, of which y holds the places; or None
    """

    assembled: Assembled
    y: Floats
    sample_weight: Floats | None
    offset: Floats | None
    rows: NDArray[np.int64]
    n_given: int
    carried: dict[str, NDArray[Any]]
    notes: list[str]
    encoder: Encoder
    levels: tuple[str, ...] | None = None

    @property
    def X(self) -> Any:
        """The matrix, imputed with the means of all rows."""
        return self.assembled.X

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of X."""
        return self.encoder.names

    @property
    def has_imputed(self) -> bool:
        """Whether a mean was filled in, so that folds need :meth:`design_for`."""
        return bool(self.assembled.holes)

    def design_for(self, train_mask: NDArray[np.bool_]) -> Any:
        """X for all rows, in which missing numbers are the (weighted) means of the rows where ``train_mask`` holds.

        This is what keeps a fold's held-out rows out of its own preprocessing. The marker columns need no such care:
        they look at no other row, and one that is constant in training gets no coefficient there.
        """
        weights = np.ones(len(self.y)) if self.sample_weight is None else self.sample_weight
        return self.assembled.with_means_of(np.where(train_mask, weights, 0.0))


@dataclasses.dataclass(frozen=True)
class _Choice:
    """Which columns are to be features, and how."""

    features: list[str]
    insisted: frozenset[str]
    categories: frozenset[str]

    @classmethod
    def of(cls, names: list[str], taken: list[str], drop: Names, keep: Names, categories: Names) -> _Choice:
        dropped = set(roles.expand(drop, names, "drop"))
        kept = roles.expand(keep, names, "keep")
        cats = roles.expand(categories, names, "categories")
        use = [name for name in names if name not in dropped and name not in taken and (not kept or name in kept)]
        if not use:
            raise InvalidData(
                "no column is left to be a feature.",
                got=f"{len(names)} columns, {len(set(taken))} with another part, {len(dropped)} dropped",
                expected="at least one",
            )
        return cls(use, frozenset(kept) | frozenset(cats), frozenset(cats))


def _features(
    frame: Any, names: list[str], choice: _Choice, label: RowLabel
) -> tuple[list[Column], dict[str, str], list[str]]:
    """Feature columns with their kinds settled; those left out with the reason; notes."""
    use, left_out, converted = [], {}, []
    wanted = set(choice.features)
    for place, name in enumerate(names):
        if name not in wanted:
            continue
        raw = read_column(frame, place)
        column = as_levels(raw) if name in choice.categories else resolve(raw, label)
        check_finite(column, label)
        why = None if name in choice.insisted else remarks.identifier(column)
        if column.n_missing == len(column.values):
            why = "no values"
        if why:
            left_out[name] = why
            continue
        if column.was_text and column.kind == "number":
            converted.append(name)
        use.append(column)
    notes = []
    if left_out:
        reasons = shown((f"{name} ({why})" for name, why in left_out.items()), 8)
        notes.append(f'left out (it names rows, or is empty): {reasons}. categories="NAME" would use one all the same.')
    if converted:
        notes.append(f"text that holds only numbers was read as numbers: {shown(converted)}.")
    if not use:
        raise InvalidData("no column is left to be a feature.", got=shown(f"{n}: {w}" for n, w in left_out.items()))
    return use, left_out, notes


def _encode(
    cls: type[Encoder],
    part: dict[str, str | None],
    columns: dict[str, Column],
    target: Column,
    features: list[Column],
    keep: NDArray[np.bool_],
    na: str,
    left_out: dict[str, str],
    notes: list[str],
    label: RowLabel,
) -> Encoded:
    y = roles.check_target(target, keep)
    weights = roles.weight_values(columns["weights"], keep, label) if "weights" in columns else None
    offset = roles.role_values(columns["offset"], keep, label, "offset") if "offset" in columns else None
    carried = {}
    for role, column in columns.items():
        if role.startswith(("carry ", "target ")):
            roles.check_present(column, keep, label, roles.word(role))
            carried[column.name] = column.values[keep]
    features = [_rows(column, keep) for column in features]
    w = np.ones(len(y)) if weights is None else weights
    steps = tuple(_step(column, na, w) for column in features)
    names = _unique([name for step in steps for name in step.names])
    assembled = assemble(steps, features, len(y))
    notes += remarks.about_steps(steps) + remarks.numbers_like_identifiers(features)
    notes += remarks.about_matrix(assembled.X, names)
    encoder = cls(steps, names, part["target"], part["weights"], part["offset"], na, left_out)
    return Encoded(assembled, y, weights, offset, np.flatnonzero(keep), len(keep), carried, notes, encoder)


def _rows(column: Column, keep: NDArray[np.bool_]) -> Column:
    return dataclasses.replace(column, values=column.values[keep], missing=column.missing[keep])


def _step(column: Column, na: str, weights: Floats) -> Step:
    accepts, marks = na == "mean", column.n_missing > 0
    if column.kind in ("text", "bool"):
        levels = tuple(sorted(set(column.values[~column.missing])))
        return Step(column.name, "levels", levels, column.kind == "bool", None, marks, accepts)
    fill = present_mean(column.values, column.missing, weights) if accepts else None
    return Step(column.name, column.kind, fill=fill, marks_missing=marks, accepts_missing=accepts)


def _unique(names: list[str]) -> tuple[str, ...]:
    """The names, with " (2)" after one that is there already (a column called ``a=b`` beside a level b of a)."""
    seen: set[str] = set()
    out = []
    for base in names:
        name, k = base, 2
        while name in seen:
            name, k = f"{base} ({k})", k + 1
        seen.add(name)
        out.append(name)
    return tuple(out)
