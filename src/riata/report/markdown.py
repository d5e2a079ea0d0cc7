"""The report as Markdown: the sentences, tables and calls of the page, without its pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence

from riata.report.content import Content
from riata.report.markup import signed
from riata.report.page import cells, heads
from riata.select.summary import what
from riata.table.words import printable

LANGUAGES = {"Python": "python", "Command line": "sh", "scikit-learn": "python", "glmnet (R)": "r"}


def text(content: Content) -> str:
    """The whole document."""
    parts = [f"# What predicts {literal(what(content.model))}", literal(content.verdict)]
    said = [*content.known.warnings, *(f"{found.what} → {found.do}" for found in content.findings)]
    if said:
        parts += ["## Look at this first", "\n".join(f"* {literal(s)}" for s in said)]
    on = [row for row in content.rows if content.index in row.at]
    lines = [cells(content, row.feature, row.output, row.value(content.index), row.sd) for row in on]
    parts += ["## Features", table(heads(content), lines) if lines else "None."]
    parts += [literal(sentence) for sentence in content.beside.explained(content.features)]
    parts += ["## The choice of λ", table(*content.choice_table), literal(content.certificate)]
    parts += [*stand_ins(content), *held_out(content)]
    parts.append("## The same model again")
    for recipe in content.recipes:
        parts.append(f"### {recipe.title}")
        if recipe.code:
            parts.append(fenced(recipe.code, LANGUAGES[recipe.title]))
        if recipe.note:
            parts.append(literal(recipe.note))
    if content.model.notes:
        parts += ["## Notes on the data", "\n".join(f"* {literal(s)}" for s in content.model.notes)]
    return "\n\n".join(parts) + "\n"


def stand_ins(content: Content) -> list[str]:
    """The clusters of features that say the same."""
    lines = []
    for cluster in content.clusters:
        first, *others = cluster.members
        more = f" and {cluster.more:,} more" if cluster.more else ""
        like = ", ".join(f"{m.feature} (r {signed(m.r, 3)}{', also selected' if m.selected else ''})" for m in others)
        lines.append(f"* {literal(first.feature)}: {literal(like + more)}")
    return ["## Who says the same", "\n".join(lines)] if lines else []


def held_out(content: Content) -> list[str]:
    """The diagnoses: their numbers, and the tables behind the pictures."""
    parts = ["## Held-out predictions"]
    for found in content.known.diagnoses:
        parts.append(f"### {literal(found.title)}")
        parts += ["; ".join(f"{literal(head)} {literal(said)}" for head, said in found.words)] if found.words else []
        parts.append(table(*found.table))
    return parts if content.known.diagnoses else [*parts, literal(content.known.silent)]


def literal(words: str) -> str:
    """Words that Markdown takes as they are: no markup, no cell borders, one line."""
    one = " ".join(printable(words, keep="").split())
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", one)


def fenced(code: str, language: str) -> str:
    """Code between fences that are longer than any run of backticks inside."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
    return f"{fence}{language}\n{code}\n{fence}"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table of the pipe kind, its first column to the left."""
    rows = [head, ["---", *["---:"] * (len(head) - 1)], *lines]
    return "\n".join(
        "| " + " | ".join(c if i == 1 else literal(str(c)) for c in row) + " |" for i, row in enumerate(rows)
    )
