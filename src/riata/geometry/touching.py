"""The diamond and the circle: where the contours of a user's own loss touch the ball of a penalty."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.core.errors import InvalidData, InvalidOption
from riata.core.problem import Floats
from riata.path import make_problem, path
from riata.plot import axes
from riata.plot.labels import short

FINE = 400  # λ on the way from the empty model to the unpenalised one
CONTOURS = (0.25, 1.0, 2.2, 4.0, 6.5)  # losses above the minimum, over that at the touching point
CORNER = 0.75  # of the size up to which a corner touches
SHARE = 0.4  # of the unpenalised length, where no corner is met on the way
SMALL = 0.05  # of it: a smaller ball cannot be seen


@dataclasses.dataclass(frozen=True, eq=False)
class Touching:
    """Two coefficients per standard deviation, their loss and their penalty.

    Attributes
    ----------
    names : the two features
    gram : (2, 2) and centre : (2,): the loss above its minimum is ½ (w − centre)ᵀ gram (w − centre)
    l1_ratio : 1 for the diamond, 0 for the circle, between them the elastic net
    lam : the λ of the point
    point : (2,) the penalised solution at λ, where the contour touches the ball {R(w) ≤ R(point)}
    trace : (k, 2) solutions from 0 to the unpenalised one, as the ball grows
    """

    names: tuple[str, str]
    gram: Floats
    centre: Floats
    l1_ratio: float
    lam: float
    point: Floats
    trace: Floats

    def loss(self, w: Floats) -> Floats:
        """(…) loss above its minimum at w (…, 2)."""
        away = w - self.centre
        return 0.5 * np.einsum("...i,ij,...j->...", away, self.gram, away)

    def penalty(self, w: Floats) -> Floats:
        """(…) R(w) = l1_ratio ‖w‖₁ + ½(1 − l1_ratio) ‖w‖₂² at w (…, 2)."""
        return self.l1_ratio * np.abs(w).sum(-1) + 0.5 * (1 - self.l1_ratio) * (w * w).sum(-1)


def solve(X: Any, y: Any, features: Any, l1_ratio: float, share: float | None) -> Touching:
    """The two-feature problem over a fine grid, and the solution whose penalty is next to ``share`` of the largest."""
    if share is not None and not 0 < share < 1:
        raise InvalidOption("share says how large the ball is.", expected="a number between 0 and 1", got=share)
    whole = make_problem(X, y)
    names = names_of(whole)
    pair = pair_of(whole, features)
    columns = whole.design.columns(np.asarray(pair))
    sd, target = columns.std(axis=0), whole.y - whole.y.mean()
    Z = (columns - columns.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
    gram, c = Z.T @ Z / len(Z), Z.T @ target / len(Z)
    if np.linalg.cond(gram) > 1e12:
        raise InvalidData("The two features are constant or multiples of each other: their loss has no single minimum.",
                          got=[names[j] for j in pair], hint="choose two others with features=")  # fmt: skip
    lams = np.append(np.geomspace(1.0, 1e-4, FINE) * 1.001 * np.abs(c).max() / max(l1_ratio, 1e-3), 0.0)
    found = path(Z, target, lams=lams, l1_ratio=l1_ratio, standardize=False, fit_intercept=False, tol=1e-12)
    trace = found.coef.T
    result = Touching((names[pair[0]], names[pair[1]]), gram, trace[-1], l1_ratio, 0.0, trace[-1], trace)
    size = result.penalty(trace)
    goal = share * size[-1] if share is not None else corner(trace, size)
    at = int(np.argmin(np.abs(size - goal)))
    return dataclasses.replace(result, lam=float(found.lams[at]), point=trace[at])


def corner(trace: Floats, size: Floats) -> float:
    """Most of the size at which the second coefficient enters: a corner touches; else SHARE of the largest size."""
    one = np.count_nonzero(trace, axis=1) == 1
    largest = CORNER * size[one].max(initial=0.0)
    return float(largest if largest > SMALL * size[-1] else SHARE * size[-1])


def names_of(problem: Any) -> list[str]:
    """The columns' names, as paths give them."""
    return list(problem.design.names or (f"x{j}" for j in range(problem.n_features)))


def pair_of(problem: Any, features: Any) -> list[int]:
    """Places of two features: by name or number, or chosen to make a corner that can be seen."""
    names = names_of(problem)
    if features is None:
        entered = path(problem.design.columns(np.arange(len(names))), problem.y, n_lams=50)
        order = np.argsort([np.flatnonzero(row)[0] for row in entered.coef_active], kind="stable")
        if len(order) < 2:
            raise InvalidData("The picture needs two features that a path selects.", got=f"{len(order)}")
        ranked = [int(entered.active[i]) for i in order]
        return [ranked[0], partner(problem, ranked)]
    if len(features) != 2 or features[0] == features[1]:
        raise InvalidOption("features must be two different ones.", got=features)
    unknown = [f for f in features if isinstance(f, str) and f not in names]
    if unknown:
        raise InvalidOption(f"There is no feature {unknown[0]!r}.", expected=", ".join(names[:6]), got=unknown[0])
    return [names.index(f) if isinstance(f, str) else int(f) for f in features]


def partner(problem: Any, ranked: list[int]) -> int:
    """The first to enter after ``ranked[0]`` that, with it alone, stays at zero for half of its way; or the second.

    With unit columns, c = Xᵀy/n and r their correlation, it enters at the λ with |c₂ − r (c₁ − λ)| = λ. A rival that
    enters at once leaves a corner too small to be seen.
    """
    columns = problem.design.columns(np.asarray(ranked))
    Z = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    c, r = Z.T @ (problem.y - problem.y.mean()) / len(Z), Z.T @ Z[:, 0] / len(Z)
    first, c, r = abs(c[0]), c[1:] * np.sign(c[0]), r[1:]
    left = c - r * first
    told = np.abs(r) < 1 - 1e-6
    enters = np.where(told, np.maximum(left / np.where(told, 1 - r, 1.0), -left / np.where(told, 1 + r, 1.0)), np.inf)
    return ranked[1 + int(np.argmax(enters <= 0.5 * first))]


def touching(
    X: Any, y: Any, features: Any = None, *, l1_ratio: float = 1.0, share: float | None = None, ax: Any = None
) -> Any:
    """Contours of the squared error of two features, the ball of the penalty, and the point where they touch.

        minimise over w   ½ (w − ŵ)ᵀ G (w − ŵ)   subject to   R(w) ≤ R(w(λ))

    Parameters
    ----------
    X, y : the data, as :func:`riata.path` takes them; coefficients are per standard deviation
    features : two names or numbers; by default the first to enter the path, and the next that leaves its corner room
    l1_ratio : 1 draws the diamond (lasso), 0 the circle (ridge), between them the elastic net
    share : size of the ball: R of the touching point over that of least squares, between 0 and 1; by default one that
        touches with a corner, where one coefficient is exactly zero, if there is such a size
    ax : axes to draw on

    Returns
    -------
    matplotlib axes

    References
    ----------
    Tibshirani (1996), J. R. Stat. Soc. B 58, figure 2.
    """
    found = solve(X, y, features, float(l1_ratio), share)
    ax = axes.new(ax, 5.5, 5.5)
    reach = 1.35 * np.abs(np.vstack([found.trace, found.point])).max()
    line = np.linspace(-reach, reach, 401)
    mesh = np.stack(np.meshgrid(line, line), axis=-1)
    ax.contourf(line, line, found.penalty(mesh), levels=[-1, float(found.penalty(found.point))],
                colors=[axes.colour(5)], alpha=0.35)  # fmt: skip
    levels = float(found.loss(found.point)) * np.array(CONTOURS)
    ax.contour(line, line, found.loss(mesh), levels=levels, colors=axes.RULE, linewidths=0.8)
    ax.plot(*found.trace.T, color=axes.colour(1), lw=1.6, zorder=3)
    ax.plot(*found.centre, "o", color=axes.RULE, ms=5, zorder=4)
    ax.plot(*found.point, "o", color=axes.colour(1), ms=7, zorder=4)
    for draw in (ax.axhline, ax.axvline):
        draw(0, color="black", lw=0.6, zorder=1)
    ax.set_aspect("equal")
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
    ax.set_xlabel(f"{short(found.names[0])}, per standard deviation", parse_math=False)
    ax.set_ylabel(f"{short(found.names[1])}, per standard deviation", parse_math=False)
    annotate(ax, found)
    return ax


def annotate(ax: Any, found: Touching) -> None:
    """Words at the two points; a coefficient that is zero is said to be."""
    zero = [short(name) for name, w in zip(found.names, found.point, strict=True) if w == 0]
    said = f"λ = {found.lam:.3g}" + (f": {' and '.join(zero)} exactly 0" if zero else ": none is zero")
    style: dict[str, Any] = {
        "textcoords": "offset points",
        "fontsize": "small",
        "parse_math": False,
        "zorder": 5,
        "path_effects": axes.halo(),
    }
    for words, place, shade in (("least squares", found.centre, axes.RULE), (said, found.point, axes.colour(1))):
        right = place[0] > 0  # towards the middle, where there is room
        below = place is found.point or place[1] < 0  # least squares: outwards, away from the way to it
        ax.annotate(words, place, xytext=(-8 if right else 8, -14 if below else 8), color=shade,
                    ha="right" if right else "left", **style)  # fmt: skip
