"""The page: HTML whose every word from the data is escaped, with its style, script and numbers inside."""

from __future__ import annotations

import importlib.resources
import json
import math
from html import escape
from typing import Any

from riata.model.files import plain
from riata.report import pictures, sections
from riata.report.content import Content
from riata.report.markup import kind, name_of, plain_table, signed, text
from riata.report.svg import shares
from riata.select.families import ratio_of
from riata.select.summary import number, what
from riata.select.twins import LIKE
from riata.table.words import count, printable

NAMED = 3  # features of the same kind by name
DIGITS = 8  # significant ones of the numbers that the script shows, of which it shows five


def page(content: Content) -> str:
    """One self-contained document."""
    title = f"{what(content.model)}: {count(len(content.features), 'feature')}"
    body = "".join([
        header(content), warned(content), slider(content), figures(content), table(content),
        sections.stand_ins(content), sections.held_out(content), sections.geometry(content), reproduce(content),
        facts(content),
    ])  # fmt: skip
    data = json.dumps(plain(numbers(content)), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{text(title)}</title>\n<style>\n{part('page.css')}</style>\n</head>\n<body>\n<main>\n{body}</main>\n"
        f'<script type="application/json" id="numbers">{data.replace("<", chr(92) + "u003c")}</script>\n'
        f"<script>\n{part('page.js')}</script>\n</body>\n</html>\n"
    )


def part(name: str) -> str:
    """A file beside this one."""
    return importlib.resources.files("riata.report").joinpath(name).read_text("utf-8")


def header(content: Content) -> str:
    return (
        f"<header>\n<h1>What predicts {text(what(content.model))}</h1>\n"
        f'<p class="verdict">{text(content.verdict)}</p>\n</header>\n'
    )


def warned(content: Content) -> str:
    """Warnings with their remedy beside them. Notes follow, folded away."""
    items = "".join(f"<li>{text(sentence)}</li>" for sentence in content.known.warnings)
    items += "".join(f'<li>{text(f.what)} <span class="do">{text(f.do)}</span></li>' for f in content.findings)
    notes = "".join(f"<li>{text(sentence)}</li>" for sentence in content.model.notes)
    out = f'<div class="warning"><h2>Look at this first</h2><ul>{items}</ul></div>\n' if items else ""
    return out + (f"<details><summary>Notes on the data</summary><ul>{notes}</ul></details>\n" if notes else "")


def slider(content: Content) -> str:
    """λ and what it costs; the script lets it move."""
    last = len(content.lams) - 1
    places = {name: entry["index"] for name, entry in content.choices.items()} | {content.rule: content.index}
    jumps = "".join(
        f'<button type="button" data-index="{i}">{text(name)}{" (chosen)" if name == content.rule else ""}</button>'
        for name, i in sorted(places.items(), key=lambda pair: pair[1])
    )
    cells = "".join(
        f'<div><dt>{head}</dt><dd id="at-{key}">{text(value)}</dd></div>' for key, head, value in at(content)
    )
    return (
        '<section class="lambda" aria-label="The penalty λ and what it gives">\n'
        '<div class="js control"><label for="lam">λ: fewer features on the left, more on the right</label>'
        f'<input type="range" id="lam" min="0" max="{last}" step="1" value="{content.index}">'
        f'<span class="jumps">{jumps}</span></div>\n'
        f'<dl class="at">{cells}</dl>\n</section>\n'
    )


def at(content: Content) -> list[tuple[str, str, str]]:
    """(key, head, text) of what the λ bar says."""
    i, model, cv = content.index, content.model, content.cv
    found = [
        ("lam", "λ", f"{number(content.lams[i])} ({content.rule})"),
        ("df", "features", f"{model.path['df'][i]:,}"),
    ]
    if math.isfinite(cv.cvm[i]):
        found.append(("cv", f"CV {escape(content.measure)}", f"{number(cv.cvm[i])} ± {number(cv.cvse[i], 3)}"))
    found.append(("dev", "deviance explained", percent(model.path["dev_ratio"][i])))
    if content.known.mfdr is not None:
        found.append(("mfdr", "noise (mFDR, errs high)", percent(content.known.mfdr[i])))
    return found


def percent(share: float | None) -> str:
    """A share for reading; not the minus of a rounded zero."""
    return "–" if share is None or not math.isfinite(share) else f"{round(100 * share, 1) + 0.0:.1f} %"


def figures(content: Content) -> str:
    """The linked pictures, each with a sentence that says what it shows."""
    drawn = min(len(content.rows), pictures.NAMED + pictures.FAINT)
    more = len(content.rows) + content.left_out - drawn
    left = f" The {count(more, 'weakest line')} of the path {'is' if more == 1 else 'are'} not drawn." if more else ""
    parts = [
        ("Coefficients", pictures.coefficients(content),
         f"Each line is a feature: its effect per standard deviation, from large λ (no feature) to small.{left}"),
        (f"Held-out {lost(content)}", pictures.error(content),
         f"Mean over {content.cv.n_folds} folds that the fit did not see, ± one standard error."),
        ("False discoveries", pictures.false_rate(content),
         "The share of the selected features that chance alone would have brought in (features independent of the "
         "target; an estimate, no guarantee)."),
    ]  # fmt: skip
    body = "".join(
        f"<figure><h2>{title}</h2>{svg}<figcaption>{text(caption)}</figcaption></figure>\n"
        for title, svg, caption in parts
        if svg
    )
    return f'<section class="figures" aria-label="Pictures over λ">\n{body}{rules(content)}</section>\n'


def heads(content: Content) -> list[str]:
    """The columns of the table."""
    ratio = ratio_of(content.model.family)
    return [
        "feature",
        *(["output"] if content.model.outputs else []),
        "coefficient",
        *([ratio] if ratio else []),
        "per SD",
        *more_heads(content),
    ]


def more_heads(content: Content) -> list[str]:
    """The columns that say how sure a feature is, and who is like it."""
    local = ["local mfdr"] if content.known.local else []
    return [*content.beside.heads, *local, *(["stands in for"] if content.known.similar else [])]


def cells(content: Content, feature: str, output: str | None, coef: float, sd: float) -> list[str]:
    """One line of the table, as texts."""
    ratio = [number(math.exp(min(coef, 700.0)))] if ratio_of(content.model.family) else []
    return [name_of(feature), *([output or ""] if content.model.outputs else []), number(coef), *ratio,
            number(coef * sd), *more_cells(content, feature)]  # fmt: skip


def more_cells(content: Content, feature: str) -> list[str]:
    """The texts below :func:`more_heads`."""
    known = content.known
    local = [f"{known.local[feature]:.3f}" if feature in known.local else "–"] if known.local else []
    like = [like_words(known.similar.get(feature))] if known.similar else []
    return [*content.beside.cells(feature), *local, *like]


def like_words(like: dict[str, Any] | None) -> str:
    """The features with nearly the same values: "x1 (r 0.93), x7 (r −0.85) and 3 more"."""
    if like is None:
        return ""
    first = like["named"][:NAMED]
    named = ", ".join(f"{name_of(name)} (r {signed(r)})" for name, r in first)
    more = like["count"] - len(first)
    return named + (f" and {more:,} more" if more else "")


def table(content: Content) -> str:
    """The features of the chosen λ. The script sorts, searches and follows the slider."""
    head = "".join(f'<th scope="col"{kind(word)}>{text(word)}</th>' for word in heads(content))
    on = [row for row in content.rows if content.index in row.at]
    lines = []
    for row in on:
        first, *others = cells(content, row.feature, row.output, row.value(content.index), row.sd)
        rest = "".join(
            f"<td{kind(head)}>{text(cell)}</td>" for head, cell in zip(heads(content)[1:], others, strict=True)
        )
        lines.append(f'<tr><th scope="row">{text(first)}</th>{rest}</tr>\n')
    explained = ["Per SD: change of the prediction for one standard deviation of the feature, which makes features "
                 "comparable."]  # fmt: skip
    explained += content.beside.explained(content.features)
    if content.known.local:
        explained.append("Local mfdr: probability that a feature with such a statistic is noise, at the chosen λ.")
    if content.known.similar:
        explained.append(f"Stands in for: features with |correlation| ≥ {LIKE:g}, which could have taken its place.")
    return (
        '<section aria-labelledby="h-table"><h2 id="h-table">Features</h2>\n'
        '<div class="js tools"><label>Search <input type="search" id="search" autocomplete="off"></label>'
        '<button type="button" id="copy">Copy table</button><span id="copied" role="status"></span></div>\n'
        '<div class="scroll" tabindex="0" role="region" aria-label="Table of features"><table id="features">'
        f'<caption class="hidden">Features with a non-zero coefficient at λ</caption><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{''.join(lines)}</tbody></table></div>\n"
        f'<p id="none"{" hidden" if on else ""}>No feature to show.</p>\n'
        f'<p class="small">{text(" ".join(explained))}{left(content)}</p></section>\n'
    )


def left(content: Content) -> str:
    if not content.left_out:
        return ""
    return text(
        f" {count(content.left_out, 'weaker coefficient')} of the path had no room here; the model file has all."
    )


def rules(content: Content) -> str:
    """Each rule's λ side by side."""
    head, lines = content.choice_table
    return (
        '<div><h2>The choice of λ</h2>\n<div class="scroll" tabindex="0" role="region" aria-label="Table of rules">'
        f'{plain_table(head, lines)}</div>\n<p class="small">min: the λ with the best held-out {lost(content)}. 1se: '
        "the largest λ within one standard error of it, for fewer features at nearly the same "
        f"{lost(content)}.</p></div>\n"
    )


def lost(content: Content) -> str:
    return "score" if content.cv.larger else "error"


def reproduce(content: Content) -> str:
    """The same model in other words, each with its λ converted."""
    parts = []
    for k, recipe in enumerate(content.recipes):
        code = (
            f'<pre tabindex="0" id="code-{k}" aria-label="{text(recipe.title)}"><code>{text(recipe.code)}</code></pre>'
            f'<button type="button" class="js" data-copies="code-{k}">Copy {text(recipe.title)}</button>'
            if recipe.code
            else ""
        )
        parts.append(f'<h3>{text(recipe.title)}</h3>\n{code}<p class="small">{text(recipe.note)}</p>\n')
    return (
        f'<section aria-labelledby="h-again"><h2 id="h-again">The same model again</h2>\n{"".join(parts)}</section>\n'
    )


def facts(content: Content) -> str:
    """Where it came from, and the proof that the numbers are the minimum."""
    model = content.model
    data, made = model.data, model.provenance
    pairs = [
        ("data", data.get("label") or "in memory"),
        ("size", f"{count(data['n_samples'], 'row')}, {count(data['n_features'], 'feature')}"),
        ("fingerprint", f"sha256 {data['sha256']}"),
        ("family, penalty", f"{model.family}, {model.options.get('penalty', 'l1')}"),
        ("certificate", content.certificate.removeprefix("certificate: ")),
        ("folds", f"{model.cv['n_folds']} held-out parts, seed {model.options.get('seed')}"),
        ("made by", f"riata {made.get('riata')}, {made.get('created')}"),
    ]  # fmt: skip
    items = "".join(f"<div><dt>{text(head)}</dt><dd>{text(value)}</dd></div>" for head, value in pairs)
    return f'<footer aria-label="Where it came from"><dl class="facts">{items}</dl></footer>\n'


def numbers(content: Content) -> dict[str, Any]:
    """What the script needs: the stored path, the curves, and the texts of the table that do not move with λ."""
    model, cv, known = content.model, content.cv, content.known
    return {
        "index": content.index,
        "rule": content.rule,
        "rules": {str(entry["index"]): name for name, entry in content.choices.items()},
        "share": rounded(shares(content.lams), 5),
        "lams": rounded(content.lams),
        "df": list(model.path["df"]),
        "dev": rounded(model.path["dev_ratio"]),
        "cvm": rounded(cv.cvm.tolist()),
        "cvse": rounded(cv.cvse.tolist()),
        "mfdr": None if known.mfdr is None else rounded(known.mfdr),
        "ratio": ratio_of(model.family) is not None,
        "outputs": model.outputs is not None,
        "more": more_heads(content),
        "rows": [line(content, row) for row in content.rows],
    }


def line(content: Content, row: Any) -> dict[str, Any]:
    """One coefficient along the path: its values from the place ``a`` of the grid on."""
    values = dict(zip(row.at, row.coef, strict=True))
    run = [values.get(i, 0.0) for i in range(row.at[0], row.at[-1] + 1)]
    out = {"n": printable(name_of(row.feature)), "sd": float(f"{row.sd:.10g}"), "a": row.at[0], "v": rounded(run)}
    out |= {} if row.output is None else {"o": printable(row.output)}
    more = [printable(words) for words in more_cells(content, row.feature)]
    return out | ({"m": more} if any(words not in ("", "–") for words in more) else {})


def rounded(values: Any, digits: int = DIGITS) -> list[float | None]:
    """Numbers to so many significant digits; None where there is none."""
    known = (None if v is None or not math.isfinite(v) else float(f"{v:.{digits}g}") for v in values)
    return [None if v is None else int(v) if v == int(v) and abs(v) < 1e15 else v for v in known]
