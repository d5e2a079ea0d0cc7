"""The sections of the page that need the data: features that stand in for others, held-out predictions, geometry."""

from __future__ import annotations

from riata.report import touching
from riata.report.content import Content
from riata.report.diagnoses import MOST_OUTPUTS, Diagnosis
from riata.report.markup import name_of, plain_table, signed, text
from riata.report.stand_ins import MOST, Cluster
from riata.select.summary import number, what
from riata.select.twins import LIKE
from riata.table.words import count, shown


def stand_ins(content: Content) -> str:
    """A small table for each selected feature that others resemble."""
    found = content.clusters[:MOST]
    if not found:
        return ""
    left = len(content.clusters) - len(found)
    more = f" {count(left, 'weaker feature')} with stand-ins {'is' if left == 1 else 'are'} not shown." if left else ""
    body = "".join(cluster(content, one) for one in found)
    return (
        '<section aria-labelledby="h-like"><h2 id="h-like">Who says the same</h2>\n'
        f'<p class="small">Features with |correlation| ≥ {LIKE:g} to a selected one (●): another sample could have '
        f"selected them instead (○). Bars run from {LIKE:g} to 1.{more}</p>\n"
        f'<div class="clusters">{body}</div></section>\n'
    )


def cluster(content: Content, one: Cluster) -> str:
    """A line for each member, with a bar for its correlation with the first."""
    lines = []
    for member in one.members:
        dot, said = ("●", "selected") if member.selected else ("○", "not selected")
        share = max(abs(member.r) - LIKE, 0.0) / (1 - LIKE)
        bar = f'<span class="strip"><span style="width:{100 * share:.0f}%"></span></span>'
        first = member is one.members[0]
        lines.append(
            f'<tr{" class=first" if first else ""}><th scope="row"><span role="img" aria-label="{said}">{dot}</span> '
            f"{text(name_of(member.feature))}</th><td>{'' if first else signed(member.r, 3)}</td>"
            f"<td>{'' if first else bar}</td></tr>"
        )
    more = f'<p class="small">and {one.more:,} more</p>' if one.more else ""
    name = text(name_of(one.members[0].feature))
    head = '<tr><th scope="col">feature</th><th scope="col">r</th><td></td></tr>'
    return (
        f'<div><table><caption class="hidden">Features like {name}</caption><thead>{head}</thead>'
        f"<tbody>{''.join(lines)}</tbody></table>{more}</div>\n"
    )


def held_out(content: Content) -> str:
    """What the fits say of the rows that they did not see, at the chosen λ."""
    head = '<section aria-labelledby="h-held"><h2 id="h-held">Held-out predictions</h2>\n'
    found = content.known.diagnoses
    if not found:
        return f'{head}<p class="small">{text(content.known.silent)}</p></section>\n'
    first = [k == 0 or found[k - 1].kind != one.kind for k, one in enumerate(found)]
    folds = f"{content.cv.n_folds // content.model.cv['n_repeats']} folds"
    why = f"Every row is predicted by a fit that did not see it ({folds}), at the chosen λ = {number(content.lam)}."
    judged = {one.output for one in found}
    silent = [name for name in (content.model.outputs or ())[:MOST_OUTPUTS] if judged != {None} and name not in judged]
    why += f" Nothing to judge for {shown(silent)}: all rows have about the same prediction." if silent else ""
    return (
        f'{head}<p class="small">{text(why)}</p>\n'
        f'<div class="figures">{"".join(diagnosis(content, one, told) for one, told in zip(found, first, strict=True))}'
        "</div></section>\n"
    )


def diagnosis(content: Content, one: Diagnosis, told: bool) -> str:
    """The numbers to read first, the picture, and the same as a table (unfolded where there is no picture).

    ``told``: with the sentence that says how to read it.
    """
    facts = "".join(f"<div><dt>{text(head)}</dt><dd>{text(said)}</dd></div>" for head, said in one.words)
    drawn = one.draw(what(content.model))
    wide = "" if drawn else " class=wide"
    caption = f"<figcaption>{text(one.caption)}</figcaption>" if told else ""
    label = f'tabindex="0" role="region" aria-label="Table: {text(one.title)}"'
    table = f'<div class="scroll" {label}>{plain_table(*one.table)}</div>'
    table = f"<details><summary>As a table</summary>{table}</details>" if drawn else table
    return f'<figure{wide}><h3>{text(one.title)}</h3><dl class="at">{facts}</dl>{drawn}{caption}{table}</figure>\n'


def geometry(content: Content) -> str:
    """Why a coefficient is exactly zero, or shrunk: two of the user's own."""
    found = content.known.touching
    if found is None:
        return ""
    family = content.model.family
    near = "" if family == "gaussian" else " Contours are drawn to second order."
    a, b = (text(name_of(name)) for name in found.names)
    unit = "Coefficients per standard deviation" if content.model.options.get("standardize", True) else "Coefficients"
    return (
        '<section aria-labelledby="h-geometry"><h2 id="h-geometry">Why zero is exact</h2>\n'
        f'<div class="figures"><figure>{touching.draw(found)}</figure><div><p>{text(touching.sentence(found))}</p>'
        f'<p class="small">Two coefficients of this model, {a} (across) and {b} (up), all others held where they are. '
        "Ellipses join models of equal loss; the shaded shape holds those with no more penalty than the chosen one. "
        f"{unit}.{near}</p></div></div></section>\n"
    )
