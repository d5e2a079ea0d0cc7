"""A selection: its path, with the chosen features in colour and the λ of the rules."""

from __future__ import annotations

from typing import Any

from riata.plot.coef_path import coef_path
from riata.plot.draw import draw
from riata.select.selection import Selection

MARKED: tuple[str, ...] = ("1se", "min")


def selected(selection: Selection, *, most: int = 12, ax: Any = None, **options: Any) -> Any:
    """The path of a selection: features chosen at its λ in colour and named, dotted lines at λ of each rule.

    Parameters
    ----------
    selection : Selection
    most : how many features to name
    ax : axes to draw on
    options : as of :func:`riata.plot.coef_path` (x, units, output)

    Returns
    -------
    matplotlib axes
    """
    marks: dict[str, float] = {word: selection.cv.lam(word) for word in MARKED if word in selection.cv.rules}
    if selection.rule not in marks:
        marks[selection.rule] = selection.lam
    return coef_path(selection.path, features=selection.features[:most], marks=marks, ax=ax, **options)


@draw.register
def _(result: Selection, ax: Any = None, **options: Any) -> Any:
    return selected(result, ax=ax, **options)
