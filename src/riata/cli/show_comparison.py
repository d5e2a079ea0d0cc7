"""Models side by side on the screen and as JSON: features, held-out error, and whether a difference is one."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import stdtrit

from riata import scores
from riata.cli.fitting import Found
from riata.cli.screen import Screen
from riata.model.files import plain
from riata.select.compare import Comparison, repeats
from riata.select.options import describe
from riata.select.selection import choice, data_record
from riata.select.summary import certified, number, plain_table
from riata.table.words import count

RULES = ("min", "1se")


def comparison(found: Found, screen: Screen) -> None:
    """The verdict, then each model at its best λ and at the sparsest within one standard error."""
    made, tol = found.result, found.ready.options.tol
    screen.result(verdict(found) + "\n")
    rows = [
        [name, rule, number(c["lam"]), f"{c['n_features']:,}", number(c["loss"]), number(c["se"], 3)]
        for name, rule, c in choices(made)
    ]
    screen.table(("model", "rule", "lambda", "features", f"CV {measure(made)}", "± SE"), rows, plain_table, left=(0, 1))
    largest = max(made.largest_gap(name) for name in made.fits)
    screen.result("\n" + certified(largest, tol, "all models, lambdas and folds"))


def measure(made: Comparison) -> str:
    """The name of the score."""
    return next(iter(made.fits.values())).measure


def choices(made: Comparison) -> list[tuple[str, str, dict[str, Any]]]:
    """(model, rule, what its λ costs and gives)."""
    return [(name, rule, choice(cv, cv.index(rule))) for name, cv in made.fits.items() for rule in RULES]


def verdict(found: Found) -> str:
    """Which model predicts best, and how far behind the others are, in standard errors of the difference."""
    made, data = found.result, found.ready.data
    cv = made.fits[made.best]
    words, k = scores.scores()[cv.measure].words, int(np.nanargmin(cv.risk))
    sure = stdtrit(cv.loss.shape[1] // repeats(cv) - 1, 0.975)  # of so many folds; two or three tell little
    sentences = [
        f"{data.target}, {count(len(data.y), 'row')}: the best held-out {words} is that of {made.best}, "
        f"{number(cv.cvm[k])} with {cv.path.df[k]:,} of {count(cv.path.n_features, 'feature')}."
    ]
    for name in made.fits:
        if name == made.best:
            continue
        away, se = made.behind(name)
        df = made.fits[name].path.df[int(np.nanargmin(made.fits[name].risk))]
        clear = "" if away > sure * se else ": no clear difference"
        sentences.append(
            f"{name}, with {count(int(df), 'feature')}, is {number(away, 3)} ± {number(se, 2)} behind{clear}."
        )
    return "\n".join(sentences)


def as_json(found: Found) -> dict[str, Any]:
    """The result for machines. ``schema`` names the version; numbers that do not exist are null."""
    made, got = found.result, found.ready
    models: dict[str, Any] = {}
    for name, cv in made.fits.items():
        away, se = made.behind(name)
        models[name] = {
            "l1_ratio": cv.path.l1_ratio,
            "choices": {rule: choice(cv, cv.index(rule)) for rule in RULES},
            "behind": away,
            "behind_se": se,
            "largest_gap_rel": made.largest_gap(name),
        }
    return plain(
        {
            "schema": {"name": "riata.compare", "version": 1},
            "family": got.options.family,
            "data": data_record(got.data, found.table.label),
            "measure": measure(made),
            "best": made.best,
            "models": models,
            "curves": made.to_frame(),
            "notes": got.data.notes,
            "warnings": found.warnings,
            "options": describe(got.options),
        }
    )
