"""The cross-validated error over λ, with its standard error and the λ that the rules choose."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.results import CVResult
from riata.plot import axes
from riata.plot.draw import draw
from riata.scores import scores


def cv_curve(
    cv: CVResult, *, rules: tuple[str, ...] = ("1se", "min"), folds: bool = False, null: float | None = None,
    ax: Any = None,
) -> Any:  # fmt: skip
    """Mean held-out error (or score) with ± one standard error at every λ.

    Parameters
    ----------
    cv : CVResult
    rules : choices of λ to mark
    folds : draw each fold's own curve, faint, as well
    null : held-out error of the model without features, drawn as a dashed line
    ax : axes to draw on

    Returns
    -------
    matplotlib axes; the axis on top counts the non-zero features of the fit on all rows
    """
    ax = axes.new(ax)
    ax.margins(y=0.08)
    x = axes.lam_axis(ax, cv.lams)
    if folds:
        ax.plot(x, cv.loss, color=axes.FAINT, lw=0.6, zorder=1)
    ax.errorbar(x, cv.cvm, yerr=np.nan_to_num(cv.cvse), fmt="o", ms=3, lw=0, elinewidth=0.8, capsize=1.5,
                color=axes.colour(1), ecolor=axes.FAINT, zorder=2)  # fmt: skip
    if null is not None and np.isfinite(null):
        ax.axhline(null, color=axes.RULE, lw=0.8, ls="--", zorder=1)
        ax.annotate("without features", (1, null), xycoords=ax.get_yaxis_transform(), xytext=(-3, 2),
                    textcoords="offset points", ha="right", va="bottom", fontsize="small", color=axes.RULE)  # fmt: skip
    n_folds, repeats = cv.loss.shape[1], np.atleast_2d(cv.foldid).shape[0]
    times = f", {repeats} times" if repeats > 1 else ""
    ax.set_ylabel(f"{words(cv)}\n({n_folds // repeats}-fold cross-validation{times})")
    axes.counts_on_top(ax, x, cv.path.df)
    axes.rules(ax, {rule: float(x[cv.index(rule)]) for rule in rules if rule in cv.rules})
    return ax


def words(cv: CVResult) -> str:
    """What was measured on held-out rows."""
    known = scores()
    return known[cv.measure].words if cv.measure in known else cv.measure


@draw.register
def _(result: CVResult, ax: Any = None, **options: Any) -> Any:
    return cv_curve(result, ax=ax, **options)
