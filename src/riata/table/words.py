"""Small phrases for messages."""

from __future__ import annotations

from collections.abc import Iterable


def printable(text: str, keep: str = "\n\t") -> str:
    """``text`` without control characters: the name of a column must not be able to drive a terminal.

    >>> printable("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    return "".join(c if c in keep or c.isprintable() or c == " " else c.encode("unicode_escape").decode() for c in text)


def shown(names: Iterable[str], limit: int = 6) -> str:
    """A list of names for a sentence, cut after ``limit``.

    >>> shown("abcdefgh", 3)
    'a, b, c and 5 more'
    """
    names = list(names)
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def count(n: int, word: str) -> str:
    """A number and its noun.

    >>> count(1, "row"), count(2930, "row")
    ('1 row', '2,930 rows')
    """
    return f"{n:,} {word}{'' if n == 1 else 's'}"
