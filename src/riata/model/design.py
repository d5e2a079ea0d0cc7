"""The columns that a model needs, from whatever it is asked to predict for: a frame, an array, a sparse matrix."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData
from riata.table.columns import RowLabel, as_frame, is_frame, read_column
from riata.table.roles import role_values
from riata.table.words import count, shown

if TYPE_CHECKING:
    from riata.model.record import Model


@dataclasses.dataclass(frozen=True, eq=False)
class Prediction:
    """Predicted values (n,), what to be warned of, and what to know."""

    values: NDArray[np.float64]
    warnings: list[str]
    notes: list[str]


@dataclasses.dataclass(frozen=True, eq=False)
class Block:
    """The needed columns for n rows."""

    X: Any
    n: int
    offset: NDArray[np.float64] | None
    warnings: list[str]
    notes: list[str]


def design_of(model: Model, X: Any, names: Sequence[str], offset: Any, label: RowLabel) -> Block:
    """Columns ``names`` of the model's design for the rows of ``X``; InvalidData where they cannot be had."""
    if model.encoder is not None and is_frame(X):
        out = model.encoder.transform(X, names, label)
        given = out.offset if offset is None else np.asarray(offset, dtype=float)
        given, warnings = _with_exposure(model.response.get("exposure"), X, given, label)
        return Block(out.X, out.X.shape[0], given, out.warnings + warnings, out.notes)
    if is_frame(X):
        X = _frame_by_position(model, X, label)
    elif model.encoder is not None:
        _check_plain_numbers(model)
    matrix = _matrix(model, X)
    place = {name: j for j, name in enumerate(model.features)}
    used = matrix[:, [place[name] for name in names]]
    _check_finite(used, names, label)
    shift = None if offset is None else np.asarray(offset, dtype=float)
    return Block(used, matrix.shape[0], shift, [], [])


def _with_exposure(name: str | None, X: Any, offset: Any, label: RowLabel) -> tuple[Any, list[str]]:
    """The offset with log(exposure) added, where the frame has that column; a sentence where it has not."""
    if name is None:
        return offset, []
    frame = as_frame(X)
    if name not in frame.names:
        return offset, [f'the table has no column "{name}", the exposure: these are rates for exposure 1.']
    values = role_values(read_column(frame, frame.names.index(name)), np.ones(len(frame), bool), label, "exposure")
    if not (values > 0).all():
        row = int(np.flatnonzero(~(values > 0))[0])
        raise InvalidData(f'"{name}" is not positive at {label(row)}.', got=values[row], expected="an exposure > 0")
    return np.log(values) + (0.0 if offset is None else offset), []


def _frame_by_position(model: Model, frame: Any, label: RowLabel) -> NDArray[np.float64]:
    """A frame for a model fitted on an array: by name if it has the names, else by position."""
    wrapped = as_frame(frame)
    names = wrapped.names
    by_name = set(model.features) <= set(names)
    if not by_name and len(names) != len(model.features):
        raise InvalidData(
            "the table does not fit the model, which was fitted on an array without column names.",
            expected=f"{count(len(model.features), 'column')}, in the array's order",
            got=f"{count(len(names), 'column')}: {shown(names)}",
        )
    places = [names.index(name) for name in model.features] if by_name else range(len(names))
    columns = [read_column(wrapped, place) for place in places]
    for column in columns:
        if column.kind != "number":
            raise InvalidData(f'column "{column.name}" holds {column.kind}, not numbers.', got=column.dtype)
    return np.column_stack([column.values for column in columns])


def _check_plain_numbers(model: Model) -> None:
    assert model.encoder is not None
    special = [step.column for step in model.encoder.steps if step.kind != "number" or step.marks_missing]
    if special:
        raise InvalidData(
            "this model was fitted on a table with text, dates or missing values: an array cannot be encoded.",
            got=f"an array, and encoded columns {shown(special)}",
            expected="a polars, pandas or pyarrow frame with named columns",
        )


def _matrix(model: Model, X: Any) -> Any:
    if not hasattr(X, "tocsc"):
        try:
            X = np.asarray(X, dtype=float)
        except (TypeError, ValueError) as error:
            raise InvalidData("X is not an array of numbers.", got=str(error)) from error
    elif X.ndim == 2:
        X = X.tocsc()
    if X.ndim != 2 or X.shape[1] != len(model.features):
        raise InvalidData(
            "X does not fit the model.",
            expected=f"shape (n, {len(model.features)}), columns in the order of the fit",
            got=f"shape {tuple(X.shape)}",
            hint="one row is X.reshape(1, -1)." if X.ndim == 1 else None,
        )
    return X


def _check_finite(used: Any, names: Sequence[str], label: RowLabel) -> None:
    values = used if isinstance(used, np.ndarray) else used.data
    if np.isfinite(values).all():
        return
    if not isinstance(used, np.ndarray):
        used = used.toarray()
    row, col = (int(v) for v in np.argwhere(~np.isfinite(used))[0])
    raise InvalidData(
        f'column "{names[col]}" has no finite value at {label(row)}.', got=used[row, col], expected="a finite number"
    )
