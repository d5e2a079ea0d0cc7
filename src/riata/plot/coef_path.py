"""The coefficients along the path, against λ, their own length, or the deviance explained."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.errors import InvalidOption
from riata.core.results import Floats, Path
from riata.plot import axes
from riata.plot.draw import draw
from riata.plot.labels import end_labels, short

X_AXES = ("lambda", "norm", "deviance")
UNITS = {"sd": "coefficient per standard deviation", "original": "coefficient in the units of the data"}


def coef_path(
    path: Path,
    *,
    x: str = "lambda",
    units: str = "sd",
    features: list[str] | None = None,
    output: str | None = None,
    marks: dict[str, float] | None = None,
    most: int = 12,
    ax: Any = None,
) -> Any:
    """Coefficients along a path: the named ones in colour with their names at the end, all others faint behind.

    Parameters
    ----------
    path : Path
    x : "lambda" (log scale, the empty model on the left), "norm" (‖w‖₁) or "deviance" (fraction explained)
    units : "sd" (change of the prediction for one standard deviation of the feature) or "original"
    features : names to label; by default those with the largest |coefficient per standard deviation| on the path
    output : of several outputs (classes, targets) the one to draw; by default the length of each feature's row
    marks : word -> λ, drawn as dotted lines (``{"min": cv.lam("min")}``)
    most : how many to name where ``features`` does not say
    ax : axes to draw on

    Returns
    -------
    matplotlib axes; the axis on top counts the non-zero features

    References
    ----------
    Efron, Hastie, Johnstone & Tibshirani (2004), Ann. Statist. 32, figure 1.
    """
    if x not in X_AXES or units not in UNITS:
        raise InvalidOption(
            "There is no such axis.", expected=f"x in {X_AXES}, units in {tuple(UNITS)}", got=(x, units)
        )
    values, ylabel = heights(path, units, output)
    named = chosen(path, features, most, output)
    ax = axes.new(ax)
    places = horizontal(ax, path, x, heights(path, "sd", output)[0])
    draw_lines(ax, places, values, named)
    ax.set_ylabel(ylabel, parse_math=False)
    ax.axhline(0, color="black", lw=0.6, zorder=0)
    axes.counts_on_top(ax, places, path.df)
    if marks:
        axes.rules(ax, {word: float(np.interp(-lam, -path.lams, places)) for word, lam in marks.items()})
    names = [path.feature_names[path.active[i]] for i in named]
    end_labels(ax, names, values[named, -1], [axes.colour(k) for k in range(len(named))])
    return ax


def heights(path: Path, units: str, output: str | None) -> tuple[Floats, str]:
    """(n_active, n_lams) values to draw and the words of their axis."""
    scale = path.scale[path.active] if units == "sd" else np.ones(len(path.active))
    values = path.coef_active * scale.reshape(-1, *[1] * (path.coef_active.ndim - 1))
    if path.outputs is None:
        return values, UNITS[units]
    if output is None:
        return np.linalg.norm(values, axis=1), f"length of a feature's row of outputs\n({UNITS[units]})"
    if output not in path.outputs:
        raise InvalidOption(f"There is no output {output!r}.", expected=" or ".join(path.outputs), got=output)
    return values[:, path.outputs.index(output)], f"{UNITS[units]},\noutput {short(output)}"


def chosen(path: Path, features: list[str] | None, most: int, output: str | None = None) -> list[int]:
    """Rows of ``coef_active`` to name, the most important first; those that are zero in what is drawn are not named."""
    size = np.abs(heights(path, "sd", output)[0]).max(axis=1, initial=0.0)
    if features is not None:
        row = {path.feature_names[j]: i for i, j in enumerate(path.active)}
        unknown = [name for name in features if name not in set(path.feature_names)]
        if unknown:
            raise InvalidOption(f"There is no feature {unknown[0]!r} in this path.", got=unknown[0])
        return [row[name] for name in features if name in row and size[row[name]] > 0]
    return [int(i) for i in np.argsort(-size, kind="stable")[:most] if size[i] > 0]


def horizontal(ax: Any, path: Path, x: str, values: Floats) -> Floats:
    """Places of the grid points on the x axis, which is set up and given its words."""
    if x == "lambda":
        return axes.lam_axis(ax, path.lams)
    if x == "norm":
        places = np.abs(values).sum(axis=0)
        words = "length of the coefficients, ‖w‖₁" if path.outputs is None else "sum of the lengths that are drawn"
        ax.set_xlabel(f"{words} per standard deviation")
    else:
        places = path.dev_ratio
        ax.set_xlabel("fraction of deviance explained")
    ax.set_xlim(0, max(float(places.max(initial=0.0)), 1e-12))
    return np.asarray(places, float)


def draw_lines(ax: Any, x: Floats, values: Floats, named: list[int]) -> None:
    """Faint lines for all, in one collection, and coloured ones above them."""
    others = np.setdiff1d(np.arange(len(values)), named)
    if len(others):
        ax.plot(x, values[others].T, color=axes.FAINT, lw=0.8, zorder=1, rasterized=len(others) > 300)
    for k, i in enumerate(named):
        ax.plot(x, values[i], color=axes.colour(k), lw=1.6, ls=("-", "--", ":")[k // len(axes.COLOURS) % 3], zorder=2)


@draw.register
def _(result: Path, ax: Any = None, **options: Any) -> Any:
    return coef_path(result, ax=ax, **options)
