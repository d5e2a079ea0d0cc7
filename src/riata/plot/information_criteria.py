"""Information criteria over λ, each above its own minimum."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.errors import InvalidOption, did_you_mean
from riata.plot import axes
from riata.select import criteria

WORDS = {"aicc": "AICc", "cp": "Cp", "gcv": "n log GCV"}


def information_criteria(
    found: Any, *, which: tuple[str, ...] = ("aic", "bic", "ebic"), noise: Any = None, ax: Any = None
) -> Any:
    """Each criterion less its smallest value, at every λ; a dot where it is smallest.

    Models that are too large for a criterion (df + 2 ≥ n/2 with unknown noise) have no value there.

    Parameters
    ----------
    found : what riata.select returned, or its ``cv``
    which : names of criteria: "aic", "aicc", "bic", "ebic", "hbic", for squared error "cp" and "gcv" too
    noise : as for the rules of riata.select
    ax : axes to draw on

    Returns
    -------
    matplotlib axes; the axis on top counts the non-zero features

    Examples
    --------
    >>> import matplotlib, riata
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import load_diabetes
    >>> chosen = riata.select(*load_diabetes(return_X_y=True, as_frame=True))
    >>> riata.plot.information_criteria(chosen, which=("bic",)).get_ylabel()
    'criterion above its minimum'
    """
    cv = getattr(found, "cv", found)
    table = criteria.table(cv, noise)
    known = [name for name in table if name not in ("lambda", "df")]
    for name in which:
        if name not in known:
            raise InvalidOption(f'there is no criterion "{name}" of it.', got=name, expected=" or ".join(known),
                                hint=did_you_mean(name, known))  # fmt: skip
    ax = axes.new(ax)
    x = axes.lam_axis(ax, cv.lams)
    for k, name in enumerate(which):
        value = np.where(np.isfinite(table[name]), table[name], np.nan)
        if np.isnan(value).all():
            continue
        best = int(np.nanargmin(value))
        if name == "gcv":  # a mean square: n times its log is what the others are comparable with
            value = cv.evidence.n * np.log(value)
        ax.plot(x, value - value[best], color=axes.colour(k), lw=1.4, label=WORDS.get(name, name.upper()))
        ax.plot(x[best], 0.0, "o", color=axes.colour(k), ms=5)
    ax.set_ylabel("criterion above its minimum")
    ax.legend(frameon=False)
    axes.counts_on_top(ax, x, cv.path.df)
    return ax
