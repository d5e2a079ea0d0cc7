"""A module in plain Python: the numbers of the model, and the functions of riata.convert.standalone as they are."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from riata.convert import standalone
from riata.convert.plan import Levels, Number, Plan
from riata.model.record import Model

SUFFIX = ".py"
NOTE = 'predict({"column": value, …}) predicts one row.'


def write(model: Model, kind: str, table: str) -> str:
    """The text of the module."""
    plan = Plan.of(model, kind)
    numbers = {term.column: _number(term) for term in plan.inputs if isinstance(term, Number)}
    levels = {term.column: _levels(term) for term in plan.inputs if isinstance(term, Levels)}
    head = [
        *(f"# {line}" for line in plan.about),
        '# predict({"column": value, ...}) needs nothing but Python. It gives the numbers of riata predict.',
        "import datetime",
        "import math",
        "",
        f"INTERCEPT = {list(plan.intercept)!r}",
        "# column: (what it holds, coefficients, what a missing value adds, or None: it is an error)",
        _dict("NUMBERS", numbers),
        "# column: ({level: what it adds}, what a missing value adds, or None: it is an error)",
        _dict("LEVELS", levels),
        f"OFFSET, EXPOSURE, CENTER, LINK = {plan.offset!r}, {plan.exposure!r}, {plan.center!r}, {plan.link!r}",
        f"CLASSES = {plan.classes!r}",
        f"OUTPUTS = {list(plan.outputs)!r}",
    ]
    source = inspect.getsource(standalone)
    return "\n".join(head) + source[source.index("\n\n\ndef ") :]


def _number(term: Number) -> tuple[Any, ...]:
    return term.kind, list(term.slope), None if term.missing is None else list(term.missing)


def _levels(term: Levels) -> tuple[Any, ...]:
    """With the spellings of true and false that the encoder takes for one level."""
    values = {level: list(w) for level, w in term.values.items()}
    if term.boolean:
        values |= {spelt: w for level, w in values.items() for spelt in (level.lower(), level.upper())}
    return values, None if term.missing is None else list(term.missing)


def _dict(name: str, values: Mapping[str, Any]) -> str:
    rows = "".join(f"    {key!r}: {value!r},\n" for key, value in values.items())
    return f"{name} = {{\n{rows}}}"
