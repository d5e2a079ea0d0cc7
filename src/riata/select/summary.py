"""A selection in words and plain-text tables. The command line draws the same parts with colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from riata import scores
from riata.select.families import FAMILIES
from riata.table.words import count

if TYPE_CHECKING:
    from riata.select.selection import Selection

ROWS = 40  # of the coefficient table; the model file has them all


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
        head = f"{k:,} of {count(p, 'feature')} predict{'s' if k == 1 else ''} {what(sel.model)}"
    error = f"{number(chosen['loss'])} ± {number(chosen['se'], 3)}"
    if cv["measure"] == "mse":
        error += f" (root: {number(math.sqrt(chosen['loss']), 4)})"
    return (
        f"{head} ({count(data['n_samples'], 'row')}, {rule}).\n"
        f"Cross-validated {scores.scores()[cv['measure']].words}: {error}; "
        f"{FAMILIES[sel.model.family].null}: {number(sel.null_loss)}{_compared(sel, chosen['loss'])}."
    )


def what(model: Any) -> str:
    """The target; of classes with the one that is predicted."""
    classes = model.response.get("classes")
    target = str(model.data["target"])
    if classes is None:
        return target
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


def coef_rows(sel: Selection) -> list[list[str]]:
    """Name, coefficient in original units, effect of one standard deviation, ratio if it is one, direction."""
    return [coef_row(sel.model.family, row["feature"], row["coef"], row["coef_per_sd"]) for row in sel.coef_table]


def coef_row(family: str, name: str, coef: float, per_sd: float) -> list[str]:
    """One line of the table of coefficients."""
    ratio = [number(math.exp(min(coef, 700.0)))] if _ratio(family) else []
    return [name, number(coef), *ratio, number(per_sd), "+" if coef > 0 else "−"]


def coef_head(family: str) -> tuple[str, ...]:
    """The heads of that table."""
    ratio = _ratio(family)
    return ("feature", "coefficient", *([ratio] if ratio else []), "per SD", "sign")


def _ratio(family: str) -> str | None:
    return FAMILIES[family].ratio if family in FAMILIES else None


def choice_rows(sel: Selection) -> list[list[str]]:
    """Every rule's λ side by side; the chosen one is marked."""
    named = [(f"{name}{' (chosen)' if name == sel.rule else ''}", item) for name, item in sel.choices.items()]
    named.sort(key=lambda pair: not pair[0].startswith("min"))
    if sel.rule == "given":
        named.append(("given (chosen)", choice_of(sel)))
    return [
        [name, number(c["lam"]), f"{c['n_features']:,}", number(c["loss"]), number(c["se"], 3)] for name, c in named
    ]


CHOICE_HEAD = ("rule", "lambda", "features", "CV error", "± SE")


def certificate(sel: Selection) -> str:
    """The largest duality gap (or stationarity residual) over everything that was solved."""
    cv = sel.model.cv
    fits = f"{len(sel.path.lams)} lambdas × ({cv['n_folds']} folds + all rows)"
    tol = sel.model.certificate["tol"]
    word = "within" if sel.largest_gap <= tol else "ABOVE"
    kind = "gap_rel" if sel.path.stationarity is None else "stationarity residual (a concave penalty has no gap)"
    return f"certificate: largest {kind} over {fits} is {sel.largest_gap:.1e}, {word} tol {tol:.0e}"


def summary_text(sel: Selection) -> str:
    """Everything, for print()."""
    parts = [verdict(sel)]
    rows = coef_rows(sel)
    if rows:
        parts.append(plain_table(coef_head(sel.model.family), rows[:ROWS]))
        if len(rows) > ROWS:
            parts[-1] += f"\n  … and {len(rows) - ROWS:,} more (coef_table has them all)"
    parts.append(plain_table(CHOICE_HEAD, choice_rows(sel)))
    parts.append(certificate(sel))
    said = [f"warning: {s}" for s in sel.warnings] + [f"note: {s}" for s in sel.notes]
    if said:
        parts.append("\n".join(said))
    return "\n\n".join(parts)


def plain_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Text in columns: the first to the left, the others to the right."""
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [
            f"{cell:<{w}}" if i == 0 else f"{cell:>{w}}" for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    lines.insert(1, "  " + "  ".join("-" * w for w in widths))
    return "\n".join(lines)
