"""Errors and warnings, each saying what was wrong, what was got, what was expected and what to do next.

RiataError
├── InvalidData     (ValueError)   the numbers: NaN, shapes, weights, targets
├── InvalidOption   (ValueError)   an argument that cannot be used
├── DataFileError   (ValueError)   a table file that cannot be read
├── ModelFileError  (ValueError)   a model file that cannot be read
└── MissingExtra    (ImportError)  an optional dependency that is not installed
NotConverged        (UserWarning)  a solve that missed its tolerance
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType
from typing import Any


class RiataError(Exception):
    """Base of every error that riata raises on purpose.

    Parameters
    ----------
    what : str
        One sentence: what is wrong, with row and column where there is one.
    got, expected : object, optional
        The offending value and what would have been right.
    hint : str, optional
        The next thing to try.
    """

    def __init__(self, what: str, *, got: Any = None, expected: Any = None, hint: str | None = None):
        self.what, self.got, self.expected, self.hint = what, got, expected, hint
        super().__init__(what)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.what, self.got, self.expected, self.hint)

    def __str__(self) -> str:
        lines = [self.what]
        if self.expected is not None:
            lines.append(f"  expected: {self.expected}")
        if self.got is not None:
            lines.append(f"  got:      {self.got}")
        if self.hint:
            lines += ["", f"hint: {self.hint}"]
        return "\n".join(lines)


def _rebuild(cls: type[RiataError], what: str, got: Any, expected: Any, hint: str | None) -> RiataError:
    return cls(what, got=got, expected=expected, hint=hint)


class InvalidData(RiataError, ValueError):
    """The data cannot be used as they are."""


class InvalidOption(RiataError, ValueError):
    """An argument has a value that cannot be used."""


class DataFileError(RiataError, ValueError):
    """A table file cannot be read."""


class ModelFileError(RiataError, ValueError):
    """A model file cannot be read."""


class MissingExtra(RiataError, ImportError):
    """An optional dependency is needed and not installed."""


class NotConverged(UserWarning):
    """A solve ended with a duality gap above its tolerance."""


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """A hint naming the closest of ``choices`` to ``word``, or None.

    >>> did_you_mean("prcie", ["price", "size"])
    'did you mean "price"?'
    """
    close = difflib.get_close_matches(str(word), [str(c) for c in choices], n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else None


def need(module: str, extra: str) -> ModuleType:
    """Import ``module``, or raise MissingExtra with the command that installs the extra."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise MissingExtra(
            f"{module} is needed here and is not installed.", hint=f"pip install 'riata[{extra}]'"
        ) from None
