"""A query: every column of a table and the prediction beside it.

Identifiers stand in double quotes (ANSI: PostgreSQL, DuckDB, SQLite, Snowflake, Oracle; in MySQL with ANSI_QUOTES).
Every number is written with an exponent, which makes it a double and not a decimal with few digits.
"""

from __future__ import annotations

from collections.abc import Sequence

from riata.convert.plan import Levels, Number, Plan
from riata.model.record import Model

SUFFIX = ".sql"
NOTE = "it is every column of the table and the prediction beside it."
# e^±700 is near the end of what a double holds; databases raise an error beyond it.
END = "700e0"
# Databases bound the depth of an expression (SQLite: 1000), and a + b + c + … is as deep as it is long.
LONGEST_SUM = 100


Columns = Sequence[tuple[str, str]]  # (expression, name)


def write(model: Model, kind: str, table: str) -> str:
    """The text of the query: one SELECT, or a chain of them in which each adds columns."""
    plan = Plan.of(model, kind)
    stages, source, text = _stages(plan), table, "".join(f"-- {line}\n" for line in _head(plan))
    for i, stage in enumerate(stages[:-1], 1):
        text += f"{'WITH ' if i == 1 else ', '}riata_{i} AS (\n{_select(stage, source)}\n)\n"
        source = f"riata_{i}"
    return f"{text}{_select(stages[-1], source)}\n;\n"


def _head(plan: Plan) -> list[str]:
    head = [*plan.about, "A missing value is NULL; where the model was fitted without missing ones, it gives NULL."]
    if any(isinstance(term, Number) and term.kind != "number" for term in plan.inputs):
        head.append("Dates and durations are read by EXTRACT(EPOCH FROM …), which PostgreSQL and DuckDB have.")
    return head


def _select(columns: Columns, source: str) -> str:
    parts = ["d.*", *(f"{expression} AS {name}" for expression, name in columns)]
    return "SELECT\n  " + ",\n  ".join(parts) + f"\nFROM {source} AS d"


def _stages(plan: Plan) -> list[Columns]:
    names = [_name(output) for output in plan.outputs]
    linear = [_linear(plan, k) for k in range(len(plan.intercept))]
    if plan.link == "identity" and plan.classes is None:
        return [list(zip(linear, names, strict=True))]
    etas = [f"riata_eta_{k + 1}" for k in range(len(linear))]
    first = list(zip(linear, etas, strict=True))
    if plan.classes is not None:
        return [first, [(_class(etas, [_value(c) for c in plan.classes]), names[0])]]
    if plan.link == "softmax":
        parts = [f"riata_part_{k + 1}" for k in range(len(linear))]
        top = _first_largest(etas, etas)
        share = [f"CASE WHEN {e} - riata_top < -{END} THEN 0e0 ELSE EXP({e} - riata_top) END" for e in etas]
        return [
            first, [(top, "riata_top")], list(zip(share, parts, strict=True)),
            [(f"{part} / ({' + '.join(parts)})", name) for part, name in zip(parts, names, strict=True)],
        ]  # fmt: skip
    if plan.link == "logit":
        eta = etas[0]
        answer = f"CASE WHEN {eta} > {END} THEN 1e0 WHEN {eta} < -{END} THEN 0e0 ELSE 1e0 / (1e0 + EXP(-{eta})) END"
    else:
        answer = f"EXP({etas[0]} - {_number(plan.center)})"
    return [first, [(answer, names[0])]]


def _class(etas: list[str], classes: list[str]) -> str:
    """Without an ELSE, so that NULL stays NULL."""
    if len(etas) == 1:
        return f"CASE WHEN {etas[0]} > 0 THEN {classes[1]} WHEN {etas[0]} <= 0 THEN {classes[0]} END"
    return _first_largest(etas, classes)


def _first_largest(etas: list[str], values: list[str]) -> str:
    """The value that stands at the place of the largest η, of equal ones the first."""
    whens = []
    for eta, value in zip(etas, values, strict=True):
        whens.append(f"WHEN {' AND '.join(f'{eta} >= {other}' for other in etas if other != eta)} THEN {value}")
    return f"CASE {' '.join(whens)} END"


def _linear(plan: Plan, k: int) -> str:
    terms = [_number(plan.intercept[k])]
    for term in plan.inputs:
        found = _levels(term, k) if isinstance(term, Levels) else _slope(term, k)
        terms += [found] if found else []
    terms += [_name(plan.offset)] if plan.offset else []
    terms += [f"LN({_name(plan.exposure)})"] if plan.exposure else []
    return _sum(terms)


def _sum(terms: list[str]) -> str:
    if len(terms) <= LONGEST_SUM:
        return "(" + "\n    + ".join(terms) + ")"
    return _sum([_sum(terms[i : i + LONGEST_SUM]) for i in range(0, len(terms), LONGEST_SUM)])


def _slope(term: Number, k: int) -> str:
    column, x = _name(term.column), _name(term.column)
    if term.kind == "date":
        x = f"EXTRACT(EPOCH FROM CAST({column} AS TIMESTAMP)) / 86400e0"
    elif term.kind == "duration":
        x = f"EXTRACT(EPOCH FROM {column}) / 86400e0"
    product = f"{_number(term.slope[k])} * {x}"
    if term.missing is None:
        return product
    return f"CASE WHEN {column} IS NULL THEN {_number(term.missing[k])} ELSE {product} END"


def _levels(term: Levels, k: int) -> str:
    column, place, values = _name(term.column), _name(term.column), term.values
    if term.boolean:  # a BOOLEAN, a text in any case, or SQLite's 1 and 0
        place = f"LOWER(CAST({column} AS VARCHAR(5)))"
        digit = {"true": "1", "false": "0"}
        low = {level.lower(): w for level, w in values.items()}
        values = low | {digit[level]: w for level, w in low.items()}
    missing = "NULL" if term.missing is None else _number(term.missing[k])
    whens = [f"WHEN {column} IS NULL THEN {missing}"]
    whens += [f"WHEN {place} = {_text(level)} THEN {_number(w[k])}" for level, w in values.items()]
    return f"CASE {' '.join(whens)} ELSE 0e0 END"


def _number(value: float) -> str:
    text = repr(value) if "e" in repr(value) else f"{value!r}e0"
    return f"({text})" if text.startswith("-") else text


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _value(label: object) -> str:
    if isinstance(label, bool):
        return str(label).upper()
    return repr(label) if isinstance(label, int | float) else _text(str(label))
