"""A table by columns, for every result's ``to_frame()``: no frame library is needed to look at it, and any takes it."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

HEAD, TAIL, WIDE = 10, 5, 60  # of a long table, the rows that are shown, and the characters of a cell


class ResultFrame(dict[str, list[Any]]):
    """Columns by name, each a list of the same length: a dictionary that prints as a table.

    ``pandas.DataFrame(frame)``, ``polars.DataFrame(frame)`` and ``pyarrow.table(frame)`` take it as it is.

    >>> ResultFrame(feature=["bmi", "s5"], coef=[4.6652, 0.0])
    feature    coef
    bmi      4.6652
    s5            0
    [2 rows × 2 columns]
    """

    @property
    def shape(self) -> tuple[int, int]:
        """(n_rows, n_columns)."""
        return len(next(iter(self.values()), [])), len(self)

    def _lines(self) -> Iterable[list[str]]:
        """The cells of the rows that are shown; where rows are left out, a row of dots."""
        n = self.shape[0]
        cut = n > HEAD + TAIL + 1
        for i in [*range(HEAD), None, *range(n - TAIL, n)] if cut else range(n):
            yield ["…" if i is None else _cell(column[i]) for column in self.values()]

    def _size(self) -> str:
        n, k = self.shape
        return f"[{n:,} row{'' if n == 1 else 's'} × {k} column{'' if k == 1 else 's'}]"

    def __repr__(self) -> str:
        lines = [[_cell(name) for name in self], *self._lines()]
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        left = [any(isinstance(value, str) for value in column[:HEAD]) for column in self.values()]
        pad = [str.ljust if words else str.rjust for words in left]
        out = ["  ".join(p(c, w) for p, c, w in zip(pad, line, widths, strict=True)).rstrip() for line in lines]
        return "\n".join([*(out if self else []), self._size()])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(_cell(name))}</th>" for name in self)
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>" for line in self._lines()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table><p>{self._size()}</p>"


def _cell(value: Any) -> str:
    """A value for reading. What could drive a terminal is escaped; nothing stands for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(value))
    return text if len(text) <= WIDE else f"{text[: WIDE - 1]}…"
