"""From what is to be predicted to Data: one column, classes, counts with an exposure, or survival times."""

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
from riata.select.families import AUTO, FAMILIES, decide
from riata.select.options import Options
from riata.table.columns import RowLabel, as_frame, is_frame
from riata.table.words import shown


def read(X: Any, y: Any, o: Options, row_label: RowLabel) -> tuple[Data, Options]:
    """(Data, the options with the family settled); notes say which family was chosen and why."""
    columns = _columns(X, y, o)
    y, more = (columns[-2], (*columns[:-2], columns[-1])) if columns else (y, ())
    outcome = None
    if not columns and (o.family == "cox" or (o.family == AUTO and _is_survival(y))):
        outcome = _outcome(y)
        y = outcome[:, -2]
    data = prepare(
        X, y, sample_weight=o.sample_weight, offset=o.offset, na=o.na, drop=o.drop, keep=o.keep,
        categories=o.categories, carry=(o.foldid, o.groups, o.exposure, o.strata, *more),
        feature_names=o.feature_names, row_label=row_label, labels=o.family in (AUTO, "binomial"),
    )  # fmt: skip
    if columns:
        times = [_numbers(data, name) for name in more[:-1]]
        outcome = np.column_stack([*times, data.y, _event(data, more[-1])])
    if outcome is not None:
        data = dataclasses.replace(data, outcome=outcome)
    data = _with_exposure(data, o)
    data = _known(data, [*more, o.exposure, o.strata])
    return _settled(data, o)


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
    if o.family == "binomial" and len(np.unique(data.y)) == 2:
        return data.y
    return None


def _columns(X: Any, y: Any, o: Options) -> list[str]:
    """The names (time, event) or (start, stop, event) of a survival target in a frame; else none."""
    if not is_frame(X):
        return []
    names = as_frame(X).names
    if isinstance(y, str):
        parts = [y] if y in names else [part.strip() for part in y.split(",")]
    elif isinstance(y, Sequence) and all(isinstance(part, str) for part in y) and len(y) in (2, 3):
        parts = list(y)
    else:
        return []
    if len(parts) == 1:
        if o.family == "cox":
            raise InvalidOption(
                "a survival target has two columns or three.", got=y, expected='"time,event" or "start,stop,event"'
            )
        return []
    if o.family not in ("cox", AUTO) or len(parts) > 3:
        raise InvalidOption(
            f'the target names {len(parts)} columns, which family="{o.family}" cannot take.', got=shown(parts),
            expected='one column; or "time,event" with family="cox"',
        )  # fmt: skip
    return parts


def _is_survival(y: Any) -> bool:
    """Whether an array says when and whether: two or three columns, or fields, of which the last is 0 or 1."""
    if isinstance(y, str):
        return False
    array = np.asarray(y)
    if array.dtype.names:
        return True
    return array.ndim == 2 and array.shape[1] in (2, 3) and bool(np.isin(array[:, -1], (0, 1)).all())


def _outcome(y: Any) -> NDArray[np.float64]:
    """A survival target of arrays as columns (time, event) or (start, stop, event)."""
    start, stop, event = survival(y)
    parts = [stop, event] if start is None else [start, stop, event]
    return np.column_stack(parts).astype(np.float64)


def _numbers(data: Data, name: str) -> NDArray[np.float64]:
    values = data.carried[name]
    if values.dtype.kind != "f":
        raise InvalidData(f'the time column "{name}" holds text, not numbers.', got=str(values[0]))
    return values


def _event(data: Data, name: str) -> NDArray[np.float64]:
    values = data.carried[name]
    if values.dtype.kind != "f":
        if not set(values.tolist()) <= {"True", "False"}:
            raise InvalidData(
                f'the event column "{name}" holds text.', got=shown(sorted({str(v) for v in values})),
                expected="1 for an event, 0 for the end of observation; or true and false",
            )  # fmt: skip
        values = np.array([float(v == "True") for v in values])
    return values


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
    if o.family != AUTO:
        return data, o
    if data.outcome is not None:
        family, why = "cox", "family cox was chosen: the target has times and events."
    else:
        family, why = decide(data.y, data.levels, o.exposure is not None)
    assert family in FAMILIES
    data = dataclasses.replace(data, notes=[why, *data.notes])
    return data, dataclasses.replace(o, family=family)
