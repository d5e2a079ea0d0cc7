"""The marginal false discovery rate along the path."""

from __future__ import annotations

from typing import Any

from riata.inference.mfdr import MFDR
from riata.plot import axes
from riata.plot.draw import draw


def error_rates(found: MFDR, *, ax: Any = None) -> Any:
    """Share of the selected features that chance would have picked, at every λ, with the level that was asked for.

    Parameters
    ----------
    found : MFDR
    ax : axes to draw on

    Returns
    -------
    matplotlib axes; the axis on top counts the selected features
    """
    ax = axes.new(ax)
    x = axes.lam_axis(ax, found.lams)
    ax.step(x, found.rate, where="mid", color=axes.colour(0), lw=1.6)
    ax.axhline(found.level, color=axes.RULE, lw=0.8, ls="--")
    ax.set_ylim(-0.02, 1.05)
    ax.set_ylabel(f"expected share of false selections\n(mFDR; dashed: {found.level:g})")
    axes.counts_on_top(ax, x, found.n_selected)
    if x.min() <= found.lam <= x.max():
        axes.rules(ax, {f"mFDR ≤ {found.level:g}": found.lam}, top=True)
    return ax


@draw.register
def _(result: MFDR, ax: Any = None, **options: Any) -> Any:
    return error_rates(result, ax=ax, **options)
