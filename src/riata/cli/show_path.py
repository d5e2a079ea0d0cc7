"""A path on the screen, as JSON and as a long table: what enters and leaves as λ goes down, and how exact it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from riata.cli.fitting import Found
from riata.cli.screen import Screen
from riata.core.results import Path
from riata.model.files import plain
from riata.select.options import describe
from riata.select.selection import data_record
from riata.select.summary import ROWS, certified, number, plain_table
from riata.table.words import count, shown

HEAD = ("lambda", "features", "deviance explained", "gap_rel", "enters (+), leaves (−)")
INTERCEPT = "(intercept)"
MOST_NAMES = 4  # in a line of the table


def path(found: Found, screen: Screen, tol: float) -> None:
    """One line for each λ at which a feature enters or leaves; --verbose shows every λ."""
    p, data = found.result, found.ready.data
    screen.result(
        f"{count(p.n_features, 'feature')}, {count(len(data.y), 'row')}, target {data.target}: "
        f"{count(len(p.lams), 'lambda')} from {number(p.lams[0])} to {number(p.lams[-1])}"
        f"{' (the path ended early)' if p.early_stopped else ''}. At the last, "
        f"{count(int(p.df[-1]), 'feature')} {'explains' if p.df[-1] == 1 else 'explain'} "
        f"{100 * p.dev_ratio[-1]:.1f} % of the deviance.\n"
    )
    at = range(len(p.lams)) if screen.verbose else worth_showing(p)
    head = HEAD if p.stationarity is None else tuple("stationarity" if word == "gap_rel" else word for word in HEAD)
    screen.table(head, [_line(step) for step in steps(p, at)], plain_table, left=(0, 4))
    if len(at) < len(p.lams):
        screen.result(f"  … of {len(p.lams)} lambdas (--verbose shows them all)")
    largest = float(p.certificate.max())
    screen.result("\n" + certified(largest, tol, f"{len(p.lams)} lambdas", p.stationarity is not None))


def worth_showing(p: Path, most: int = ROWS) -> list[int]:
    """Positions of λ at which the support is another one than before, the ends among them; evenly fewer where many."""
    on = _support(p)
    moved = [k for k in range(1, len(p.lams)) if (on[:, k] != on[:, k - 1]).any()]
    keep = sorted({0, *moved, len(p.lams) - 1})
    return keep if len(keep) <= most else [keep[i] for i in np.linspace(0, len(keep) - 1, most).round().astype(int)]


def steps(p: Path, at: Sequence[int]) -> list[dict[str, Any]]:
    """What each of these λ has, and what entered and left since the one before in the list."""
    on, out = _support(p), []
    names = [p.feature_names[j] for j in p.active]
    before = np.zeros(len(names), bool)
    for k in at:
        now = on[:, k]
        out.append(
            {
                "lambda": float(p.lams[k]),
                "n_features": int(p.df[k]),
                "dev_ratio": float(p.dev_ratio[k]),
                "certificate": float(p.certificate[k]),
                "intercept": p.intercept[..., k].tolist(),
                "enters": [names[i] for i in np.flatnonzero(now & ~before)],
                "leaves": [names[i] for i in np.flatnonzero(before & ~now)],
            }
        )
        before = now
    return out


def _support(p: Path) -> Any:
    """(n_active, n_lams) whether a feature has a coefficient other than 0."""
    on = p.coef_active != 0
    return on if p.outputs is None else on.any(axis=1)


def _line(step: dict[str, Any]) -> list[str]:
    moves = [f"+{name}" for name in step["enters"]] + [f"−{name}" for name in step["leaves"]]
    return [
        number(step["lambda"]), f"{step['n_features']:,}", f"{100 * step['dev_ratio']:.1f} %",
        f"{step['certificate']:.0e}", shown(moves, MOST_NAMES),
    ]  # fmt: skip


def long_form(found: Found) -> dict[str, list[Any]]:
    """Columns lambda, feature, (output,) coef, coef_per_sd: at each λ the intercept, then what is not zero."""
    p = found.result
    frame = p.to_frame()
    if not found.ready.has_intercept:
        return frame
    outputs = [None] if p.outputs is None else list(p.outputs)
    values = np.atleast_2d(p.intercept)
    first: dict[str, list[Any]] = {name: [] for name in frame}
    for k, lam in enumerate(p.lams.tolist()):
        for row, name in zip(values, outputs, strict=True):
            cells = {"lambda": lam, "feature": INTERCEPT, "output": name, "coef": float(row[k]), "coef_per_sd": None}
            for key in frame:
                first[key].append(cells[key])
    both = {key: first[key] + frame[key] for key in frame}
    order = sorted(range(len(both["lambda"])), key=lambda i: -both["lambda"][i])  # stable: the intercept stays first
    return {key: [values[i] for i in order] for key, values in both.items()}


def as_json(found: Found, output: str | None) -> dict[str, Any]:
    """The result for machines. ``schema`` names the version; numbers that do not exist are null."""
    p, got = found.result, found.ready
    return plain(
        {
            "schema": {"name": "riata.path", "version": 1},
            "family": got.options.family,
            "data": data_record(got.data, found.table.label),
            "outputs": p.outputs,
            "path": steps(p, range(len(p.lams))),
            "coefficients": p.to_frame(),
            "certificate": {
                "kind": p.measure_of_error,
                "largest": float(p.certificate.max()),
                "tol": got.options.tol,
                "status": str(p.status),
            },
            "notes": got.data.notes,
            "warnings": found.warnings,
            "options": describe(got.options),
            "output": output,
        }
    )
