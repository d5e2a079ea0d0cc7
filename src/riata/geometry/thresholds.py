"""What each penalty does to one coefficient: the proximal maps side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.errors import InvalidOption
from riata.core.problem import Floats
from riata.penalties import find
from riata.plot import axes

WORDS = {"soft": "soft (lasso)", "ridge": "ridge", "hard": "hard (best subset)", "mcp": "MCP, γ = 3",
         "scad": "SCAD, γ = 3.7"}  # fmt: skip


def shrunk(kind: str, z: Floats, lam: float) -> Floats:
    """argmin over u of ½(u − z)² + p(|u|; λ), the coefficient that least squares would set to z."""
    if kind == "soft":
        return np.asarray(np.sign(z) * np.maximum(np.abs(z) - lam, 0.0))
    if kind == "ridge":  # p = ½λu²
        return z / (1.0 + lam)
    if kind == "hard":  # p = ½λ² where u ≠ 0
        return np.where(np.abs(z) > lam, z, 0.0)
    if kind not in WORDS:
        raise InvalidOption(f"There is no threshold {kind!r}.", expected=" or ".join(WORDS), got=kind)
    return np.asarray(find(kind)().prox(z, np.full_like(z, lam)))  # type: ignore[attr-defined]


def thresholds(kinds: tuple[str, ...] = tuple(WORDS), *, lam: float = 1.0, ax: Any = None) -> Any:
    """Estimate against least-squares estimate, for orthonormal features.

    Parameters
    ----------
    kinds : which of "soft", "ridge", "hard", "mcp", "scad"
    lam : λ > 0
    ax : axes to draw on

    Returns
    -------
    matplotlib axes

    References
    ----------
    Fan & Li (2001), J. Amer. Statist. Assoc. 96, figure 2; Zhang (2010), Ann. Statist. 38.
    """
    if not lam > 0:
        raise InvalidOption("lam must be a number > 0.", got=lam)
    z = np.linspace(-5 * lam, 5 * lam, 4001)
    curves = {kind: shrunk(kind, z, lam) for kind in kinds}
    ax = axes.new(ax, 5.5, 5)
    ax.plot(z, z, color=axes.FAINT, lw=1, ls="--", label="no penalty")
    for i, (kind, value) in enumerate(curves.items()):
        jumps = np.abs(np.diff(value)) > 20 * (z[1] - z[0])
        ax.plot(z, np.where(np.append(jumps, False), np.nan, value), color=axes.colour(i), lw=1.6, label=WORDS[kind])
    for side in (-lam, lam):
        ax.axvline(side, color=axes.RULE, lw=0.8, ls=":")
    ax.set(xlabel=f"least-squares coefficient (dotted: ±λ = ±{lam:g})", ylabel="penalised coefficient")
    ax.legend(frameon=False)
    return ax
