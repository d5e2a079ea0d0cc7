"""What a reader should know before believing the page, each with what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riata.doctor.checks import ROWS_A_FOLD, TWINS
from riata.doctor.report import Finding
from riata.table.words import count, shown

if TYPE_CHECKING:
    from riata.report.content import Content

SEPARATED = 0.9  # of the deviance explained by a model of classes


def advice(content: Content) -> list[Finding]:
    """Every finding; the warnings of the fit itself are sentences of their own."""
    return [found for check in (few_rows, at_the_end, empty, separable, twins) if (found := check(content)) is not None]


def few_rows(content: Content) -> Finding | None:
    cv, n = content.model.cv, content.model.data["n_samples"]
    a_fold = n * cv["n_repeats"] / cv["n_folds"]
    if a_fold >= ROWS_A_FOLD:
        return None
    what = f"{count(n, 'row')} make folds of {a_fold:.1f}: held-out errors depend on the folds."
    do = "repeats=10 averages over other folds." if cv["n_repeats"] == 1 else "believe 1se rather than min."
    return Finding("few rows", what, do, a_fold)


def at_the_end(content: Content) -> Finding | None:
    last = len(content.lams) - 1
    warned = any("beyond the grid" in sentence for sentence in content.known.warnings)
    if content.index < last or last == 0 or content.rule == "given" or warned:
        return None
    what = f"The chosen λ is the smallest of the grid ({content.lams[-1]:.3g}): a better one may lie below."
    return Finding("end of the grid", what, "lower lam_min_ratio.", last)


def empty(content: Content) -> Finding | None:
    best = content.choices.get("min")
    if content.features or best is None or not best["n_features"] or content.rule == "min":
        return None
    what = f"The rule {content.rule} selects nothing, while min selects {count(best['n_features'], 'feature')}."
    return Finding("empty model", what, 'rule="min" if prediction counts; more rows if selection does.', 0)


def separable(content: Content) -> Finding | None:
    share = content.model.path["dev_ratio"][content.index]
    if content.model.family not in ("binomial", "multinomial") or not share > SEPARATED:
        return None
    what = f"Coefficients all but separate the classes ({100 * share:.0f} % of the deviance): their size is set by λ."
    return Finding("separable classes", what, "read signs and ranks, not sizes; look for a leak of the target.", share)


def twins(content: Content) -> Finding | None:
    chosen = set(content.features)
    near = [
        (abs(r), name, other)
        for name in content.features
        for other, r in content.known.similar.get(name, {"named": []})["named"]
        if other not in chosen and abs(r) >= TWINS
    ]
    if not near:
        return None
    named = len({name for _, name, _ in near})
    pairs = shown([f"{name} ~ {other} ({r:.3f})" for r, name, other in sorted(near, key=lambda one: -one[0])])
    what = f"{count(named, 'selected feature')} could be swapped for a twin that stayed out: {pairs}."
    return Finding("twins", what, "read each pair as one; l1_ratio=0.5 keeps both.", max(near)[0])
