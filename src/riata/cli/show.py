"""A selection or a model on the screen, and as JSON."""

from __future__ import annotations

from typing import Any

from riata.cli.screen import Screen
from riata.model.record import Model
from riata.select import summary
from riata.select.selection import Selection
from riata.table.words import count, shown


def selection(sel: Selection, screen: Screen) -> None:
    """Verdict, features, the rules side by side, certificate."""
    screen.result(summary.verdict(sel))
    _coefficients(summary.coef_lines(sel.model.family, sel.path.outputs, sel.coef_table), screen)
    screen.result("")
    screen.table(summary.choice_head(sel), summary.choice_rows(sel), summary.plain_table)
    screen.result("")
    screen.result(summary.certificate(sel))
    screen.detail(f"status: {sel.path.status}")
    work = {key: value for key, value in sel.path.stats.items() if isinstance(value, str | int | float)}
    said = (f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in work.items())
    screen.detail(f"work: {', '.join(said)}")


def _coefficients(table: tuple[tuple[str, ...], list[list[str]]], screen: Screen) -> None:
    """The table of coefficients, cut where it is long."""
    head, rows = table
    limit = len(rows) if screen.verbose else summary.ROWS
    if not rows:
        return
    screen.result("")
    screen.table(head, rows[:limit], summary.plain_table)
    if len(rows) > limit:
        screen.result(f"  … and {len(rows) - limit:,} more (--verbose shows them, the model file has them)")


def as_json(sel: Selection, output: str | None) -> dict[str, Any]:
    """The result for machines. ``schema`` names the version; numbers that do not exist are null."""
    from riata.model.files import plain

    model = sel.model
    return plain(
        {
            "schema": {"name": "riata.fit", "version": 1},
            "verdict": summary.verdict(sel),
            "family": model.family,
            "response": {key: value for key, value in model.response.items() if key != "baseline"},
            "data": model.data,
            "rule": sel.rule,
            "lambda": sel.lam,
            "outputs": model.outputs,
            "intercept": model.intercept,
            "features": sel.coef_table,
            "choices": sel.choices,
            "cv": {key: model.cv[key] for key in ("measure", "n_folds", "n_repeats", "null_loss")},
            "certificate": model.certificate,
            "notes": sel.notes,
            "warnings": sel.warnings,
            "options": model.options,
            "provenance": model.provenance,
            "model": output,
        }
    )


def model(m: Model, screen: Screen) -> None:
    """What a model file holds."""
    data, cv, cert = m.data, m.cv, m.certificate
    made = m.provenance
    rule = "the given λ" if m.rule == "given" else f"the rule {m.rule}"
    screen.result(
        f"{m.family} model for {summary.what(m)}: {len(m.coef):,} of {count(len(m.features), 'feature')}, "
        f"λ = {summary.number(m.lam)} by {rule}, {_intercept(m)}."
    )
    _coefficients(summary.coef_lines(m.family, m.outputs, summary.table_of(m)), screen)
    screen.result("")
    for head, text in _facts(m, data, cv, cert, made):
        screen.result(f"{head + ':':<13}{text}")


def _intercept(m: Model) -> str:
    if m.outputs is None:
        return f"intercept {summary.number(m.intercept)}"
    each = (f"{name} {summary.number(value)}" for name, value in zip(m.outputs, m.intercept, strict=True))
    return f"intercepts {', '.join(each)}"


def _facts(m: Model, data: Any, cv: Any, cert: Any, made: Any) -> list[tuple[str, str]]:
    out = [("needs", _needs(m))]
    for name, c in cv.get("choices", {}).items():
        loss = f"CV {cv['measure']} {summary.number(c['loss'])} ± {summary.number(c['se'], 3)}"
        out.append((name, f"λ = {summary.number(c['lam'])}, {count(c['n_features'], 'feature')}, {loss}"))
    out += [
        ("certificate", f"gap_rel {cert['gap_rel']:.1e} at λ, {cert['largest']:.1e} at worst over all λ and folds"),
        (
            "data",
            f"{data.get('label') or 'in memory'}, {count(data['n_samples'], 'row')}, sha256 {data['sha256'][:16]}…",
        ),
        ("made by", f"riata {made.get('riata')} at {made.get('created')}"),
    ]
    if made.get("argv"):
        out.append(("command", " ".join(made["argv"])))
    return out


def _needs(m: Model) -> str:
    """Columns that a table must have for a prediction."""
    if m.encoder is None:
        return f"an array with {count(len(m.features), 'column')}"
    place, columns = 0, []
    for step in m.encoder.steps:
        if set(m.encoder.names[place : place + len(step.names)]) & set(m.coef):
            columns.append(step.column)
        place += len(step.names)
    return f"{count(len(columns), 'column')}: {shown(columns, 12)}" if columns else "no column"
