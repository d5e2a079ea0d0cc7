"""Rows with their out-of-fold predictions, and the bins that stand for them: a report holds no row."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.problem import Floats, Problem

MOST_BINS, USUAL_ROWS, LEAST_ROWS = 10, 10, 5  # bins, rows in each if weights are equal, and in any case
ENOUGH = 20  # rows: of fewer, bins would be rows


@dataclasses.dataclass(frozen=True, eq=False)
class HeldOut:
    """What the fits say of rows that they did not see.

    Attributes
    ----------
    y : (n,) or (n, K) target, None of survival times (``loss`` has them)
    eta, mean : linear predictors and predictions, of that shape;  weight : (n,) positive
    rows : (n,) places in the problem;  loss : or None;  outputs : names of the K columns, or None
    """

    y: Any
    eta: Floats
    mean: Floats
    weight: Floats
    rows: NDArray[np.intp]
    loss: Any
    outputs: list[str] | None

    def size(self, at: NDArray[Any]) -> float:
        """How many observations the rows ``at`` are worth: trials, or rows of unequal weight as so many equal ones."""
        s = self.weight[at]
        return float(s.sum() if getattr(self.loss, "multiplicity", None) is not None else s.sum() ** 2 / (s @ s))


def held_out(problem: Problem, found: Any) -> HeldOut | None:
    """The rows of positive weight that were held out; None where too few are, or all have the same prediction."""
    eta = found.eta
    known = (found.fold >= 0) & (problem.sample_weight > 0) & np.isfinite(eta.reshape(len(eta), -1)).all(axis=1)
    rows = np.flatnonzero(known)
    if len(rows) < ENOUGH or not np.ptp(eta[rows], axis=0).any():
        return None
    y = problem.y if problem.loss is None else getattr(problem.loss, "y", None)
    return HeldOut(
        None if y is None else np.asarray(y, np.float64)[rows], eta[rows], found.prediction[rows],
        problem.sample_weight[rows], rows, problem.loss, found.outputs,
    )  # fmt: skip


def each(held: HeldOut, most: int) -> list[tuple[str, HeldOut]]:
    """The first outputs by name, each as if it were the only one."""
    return [
        (name, dataclasses.replace(held, y=held.y[:, k], eta=held.eta[:, k], mean=held.mean[:, k], outputs=None))
        for k, name in enumerate((held.outputs or [])[:most])
    ]


def bins(values: Floats, weight: Floats) -> list[NDArray[np.intp]]:
    """Rows by their value, in parts of about equal weight; equal values stay together."""
    order = np.argsort(values, kind="stable")
    count = int(np.clip(len(values) // USUAL_ROWS, 2, MOST_BINS))
    # where the middle of a row's weight lies; rows of one value go where the first of them goes
    middle = (np.cumsum(weight[order]) - 0.5 * weight[order]) / weight.sum()
    first = np.searchsorted(values[order], values[order], side="left")
    label = np.floor(middle[first] * count).astype(np.intp)
    parts: list[NDArray[np.intp]] = []
    for k in np.unique(label):
        part = order[label == k]
        if parts and min(len(part), len(parts[-1])) < LEAST_ROWS:  # a mean of few rows would tell of each
            parts[-1] = np.concatenate([parts[-1], part])
        else:
            parts.append(part)
    return parts


def mean(values: Floats, weight: Floats) -> float:
    return float(np.average(values, weights=weight))


def quantiles(values: Floats, weight: Floats, at: tuple[float, ...]) -> list[float]:
    """Weighted quantiles, linear between the middles of the rows' weights."""
    order = np.argsort(values, kind="stable")
    middle = (np.cumsum(weight[order]) - 0.5 * weight[order]) / weight.sum()
    return np.interp(at, middle, values[order]).tolist()  # type: ignore[no-any-return]
