"""The condition that keeps a coefficient at zero: its correlation with the residual stays inside ±λ."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.core.errors import InvalidOption
from riata.core.problem import Floats
from riata.path import make_problem, path
from riata.plot import axes
from riata.plot.labels import short


@dataclasses.dataclass(frozen=True, eq=False)
class Condition:
    """One coefficient along the path.

    Attributes
    ----------
    name : the feature
    lams : (n_lams,)
    correlation : (n_lams,) xⱼᵀ(y − ŷ)/n with xⱼ per standard deviation: minus the slope of the loss
    coef : (n_lams,) per standard deviation

    At the minimum correlation = λ·sign(coef) where coef ≠ 0, and |correlation| ≤ λ where it is 0.
    """

    name: str
    lams: Floats
    correlation: Floats
    coef: Floats


def condition(X: Any, y: Any, feature: Any = None) -> Condition:
    """Correlation and coefficient of a feature (name or number; by default the third to enter) along its path."""
    problem = make_problem(X, y)
    found = path(X, y, n_lams=200, tol=1e-10)
    names = found.feature_names
    if feature is None:
        order = np.argsort([np.flatnonzero(row)[0] for row in found.coef_active], kind="stable")
        j = int(found.active[order[min(2, len(order) - 1)]]) if len(order) else 0
    elif isinstance(feature, str):
        if feature not in names:
            raise InvalidOption(f"There is no feature {feature!r}.", expected=", ".join(names[:6]), got=feature)
        j = names.index(feature)
    else:
        j = int(feature)
    column = problem.design.columns(np.array([j]))[:, 0]
    sd = float(found.scale[j]) or 1.0
    fitted = np.column_stack([problem.design.dot(found.coef[:, k]) + b for k, b in enumerate(found.intercept)])
    correlation = ((column - column.mean()) / sd) @ (problem.y[:, None] - fitted) / len(problem.y)
    return Condition(names[j], found.lams, correlation, found.coef_per_sd[j])


def kkt(X: Any, y: Any, feature: Any = None, *, ax: Any = None) -> Any:
    """The correlation of one feature with the residual along the path, inside the band ±λ.

    While it is strictly inside, the coefficient is exactly zero; once it touches the edge it stays there and the
    coefficient (right axis) moves. These are the Karush–Kuhn–Tucker conditions of the lasso.

    Parameters
    ----------
    X, y : the data, as :func:`riata.path` takes them
    feature : name or number; by default the third to enter the path
    ax : axes to draw on

    Returns
    -------
    matplotlib axes

    References
    ----------
    Hastie, Tibshirani & Wainwright (2015), Statistical Learning with Sparsity, section 2.4.
    """
    found = condition(X, y, feature)
    ax = axes.new(ax)
    axes.lam_axis(ax, found.lams)
    ax.fill_between(found.lams, -found.lams, found.lams, color=axes.colour(5), alpha=0.3, lw=0, label="|gradient| ≤ λ")
    ax.plot(found.lams, found.correlation, color=axes.colour(0), lw=1.8, label="correlation with the residual")
    ax.set_ylabel(f"{short(found.name)}: xᵀ(y − ŷ)/n, per standard deviation", parse_math=False)
    ax.axhline(0, color="black", lw=0.6)
    right = ax.twinx()
    right.plot(found.lams, found.coef, color=axes.colour(1), lw=1.6, ls="--", label="coefficient (right axis)")
    right.set_ylabel("coefficient per standard deviation")
    reach = 1.1 * max(np.abs(found.coef).max(), 1e-12)
    right.set_ylim(-reach, reach)  # so that both zeros are at one height
    edge = 1.1 * float(found.lams[0])
    ax.set_ylim(-edge, edge)
    handles = [*ax.get_legend_handles_labels()[0], *right.get_legend_handles_labels()[0]]
    ax.legend(handles=handles, frameon=False, fontsize="small", ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return ax
