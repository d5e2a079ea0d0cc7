"""Words of the data as HTML: escaped, without control characters, and in tables."""

from __future__ import annotations

from html import escape
from typing import Any

from riata.table.words import printable

LONGEST = 120  # characters of a name in a table


def text(words: Any) -> str:
    """Words of the data, harmless: no markup, no control characters."""
    return escape(printable(str(words)), quote=True)


def name_of(words: str) -> str:
    """A name that fits in a table: the middle of a very long one gives way to dots."""
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 30]}…{words[-29:]}"


def plain_table(head: Any, lines: Any) -> str:
    top = "".join(f'<th scope="col">{text(word)}</th>' for word in head)
    rows = "".join(
        f'<tr><th scope="row">{text(line[0])}</th>{"".join(f"<td>{text(cell)}</td>" for cell in line[1:])}</tr>'
        for line in lines
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table>"


def kind(head: str) -> str:
    """Columns of words stand to the left and wrap."""
    return ' class="words"' if head in ("output", "stands in for") else ""


def signed(value: float, digits: int = 2) -> str:
    """A number with a minus that is as wide as a plus."""
    return f"{value:.{digits}f}".replace("-", "−")
