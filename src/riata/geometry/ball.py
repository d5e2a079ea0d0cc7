"""Unit balls {w : R(w) ≤ 1} of penalties: a corner or an edge of the ball is where coefficients are zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from riata.core.errors import InvalidOption, did_you_mean
from riata.core.problem import Floats
from riata.plot import axes

ROUNDS = 60  # halvings of an interval: to the last digit

# R(w) for w of shape (..., d), each with the question that its option answers
BALLS: dict[str, tuple[Callable[[Floats, float], Floats], float, str]] = {
    "l1": (lambda w, _: np.abs(w).sum(-1), 0.0, "lasso ‖w‖₁"),
    "l2": (lambda w, _: np.sqrt((w * w).sum(-1)), 0.0, "ridge ‖w‖₂"),
    "elastic_net": (lambda w, a: a * np.abs(w).sum(-1) + 0.5 * (1 - a) * (w * w).sum(-1), 0.5, "elastic net"),
    "lq": (lambda w, q: (np.abs(w) ** q).sum(-1) ** (1 / q), 0.5, "bridge ℓq"),
    "group": (lambda w, _: np.hypot(w[..., 0], w[..., 1]) + np.abs(w[..., 2:]).sum(-1), 0.0, "group lasso {1,2},{3}"),
    "slope": (lambda w, r: slope(w, r), 0.5, "SLOPE (sorted ℓ1)"),
}


def slope(w: Floats, ratio: float) -> Floats:
    """Σ λᵢ |w|₍ᵢ₎ with |w| in falling order and λ = 1, ratio, ratio², … (Bogdan et al. 2015)."""
    size = np.sort(np.abs(w), axis=-1)[..., ::-1]
    return np.asarray(size @ ratio ** np.arange(w.shape[-1]))


def boundary(kind: str, directions: Floats, option: float | None = None) -> Floats:
    """(…, d) points with R(w) = 1 along unit ``directions`` (…, d), by bisection: R grows along every ray."""
    if kind not in BALLS:
        raise InvalidOption(f"There is no ball {kind!r}.", expected=" or ".join(BALLS), got=kind,
                            hint=did_you_mean(kind, BALLS))  # fmt: skip
    measure, default, _ = BALLS[kind]
    extra = default if option is None else float(option)
    low = np.zeros(directions.shape[:-1])
    high = np.full(low.shape, 4.0 * directions.shape[-1])
    for _ in range(ROUNDS):
        middle = 0.5 * (low + high)
        outside = measure(middle[..., None] * directions, extra) > 1
        low, high = np.where(outside, low, middle), np.where(outside, middle, high)
    return np.asarray(0.5 * (low + high)[..., None] * directions)


def ball(kind: str = "l1", *, dim: int = 2, option: float | None = None, ax: Any = None) -> Any:
    """The unit ball of a penalty.

    Parameters
    ----------
    kind : "l1", "l2", "elastic_net" (option: l1_ratio), "lq" (option: q), "group" (in three dimensions the first two
        coefficients form a group) or "slope" (option: ratio of neighbouring weights)
    dim : 2 or 3
    option : the number that a kind asks for; by default 0.5
    ax : axes to draw on (3-D ones for ``dim=3``)

    Returns
    -------
    matplotlib axes
    """
    if dim not in (2, 3):
        raise InvalidOption("A ball can be drawn in 2 or 3 dimensions.", got=dim)
    # corners lie where coordinates vanish or tie: the angles meet them exactly
    around = np.linspace(-np.pi, np.pi, 8 * 45 + 1)
    if dim == 2:
        points = boundary(kind, np.stack([np.cos(around), np.sin(around)], -1), option)
        ax = axes.new(ax, 4.5, 4.5)
        ax.fill(*points.T, color=axes.colour(5), alpha=0.35)
        ax.plot(*points.T, color=axes.colour(0), lw=1.4)
        for draw in (ax.axhline, ax.axvline):
            draw(0, color="black", lw=0.6)
    else:
        up = np.linspace(-np.pi / 2, np.pi / 2, 4 * 45 + 1)[:, None]
        unit = np.stack(np.broadcast_arrays(np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)), -1)
        points = boundary(kind, unit, option)
        ax = three(ax)
        ax.plot_surface(*np.moveaxis(points, -1, 0), color=axes.colour(5), rcount=91, ccount=121, linewidth=0)
        ax.set_zlabel("w₃")
    ax.set_aspect("equal")
    if dim == 3:
        ax.set_box_aspect((1, 1, 1), zoom=0.8)  # room for the words of all three axes
    ends = np.floor(points.max() + 1e-9) or float(points.max())  # few, so that the words of three axes do not meet
    for axis in "xyz"[:dim]:
        getattr(ax, f"set_{axis}ticks")([-ends, 0, ends])
    ax.set(xlabel="w₁", ylabel="w₂", title=BALLS[kind][2])
    return ax


def three(ax: Any) -> Any:
    """Axes in three dimensions."""
    if ax is not None:
        return ax
    figure = axes.new(None, 5, 5).get_figure()
    figure.clear()
    return figure.add_subplot(projection="3d")
