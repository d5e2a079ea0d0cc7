"""Calibration of probabilities: of the rows that were given 30 %, how many were so?"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from riata.core.problem import Floats
from riata.report.held_out import HeldOut, bins, mean
from riata.report.panel import Panel
from riata.select.summary import number

ORDER = 3
TITLE = "Calibration"
CAPTION = (
    "Share observed (with a 95 % interval) among rows of about the same predicted probability; dashes are perfect. "
    "A slope above 1 means that the probabilities are too timid, as the lasso's shrinking makes them."
)
FAMILIES = ("binomial",)
Z = 1.959963984540054


def numbers(held: HeldOut) -> dict[str, Any] | None:
    """Brier score and its value without features; slope; by bin the mean probability, the share and its interval."""
    y, chance, s = held.y, held.mean, held.weight
    parts = bins(held.eta, s)
    base = mean(y, s)
    if len(parts) < 2 or not 0 < base < 1:
        return None
    shares = [mean(y[at], s[at]) for at in parts]
    ends = [wilson(share, held.size(at)) for share, at in zip(shares, parts, strict=True)]
    return {
        "brier": mean(y * (1 - chance) ** 2 + (1 - y) * chance**2, s),
        "brier_null": base * (1 - base),
        "slope": slope(held.eta, y, s),
        "predicted": [mean(chance[at], s[at]) for at in parts],
        "observed": shares,
        "low": [low for low, _ in ends],
        "high": [high for _, high in ends],
    }


def wilson(share: float, n: float) -> tuple[float, float]:
    """The score interval of a proportion (Wilson 1927)."""
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * (share * (1 - share) / n + Z * Z / (4 * n * n)) ** 0.5
    return min(max(middle - half, 0.0), share), max(min(middle + half, 1.0), share)  # whatever the last bit says


def slope(eta: Floats, y: Floats, s: Floats) -> float | None:
    """b of logit P(y) = a + b·η, by Newton's method (Cox 1958); None where no finite b is best."""
    A, w = np.column_stack([np.ones(len(eta)), eta]), np.array([0.0, 1.0])
    s = s / s.sum()
    for _ in range(50):
        p = expit(A @ w)
        curve = A.T @ ((s * p * (1 - p))[:, None] * A)
        if not np.isfinite(curve).all() or np.linalg.cond(curve) > 1e12:
            return None
        step = np.linalg.solve(curve, A.T @ (s * (y - p)))
        w = w + step
        if np.abs(step).max() < 1e-10 * (1 + np.abs(w).max()):
            return float(w[1])
    return None


def draw(values: dict[str, Any], target: str) -> str:
    panel = Panel(0.0, 1.0, 0.0, 1.0)
    xs, ys = values["predicted"], values["observed"]
    body = panel.diagonal() + panel.bars(xs, values["low"], values["high"])
    body += panel.line(xs, ys, class_="means") + panel.dots(xs, ys)
    title = f"{TITLE}: {'; '.join(f'{head} {text}' for head, text in words(values))}."
    return panel.picture(title, body + panel.axes("predicted probability", f"observed share of {target}", (True, True)))


def table(values: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    columns = zip(*(values[key] for key in ("predicted", "observed", "low", "high")), strict=True)
    return ["predicted", "observed", "from", "to"], [[f"{100 * v:.1f} %" for v in line] for line in columns]


def words(values: dict[str, Any]) -> list[tuple[str, str]]:
    found = values["slope"]
    return [
        ("Brier score", number(values["brier"], 3)),
        ("without features", number(values["brier_null"], 3)),
        ("slope", "–" if found is None else f"{found:.2f}".replace("-", "−")),
    ]
