"""Lasso, elastic net and ridge side by side: what each costs in features and gives in held-out error."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.results import CVResult
from riata.plot import axes
from riata.plot.cv_curve import words
from riata.plot.draw import draw
from riata.select.compare import Comparison


def side_by_side(found: Comparison, *, ax: Any = None) -> Any:
    """The lowest held-out error of each model for every number of features that it uses, on the same folds.

    Ridge keeps all features at every λ: it is a line at its best error. Error bars are one standard error.

    Parameters
    ----------
    found : Comparison
    ax : axes to draw on

    Returns
    -------
    matplotlib axes
    """
    ax = axes.new(ax)
    for i, (name, cv) in enumerate(found.fits.items()):
        df, best = cv.path.df, int(np.nanargmin(cv.risk))
        shade, least = axes.colour(i), cv.cvm[best]
        if cv.path.l1_ratio == 0:
            ax.axhline(least, color=shade, lw=1.4, ls="--", label=f"{name}: all {df[best]} features")
            ax.axhspan(least - cv.cvse[best], least + cv.cvse[best], color=shade, alpha=0.1, lw=0)
            continue
        sizes = np.unique(df)
        lowest = [np.nanmin(np.where(df == k, cv.risk, np.nan)) for k in sizes]
        ax.plot(sizes, -np.array(lowest) if cv.larger else lowest, color=shade, lw=1.4, label=name)
        ax.errorbar([df[best]], [least], yerr=[cv.cvse[best]], fmt="o", color=shade, capsize=3)
    ax.set_xlabel("number of features")
    ax.xaxis.get_major_locator().set_params(integer=True)
    first = next(iter(found.fits.values()))
    ax.set_ylabel(f"{words(first)}, held out")
    focus(ax, list(found.fits.values()))
    ax.legend(frameon=False)
    return ax


def focus(ax: Any, fits: list[CVResult]) -> None:
    """End the axis a little beyond the worst of the emptiest models: what overfits worse than those leaves the picture.

    A long path ends in models that fit the noise, and their errors would press all others into a line.
    """
    sign = -1.0 if fits[0].larger else 1.0
    edge = max(sign * (cv.cvm[int(np.argmax(cv.lams))]) for cv in fits)
    kept = max(edge, *(sign * cv.cvm[i] + cv.cvse[i] for cv in fits for i in [int(np.nanargmin(cv.risk))]))
    best = min(float(np.nanmin(cv.risk)) for cv in fits)
    end = sign * (kept + 0.15 * (kept - best))
    low, high = ax.get_ylim()
    if np.isfinite(end):
        ax.set_ylim(*((max(low, end), high) if fits[0].larger else (low, min(high, end))))


@draw.register
def _(result: Comparison, ax: Any = None, **options: Any) -> Any:
    return side_by_side(result, ax=ax, **options)
