"""Counts: expected and observed by tenths of the expected, and whether they vary more than Poisson counts."""

from __future__ import annotations

from typing import Any

from riata.report.held_out import HeldOut, bins, mean
from riata.report.panel import Panel, around
from riata.select.summary import number

ORDER = 6
TITLE = "Expected and observed counts"
CAPTION = (
    "Observed over expected, ± two standard errors, of rows with about the same expected count. A dispersion well "
    "above 1 means that counts vary more than Poisson's."
)
FAMILIES = ("poisson",)


def numbers(held: HeldOut) -> dict[str, Any] | None:
    """Pearson's dispersion Σ (y − μ)²/μ / n; by bin the mean of μ, of y, and the standard error of the latter."""
    y, mu, s = held.y, held.mean, held.weight
    parts = bins(held.eta, s)
    if len(parts) < 2:
        return None
    means = [mean(y[at], s[at]) for at in parts]
    spread = [mean((y[at] - m) ** 2, s[at]) for at, m in zip(parts, means, strict=True)]
    return {
        "dispersion": mean((y - mu) ** 2 / mu, s),
        "expected": [mean(mu[at], s[at]) for at in parts],
        "observed": means,
        "se": [(v / max(held.size(at) - 1, 1)) ** 0.5 for v, at in zip(spread, parts, strict=True)],
    }


def draw(values: dict[str, Any], target: str) -> str:
    """The ratios: a mean of 100 and one of 0.1 have their place in one picture."""
    rows = list(zip(values["expected"], values["observed"], values["se"], strict=True))
    xs, ratio = [k + 1.0 for k in range(len(rows))], [y / mu for mu, y, _ in rows]
    low, high = ([max(y + side * se, 0.0) / mu for mu, y, se in rows] for side in (-2, 2))
    panel = Panel(0.4, len(xs) + 0.6, *around(low, high, [1.0]))
    one = panel.line([panel.left, panel.right], [1.0, 1.0], class_="null")
    body = one + panel.bars(xs, low, high) + panel.dots(xs, ratio)
    title = f"{TITLE}: {'; '.join(f'{head} {text}' for head, text in words(values))}."
    names = [number(mu, 2) for mu in values["expected"]]
    return panel.picture(title, body + panel.axes("mean expected, out of fold", f"{target}: observed / expected",
                                                  names=names))  # fmt: skip


def table(values: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    columns = zip(values["expected"], values["observed"], values["se"], strict=True)
    return ["expected", "observed", "± SE"], [[number(a, 4), number(b, 4), number(c, 2)] for a, b, c in columns]


def words(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [("dispersion (1: Poisson)", number(values["dispersion"], 3))]
