"""The geometry of two of the user's own coefficients: the diamond, the contours of the loss, and where they touch."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.core.problem import Floats, Problem
from riata.core.results import Path
from riata.geometry.touching import Touching
from riata.plot.labels import short
from riata.report.panel import RIGHT, Panel
from riata.report.svg import LEFT, tag
from riata.report.svg import words as said
from riata.select.summary import number
from riata.select.twins import alike

NEAR, TOO_NEAR = 0.5, 0.95  # |correlation|: a twin that tells something, and whose contours are not needles
WORK = 2e10
HEIGHT = 320.0
AROUND = 96  # corners of a ball that is no diamond
CONTOURS = 5  # between the minimum and zero
FAR = 4.0  # the picture ends at so many sizes of the ball


def touching_of(selection: Any) -> Touching | None:
    """Two coefficients of the chosen model, all others held where they are.

        F(w) ≈ ½ (w − centre)ᵀ G (w − centre),    G the Hessian in the two,    centre = w* − G⁻¹ ∇F(w*)

    exact for squares, to second order for other losses. At w* the contour touches the ball: that is the condition of
    the minimum. None where the penalty is no norm of each feature by itself, or there is no such pair.
    """
    path, problem, k = selection.path, selection.problem, selection.index
    plain = path.outputs is None and problem.groups is None and path.stationarity is None and problem.family != "sqrt"
    if not plain or problem.penalty is not None or not path.lams[k] > 0 or not path.l1_ratio > 0:
        return None
    pair = pair_of(path, problem, k)
    if pair is None:
        return None
    t = path.scale[pair] if problem.standardize else np.ones(2)
    gram, gradient = curvature(path, problem, k, pair, t)
    eigen = np.linalg.eigvalsh(gram)
    if not eigen[0] > 1e-6 * eigen[1]:
        return None
    point = path.at(float(path.lams[k]))[0][pair] * t
    names = (path.feature_names[pair[0]], path.feature_names[pair[1]])
    centre = point - np.linalg.solve(gram, gradient)
    return Touching(names, gram, centre, path.l1_ratio, float(path.lams[k]), point, point[None])


def pair_of(path: Path, problem: Problem, k: int) -> Any:
    """The strongest coefficient, and a feature like it that stayed out; or else the next strongest."""
    free = (problem.penalty_factor == 1) & np.isinf(problem.lower) & np.isinf(problem.upper) & (path.scale > 0)
    effect = np.abs(path.at(float(path.lams[k]))[0]) * path.scale * free
    order = np.argsort(-effect, kind="stable")
    n, p = problem.design.shape
    if not effect[order[0]] > 0 or n * p > WORK:
        return None
    first = int(order[0])
    r = np.zeros(p)
    for _, others, correlation in alike(problem, path, np.array([first]), 0.0):
        r[others] = np.abs(correlation)
    twin = np.where(free & (effect == 0) & (r <= TOO_NEAR), r, -1.0)
    best = int(np.argmax(twin))
    if twin[best] >= NEAR:
        return np.array([first, best])
    if p > 1 and effect[order[1]] > 0 and r[order[1]] <= TOO_NEAR:
        return np.array([first, int(order[1])])
    return np.array([first, best]) if twin[best] >= 0 else None


def curvature(path: Path, problem: Problem, k: int, pair: Any, t: Floats) -> tuple[Floats, Floats]:
    """(Hessian, gradient) of the loss in the two coefficients on the scale ``t``, the intercept following them."""
    s = problem.sample_weight / problem.sample_weight.sum()
    eta = problem.offset + path.intercept[k] + problem.design.columns(path.active) @ path.coef_active[:, k]
    B = np.column_stack([problem.design.columns(pair) / t, np.ones(len(s))])
    if problem.loss is None:
        curved, slope = s[:, None] * B, s * (eta - problem.y)
    else:
        curved, slope = problem.loss.hessian_times(eta, s, B), problem.loss.gradient(eta, s)
    full = B.T @ curved
    gram = full[:2, :2]
    if problem.fit_intercept and full[2, 2] > 0 and (problem.loss is None or problem.loss.has_intercept):
        gram = gram - np.outer(full[:2, 2], full[2, :2]) / full[2, 2]
    return gram, B[:, :2].T @ slope


def ball(found: Touching) -> Floats:
    """Corners of {R(w) ≤ R(point)}: a diamond, or rounder with a ridge part."""
    angle = np.arange(AROUND) * (2 * np.pi / AROUND)
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    size, a = float(found.penalty(found.point)), found.l1_ratio
    one = np.abs(unit).sum(axis=1)
    if a == 1:
        return size * np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    # a r |u|₁ + ½(1 − a) r² = R along each ray
    r = (np.sqrt((a * one) ** 2 + 2 * (1 - a) * size) - a * one) / (1 - a)
    return np.asarray(unit * r[:, None])


def draw(found: Touching) -> str:
    """The ball, contours of the loss, the point where they touch, and the minimum without a penalty."""
    shape = ball(found)
    size = np.abs(shape).max()
    reach = float(np.clip(1.25 * np.abs(found.centre).max(), 1.6 * size, FAR * size))
    panel = Panel(-1.0, 1.0, -1.0, 1.0, HEIGHT)
    wide = (RIGHT - LEFT) / (panel.y(-1.0) - panel.y(1.0))
    panel = dataclasses.replace(panel, left=-wide * reach, right=wide * reach, low=-reach, high=reach)
    corners = " ".join(f"{panel.x(a):.1f},{panel.y(b):.1f}" for a, b in shape)
    zero = tag("path", d=f"M{LEFT} {panel.y(0):.1f}H{RIGHT}M{panel.x(0):.1f} {panel.y(reach):.1f}V{panel.bottom:.1f}",
               class_="null")  # fmt: skip
    drawn = tag("polygon", points=corners, class_="ball") + zero + contours(panel, found)
    top, tall = panel.y(reach), panel.bottom - panel.y(reach)
    inside = tag("svg", drawn, x=LEFT, y=top, width=RIGHT - LEFT, height=tall,
                 viewBox=f"{LEFT} {top:.1f} {RIGHT - LEFT} {tall:.1f}")  # fmt: skip
    body = inside + named(panel, found)
    axes = panel.axes(short(found.names[0], 40), short(found.names[1], 28))
    return panel.picture(sentence(found), body + axes)


def contours(panel: Panel, found: Touching) -> str:
    """Ellipses on which the loss is equal; one of them passes through the point."""
    eigen, axes = np.linalg.eigh(found.gram)
    turn = -float(np.degrees(np.arctan2(axes[1, 0], axes[0, 0])))
    unit = panel.x(1.0) - panel.x(0.0)
    cx, cy = panel.x(found.centre[0]), panel.y(found.centre[1])
    touch, zero = float(found.loss(found.point)), float(found.loss(np.zeros(2)))
    outer = [zero * (k / CONTOURS) ** 2 for k in range(1, CONTOURS + 2)]  # at even steps from the minimum
    return "".join(
        tag("ellipse", cx=float(cx), cy=float(cy), rx=float(unit * np.sqrt(2 * level / eigen[0])),
            ry=float(unit * np.sqrt(2 * level / eigen[1])), transform=f"rotate({turn:.2f} {cx:.1f} {cy:.1f})",
            class_="contour on" if level == touch else "contour")
        for level in [touch, *(level for level in outer if level > 1.3 * touch)]
    )  # fmt: skip


def named(panel: Panel, found: Touching) -> str:
    """Dots with their words: one above and one below, so that neither covers the other."""
    above = found.centre[1] >= found.point[1]
    marks = [(f"λ = {number(found.lam, 3)}", found.point, "dot", not above),
             ("without penalty", found.centre, "dot hollow", above)]  # fmt: skip
    parts = []
    for words, (a, b), kind, up in marks:
        if panel.left < a < panel.right and panel.low < b < panel.high:
            x, y = float(panel.x(a)), float(panel.y(b))
            parts.append(tag("circle", cx=x, cy=y, r=5, class_=kind))
            anchor = "end" if x > (LEFT + RIGHT) / 2 else "start"
            parts.append(said(words, x, y + (-10 if up else 20), "name halo", anchor))
    return "".join(parts)


def sentence(found: Touching) -> str:
    """What the picture shows of the two features."""
    zero = [name for name, w in zip(found.names, found.point, strict=True) if w == 0]
    shape = "diamond" if found.l1_ratio == 1 else "ball"
    if zero:
        end = f"at a corner: the coefficient of {short(zero[0])} is exactly 0."
    else:
        end = "on an edge: both coefficients are in the model, and shrunk."
    return f"The contour of equal loss meets the {shape} {end}"
