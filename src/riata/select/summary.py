"""A selection in words and plain-text tables. The command line draws the same parts with colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from riata import scores
from riata.select.families import ratio_of
from riata.table.words import count, shown

if TYPE_CHECKING:
    from riata.select.selection import Selection

ROWS = 40  # of the coefficient table; the model file has them all
WIDE = 90  # characters: classes or targets stand side by side as long as their columns fit in
# What the model without features does, where it can be said in words.
NULL = {"gaussian": "predicting the mean", "sqrt": "predicting the mean", "multigaussian": "predicting the means"}


def number(value: float, digits: int = 5) -> str:
    """A number for reading: ``digits`` significant ones, no exponent between 1e-4 and 1e9.

    >>> number(41234.567), number(0.000012345), number(0.5)
    ('41,235', '1.2345e-05', '0.5')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    size = math.floor(math.log10(abs(value)))
    if not -5 < size < 9:
        return f"{value:.{digits - 1}e}"
    text = f"{value:,.{max(digits - 1 - size, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def verdict(sel: Selection) -> str:
    """Two lines: how many features of how many by which rule; and the error against knowing nothing."""
    data, cv, chosen = sel.model.data, sel.model.cv, choice_of(sel)
    k, p = len(sel.features), data["n_features"]
    rule = (
        f"λ = {number(sel.lam)} by the rule {sel.rule}" if sel.rule != "given" else f"the given λ = {number(sel.lam)}"
    )
    if k == 0:
        head = f"None of {count(p, 'feature')} helps to predict {what(sel.model)}"
    else:
        head = f"{k:,} of {count(p, 'feature')}{_in_groups(sel)} predict{'s' if k == 1 else ''} {what(sel.model)}"
    error = f"{number(chosen['loss'])} ± {number(chosen['se'], 3)}"
    if cv["measure"] == "mse" and sel.path.outputs is None:
        error += f" (root: {number(math.sqrt(chosen['loss']), 4)})"
    null = NULL.get(sel.model.family, "without features")
    return (
        f"{head} ({count(data['n_samples'], 'row')}, {rule}).\n"
        f"Cross-validated {measure_words(sel)}: {error}; "
        f"{null}: {number(sel.null_loss)}{_compared(sel, chosen['loss'])}."
    )


def _in_groups(sel: Selection) -> str:
    """In how many of how many groups the features are, where they are penalised so."""
    if sel.groups is None:
        return ""
    return f" (in {len({row['group'] for row in sel.coef_table}):,} of {count(len(set(sel.groups)), 'group')})"


def measure_words(sel: Selection) -> str:
    """The score in words; errors of several targets are summed over them."""
    words = scores.scores()[sel.cv.measure].words
    if sel.model.family != "multigaussian":
        return words
    return f"{words}, summed over {len(sel.path.outputs or ())} targets"


def what(model: Any) -> str:
    """The target; of two classes with the one that is predicted, of more with all of them."""
    classes = model.response.get("classes")
    target = str(model.data["target"])
    if classes is None:
        return target
    if len(classes) > 2:
        return f"{target} ({shown(map(str, classes))})"
    return f"{target} = {classes[1]:g}" if isinstance(classes[1], float) else f"{target} = {classes[1]}"


def _compared(sel: Selection, loss: float) -> str:
    """How much less than without features, for losses that have a zero."""
    if sel.cv.larger or sel.model.family == "cox":
        return ""
    return _less(loss, sel.null_loss)


def _less(loss: float, null: float) -> str:
    if not (null > 0 and math.isfinite(loss)):
        return ""
    share = 100 * (1 - loss / null)
    if abs(share) < 0.5:
        return " (no less)"
    if 99.5 <= share < 100:
        return " (over 99 % less)"  # never 100: something is left
    return f" ({share:.0f} % less)" if share > 0 else f" ({-share:.0f} % more: worse than the mean)"


def choice_of(sel: Selection) -> dict[str, Any]:
    """λ, number of features, loss and standard error of the chosen model."""
    cv = sel.cv
    return {
        "lam": sel.lam,
        "n_features": len(sel.features),
        "loss": float(cv.cvm[sel.index]),
        "se": float(cv.cvse[sel.index]),
    }


def coef_lines(
    family: str, outputs: Sequence[str] | None, table: Sequence[dict[str, Any]]
) -> tuple[tuple[str, ...], list[list[str]]]:
    """(heads, lines) of the table of coefficients: original units, the effect of one standard deviation, direction.

    Several classes or targets stand side by side as long as they fit, with the largest effect; else below each other.
    """
    ratio, grouped = ratio_of(family), ["group"] if table and "group" in table[0] else []
    if outputs is None or not _fits(outputs, table):
        of, exp = ["output"] if outputs else [], [ratio] if ratio else []
        head = ("feature", *of, "coefficient", *exp, "per SD", "sign", *grouped)
        return head, [_line(row, ratio) for row in table]
    lines: dict[str, list[dict[str, Any]]] = {}
    for row in table:
        lines.setdefault(row["feature"], []).append(row)
    cells = []
    for name, rows in lines.items():
        coef = {row["output"]: row["coef"] for row in rows}
        effect = max(abs(row["coef_per_sd"]) for row in rows)
        cells.append([name, *(number(coef.get(k, 0.0)) for k in outputs), number(effect), *_group(rows[0])])
    return ("feature", *outputs, "most per SD", *grouped), cells


def table_of(model: Any) -> list[dict[str, Any]]:
    """The coefficient table of a model, as a selection has it (without groups)."""
    rows = []
    for name, coef in model.coef.items():
        values, per_sd = ([v] if model.outputs is None else v for v in (coef, model.coef_per_sd[name]))
        for k, (w, effect) in enumerate(zip(values, per_sd, strict=True)):
            output = {} if model.outputs is None else {"output": model.outputs[k]}
            rows += [{"feature": name, **output, "coef": w, "coef_per_sd": effect}] if w else []
    strongest = {row["feature"]: 0.0 for row in rows}
    for row in rows:
        strongest[row["feature"]] = max(strongest[row["feature"]], abs(row["coef_per_sd"]))
    return sorted(rows, key=lambda row: -strongest[row["feature"]])


def _fits(outputs: Sequence[str], table: Sequence[dict[str, Any]]) -> bool:
    """Whether a column for each output leaves the table narrow enough to read."""
    longest = max((len(row["feature"]) + len(row.get("group", "")) for row in table), default=0)
    return longest + sum(2 + max(len(name), 9) for name in outputs) + 13 <= WIDE


def _line(row: dict[str, Any], ratio: str | None) -> list[str]:
    """One coefficient."""
    of = [row["output"]] if "output" in row else []
    exp = [number(math.exp(min(row["coef"], 700.0)))] if ratio else []
    sign = "+" if row["coef"] > 0 else "−"
    return [row["feature"], *of, number(row["coef"]), *exp, number(row["coef_per_sd"]), sign, *_group(row)]


def _group(row: dict[str, Any]) -> list[str]:
    """The cell of the group; empty for a feature by itself."""
    return ["" if row["group"] == row["feature"] else row["group"]] if "group" in row else []


def choice_rows(sel: Selection) -> list[list[str]]:
    """Every rule's λ side by side; the chosen one is marked."""
    named = [(f"{name}{' (chosen)' if name == sel.rule else ''}", item) for name, item in sel.choices.items()]
    named.sort(key=lambda pair: not pair[0].startswith("min"))
    if sel.rule == "given":
        named.append(("given (chosen)", choice_of(sel)))
    return [
        [name, number(c["lam"]), f"{c['n_features']:,}", number(c["loss"]), number(c["se"], 3)] for name, c in named
    ]


def choice_head(sel: Selection) -> tuple[str, ...]:
    """The heads of that table."""
    return ("rule", "lambda", "features", f"CV {sel.cv.measure}", "± SE")


def certificate(sel: Selection) -> str:
    """The largest duality gap (or stationarity residual) over everything that was solved."""
    cv = sel.model.cv
    fits = f"{len(sel.path.lams)} lambdas × ({cv['n_folds']} folds + all rows)"
    return certified(sel.largest_gap, sel.model.certificate["tol"], fits, sel.path.stationarity is not None)


def certified(largest: float, tol: float, over: str, concave: bool = False) -> str:
    """How exact the worst of many solutions is."""
    kind = "stationarity residual (a concave penalty has no gap)" if concave else "gap_rel"
    word = "within" if largest <= tol else "ABOVE"
    return f"certificate: largest {kind} over {over} is {largest:.1e}, {word} tol {tol:.0e}"


def summary_text(sel: Selection) -> str:
    """Everything, for print()."""
    parts = [verdict(sel)]
    head, rows = coef_lines(sel.model.family, sel.path.outputs, sel.coef_table)
    if rows:
        parts.append(plain_table(head, rows[:ROWS]))
        if len(rows) > ROWS:
            parts[-1] += f"\n  … and {len(rows) - ROWS:,} more (coef_table has them all)"
    parts.append(plain_table(choice_head(sel), choice_rows(sel)))
    parts.append(certificate(sel))
    said = [f"warning: {s}" for s in sel.warnings] + [f"note: {s}" for s in sel.notes]
    if said:
        parts.append("\n".join(said))
    return "\n\n".join(parts)


def plain_table(head: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """Text in columns: those of ``left`` to the left, the others to the right."""
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [
            f"{cell:<{w}}" if i in left else f"{cell:>{w}}" for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    lines.insert(1, "  " + "  ".join("-" * w for w in widths))
    return "\n".join(lines)
