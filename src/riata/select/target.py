"""From what is to be predicted to Data: a column, classes, counts with an exposure, survival times, several columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData, InvalidOption
from riata.losses.spread import huber_delta
from riata.losses.survival import survival
from riata.select.data import Data, prepare
from riata.select.families import AUTO, decide
from riata.select.options import Options
from riata.table.columns import RowLabel, as_frame, is_frame
from riata.table.roles import expand
from riata.table.words import count, shown

# Families whose target has several columns, and at least and at most how many.
SEVERAL = {"binomial": (2, 2), "cox": (2, 3), "multigaussian": (2, np.inf)}
CLASSES = ("binomial", "multinomial")
OUTPUTS = ("multinomial", "multigaussian")


def read(X: Any, y: Any, o: Options, row_label: RowLabel) -> tuple[Data, Options]:
    """(Data, the options with the family settled); notes say which family was chosen and why."""
    names, marks = _columns(X, y, o)
    given = y
    table = None if names else _table(y, o)
    if names:
        y = names[max(len(names) - 2, 0)]  # of survival the time, not the event, which may be text
    elif table is not None:
        y = table[:, -2]
    also = [name for name in names if name != y]
    data = prepare(
        X, y, sample_weight=o.sample_weight, offset=o.offset, na=o.na, drop=o.drop, keep=o.keep,
        categories=o.categories, carry=(o.foldid, o.fold_groups, o.exposure, o.strata), also=also,
        feature_names=o.feature_names, row_label=row_label,
        labels=o.family in (AUTO, *CLASSES) and not also and table is None,
    )  # fmt: skip
    if also:
        data, o = _joined(data, o, names, marks)
    elif table is not None:
        data, o = _several(data, o, table[data.rows], _names(given, table.shape[1]))
    data = _known(_with_exposure(data, o), [*also, o.exposure, o.strata])
    data, o = _settled(data, o)
    _check(data, o)
    return data, o


def options_of(data: Data, o: Options) -> dict[str, Any]:
    """What the family's loss takes besides y."""
    if o.family == "huber":
        s = np.ones(len(data.y)) if data.sample_weight is None else data.sample_weight
        return {"delta": huber_delta(data.y, s) if o.delta is None else o.delta}
    if o.family == "cox":
        return {"ties": o.ties, "strata": data.per_row(o.strata, "strata")}
    return {}


def kept_in_proportion(data: Data, o: Options) -> NDArray[Any] | None:
    """Labels whose shares every fold should have: the classes, or whether there was an event."""
    if o.family == "cox":
        return data.outcome[:, -1]
    if o.family == "multinomial" or (o.family == "binomial" and len(np.unique(data.y)) == 2):
        return data.y
    return None


def _columns(X: Any, y: Any, o: Options) -> tuple[list[str], str | None]:
    """(names of the target's columns in a frame X, what marks an event); no names where y holds values.

    ``status=2`` as the last one of several is the column status, in which 2 marks an event.
    """
    if not is_frame(X):
        return [], None
    frame = as_frame(X)
    if isinstance(y, str):
        parts = [y] if y in frame.names else [part.strip() for part in y.split(",")]
    elif isinstance(y, Sequence) and 0 < len(y) < len(frame) and all(isinstance(part, str) for part in y):
        parts = list(y)
    else:
        return [], None
    marks = None
    column, sign, value = parts[-1].rpartition("=")
    if len(parts) > 1 and sign and parts[-1] not in frame.names and column in frame.names:
        parts[-1], marks = column, value
    names = list(dict.fromkeys(name for part in parts for name in expand(part, frame.names, "target")))
    if len(names) > 1 or o.family == "cox":
        _check_width(names, o.family)
    return names, marks


def _check_width(names: Sequence[str], family: str) -> None:
    """InvalidOption for a target of more or fewer columns than the family takes."""
    if family == AUTO:
        return
    least, most = SEVERAL.get(family, (1, 1))
    if family == "cox" and not least <= len(names) <= most:
        raise InvalidOption(
            "a survival target has two columns or three.", got=shown(names),
            expected='"time,event" or "start,stop,event"',
        )  # fmt: skip
    if not least <= len(names) <= most:
        raise InvalidOption(
            f'the target has {len(names)} columns, which family="{family}" cannot take: {shown(names)}.',
            got=f"{len(names)} columns", expected=f"{count(least, 'column')}",
            hint='family="multigaussian" predicts several numbers at once, family="cox" takes times and events.',
        )  # fmt: skip


def _table(y: Any, o: Options) -> NDArray[np.float64] | None:
    """A target of several columns that came as an array; None for one of one column."""
    if isinstance(y, str):
        return None
    array = np.asarray(y)
    if array.dtype.names or o.family == "cox":
        start, stop, event = survival(array)
        return np.column_stack([stop, event] if start is None else [start, stop, event]).astype(np.float64)
    if array.ndim != 2 or array.shape[1] < 2:
        return None
    _check_width([f"y{k}" for k in range(array.shape[1])], o.family)
    return np.asarray(array, dtype=np.float64)


def _names(y: Any, n: int) -> list[str]:
    """Names of the columns of a target that is a frame of its own; y0, y1, … of an array."""
    return as_frame(y).names if is_frame(y) else [f"y{k}" for k in range(n)]


def _joined(data: Data, o: Options, names: list[str], marks: str | None) -> tuple[Data, Options]:
    """Data whose outcome holds the columns ``names`` of the table."""
    values = [data.carried.get(name, data.y) for name in names]
    survives = o.family == "cox" or (o.family == AUTO and len(names) < 4 and (marks or _is_event(values[-1])))
    if survives:
        values[-1] = _event(values[-1], names[-1], marks)
    for name, column in zip(names, values, strict=True):
        if column.dtype.kind != "f":
            what = "time" if survives else "target"
            raise InvalidData(f'the {what} column "{name}" holds text.', got=str(column[0]), expected="numbers")
    return _several(data, o, np.column_stack(values), names)


def _several(data: Data, o: Options, table: NDArray[np.float64], names: list[str]) -> tuple[Data, Options]:
    """Data with the outcome ``table``, and the family that it asks for."""
    data = dataclasses.replace(data, outcome=table)
    if o.family == AUTO and len(names) < 4 and _is_event(table[:, -1]):
        o = dataclasses.replace(o, family="cox")
        data = _noted(data, "family cox was chosen: the target has times and events.")
    elif o.family == AUTO:
        o = dataclasses.replace(o, family="multigaussian")
        data = _noted(data, f"family multigaussian was chosen: the target has {len(names)} columns of numbers.")
    if o.family == "cox":
        return data, o
    return dataclasses.replace(data, target=shown(names), parts=tuple(names)), o


def _is_event(values: NDArray[Any]) -> bool:
    """Whether a column says of every row that something happened (1, true) or did not (0, false)."""
    found = set(values.tolist())
    return found <= {0.0, 1.0} or found <= {"True", "False"}


def _event(values: NDArray[Any], name: str, marks: str | None) -> NDArray[np.float64]:
    """1 where there was an event, else 0."""
    if marks is not None:
        return _marked(values, name, marks)
    if _is_event(values):
        return np.array([float(v in (1.0, "True")) for v in values])
    found = sorted(set(values.tolist()))
    words = [f"{v:g}" if isinstance(v, float) else v for v in found]
    mark = words[-1] if len(words) == 2 else "VALUE"
    habit = " (as R codes it)" if found == [1.0, 2.0] else ""
    raise InvalidData(
        f'the event column "{name}" holds what is neither 0 nor 1.', got=shown(words),
        expected="1 for an event, 0 for the end of observation; or true and false",
        hint=f'where {mark} marks an event{habit}, say {name}={mark} in place of {name}.',
    )  # fmt: skip


def _marked(values: NDArray[Any], name: str, marks: str) -> NDArray[np.float64]:
    """1 where ``values`` are ``marks``, else 0; InvalidData where they never or always are."""
    words = np.array([f"{v:g}" if isinstance(v, float) else v for v in values.tolist()])
    out = (words == marks).astype(np.float64)
    if not 0 < out.sum():
        raise InvalidData(
            f'no row of the event column "{name}" is {marks}.', got=shown(sorted(set(words.tolist()))),
            expected=f"{name}=VALUE with the value that marks an event",
        )  # fmt: skip
    return out


def _with_exposure(data: Data, o: Options) -> Data:
    """log(exposure) becomes a part of the offset."""
    if o.exposure is None:
        return data
    if o.family not in ("poisson", AUTO):
        raise InvalidOption(f'family="{o.family}" has no exposure.', got="exposure", expected='family="poisson"')
    values = data.per_row(o.exposure, "exposure")
    assert values is not None
    bad = [] if values.dtype.kind in "fiu" else [0]
    bad = bad or np.flatnonzero(~(values > 0)).tolist()
    if bad:
        raise InvalidData("exposure must be positive in every row.", got=f"{values[bad[0]]}", expected="numbers > 0")
    return dataclasses.replace(data, offset=np.log(values) + (0.0 if data.offset is None else data.offset))


def _known(data: Data, names: Sequence[Any]) -> Data:
    """The encoder with the columns that have another part noted, so that a prediction does not wonder at them."""
    mine = {name: "has another part" for name in names if isinstance(name, str)}
    if data.encoder is None or not mine:
        return data
    encoder = dataclasses.replace(data.encoder, left_out=data.encoder.left_out | mine)
    return dataclasses.replace(data, encoder=encoder)


def _settled(data: Data, o: Options) -> tuple[Data, Options]:
    """The family of a target of one column, where it was left open."""
    if o.family != AUTO:
        return data, o
    family, why = decide(data.y, data.levels, o.exposure is not None)
    return _noted(data, why), dataclasses.replace(o, family=family)


def _noted(data: Data, sentence: str) -> Data:
    return dataclasses.replace(data, notes=[sentence, *data.notes])


def _check(data: Data, o: Options) -> None:
    """What a family with several linear predictors cannot take."""
    if o.family in OUTPUTS and data.offset is not None and data.offset.ndim == 1:
        raise InvalidOption(
            f'family="{o.family}" has a linear predictor for each class or column, and the offset is one column.',
            got="offset", expected="no offset, or an array of shape (n_samples, n_outputs)",
        )  # fmt: skip
    if o.family == "multigaussian" and data.outcome is None:
        raise InvalidOption(
            'family="multigaussian" predicts several columns.', got=data.target, expected="at least two columns",
            hint='family="gaussian" predicts one.',
        )  # fmt: skip
    if o.family != "multinomial":
        return
    values, counts = np.unique(data.y, return_counts=True)
    rare = [data.levels[int(v)] if data.levels else f"{v:g}" for v in values[counts < 2]]
    if rare:
        raise InvalidData(
            f"{len(rare):,} of {len(values):,} classes {'has' if len(rare) == 1 else 'have'} a single row, which "
            "cannot be learnt from and held out too.",
            got=shown(rare), expected="at least 2 rows of every class",
            hint="join rare classes, leave those rows out, or take another family if the target holds quantities.",
        )  # fmt: skip
