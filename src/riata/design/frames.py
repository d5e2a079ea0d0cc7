"""Data frames of any library to a numeric array, through narwhals."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.errors import InvalidData, need


def frame_to_array(frame: Any) -> tuple[np.ndarray, list[str]]:
    """The values of a pandas, polars or pyarrow frame as a numeric array, and its column names.

    Raises
    ------
    InvalidData
        If a column is not numeric, by name.
    """
    nw = need("narwhals", "table")
    table = nw.from_native(frame, eager_only=True)
    columns = [str(name) for name in table.columns]
    text = [name for name, dtype in table.schema.items() if not (dtype.is_numeric() or dtype == nw.Boolean)]
    if text:
        raise InvalidData(
            f"X has {len(text)} column{'s' if len(text) > 1 else ''} that are not numbers, first {text[0]!r}.",
            expected="numeric or boolean columns",
            got=f"{text[0]!r} of type {table.schema[text[0]]}",
            hint="riata.select(frame, target) and `riata fit` encode text columns.",
        )
    values = table.to_numpy()
    if values.dtype.kind not in "fiub":
        values = values.astype(np.float64)
    return values, columns
