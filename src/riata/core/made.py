"""Frozen values made with all their fields at once."""

from __future__ import annotations

from typing import Any, TypeVar

Value = TypeVar("Value")


def made(cls: type[Value], **fields: Any) -> Value:
    """An instance of a frozen dataclass whose fields are these; what is left out has its default.

    The dataclass's own __init__ sets its fields one by one, past its guard: 3 µs for a Problem, 5 for a Path, which a
    fit of a small table feels. No field is checked.

    >>> import dataclasses
    >>> @dataclasses.dataclass(frozen=True)
    ... class Point:
    ...     x: float
    ...     y: float = 0.0
    >>> made(Point, x=1.0)
    Point(x=1.0, y=0.0)
    """
    value = object.__new__(cls)
    value.__dict__.update(fields)
    return value
