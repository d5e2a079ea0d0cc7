"""Newton's method for small smooth convex problems, ending at rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg as sl

Array = np.ndarray

Function = Callable[[Array], Any]

ROUNDS = 30
HALVINGS = 40
NOTHING = 1e-32  # a decrease of the value, in units of it, that a gradient of rounding alone would promise
RIDGE = 1e-13  # of the diagonal: lets a singular Hessian (a direction that changes nothing) be factorised


def direction(hessian: Array, gradient: Array) -> Array:
    """−hessian⁻¹·gradient for a positive semidefinite matrix, its diagonal scaled to one first."""
    size = np.sqrt(np.maximum(np.diag(hessian), 0.0))
    size = np.where(size > 0, size, 1.0)
    scaled = hessian / size[:, None] / size
    aim = -gradient / size
    for ridge in (RIDGE, 1e-10, 1e-7, 1e-3, 1.0):
        try:
            factor = sl.cho_factor(scaled + ridge * np.eye(aim.size), check_finite=False)
        except sl.LinAlgError:
            continue
        step = sl.cho_solve(factor, aim, check_finite=False)
        if np.all(np.isfinite(step)):
            return step / size
    return aim / size


def minimise(
    value: Callable[[Array], float],
    gradient: Callable[[Array], Array],
    hessian: Callable[[Array], Array],
    x: Array,
) -> Array:
    """The minimiser of a convex function by Newton steps with halving, until the gradient stops falling.

    A step is taken when it lowers the gradient's norm (near the end, where values no longer differ) or the value.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # a step too far is halved
        return _descend(value, gradient, hessian, x)


def _descend(value: Function, gradient: Function, hessian: Function, x: Array) -> Array:
    g, f = gradient(x), value(x)
    for _ in range(ROUNDS):
        norm = float(np.linalg.norm(g))
        if norm == 0 or not np.isfinite(norm):
            return x
        step = direction(hessian(x), g)
        slope, size = float(g @ step), 1.0
        if not -slope > NOTHING * abs(f) or not np.isfinite(slope):
            return x
        for _ in range(HALVINGS):
            new = x + size * step
            g_new, f_new = gradient(new), value(new)
            better = float(np.linalg.norm(g_new)) < norm or f_new <= f + 1e-4 * size * slope - 1e-15 * abs(f)
            if better and np.isfinite(f_new):
                break
            size *= 0.5
        else:
            return x
        ended = float(np.linalg.norm(g_new)) > 0.5 * norm and abs(f_new - f) <= 1e-15 * abs(f)
        x, g, f = new, g_new, f_new
        if ended:  # neither the gradient nor the value can fall further
            return x
    return x
