"""From what a caller passes to a checked problem: frames with the target's name, or arrays."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.core.errors import InvalidOption
from riata.core.problem import Problem
from riata.path.build import make_problem
from riata.select import target
from riata.select.data import Data, by_feature
from riata.select.options import Options
from riata.table.columns import RowLabel
from riata.table.encode import frame_row


def read(
    X: Any, y: Any, *, alike: str | None = None, row_label: RowLabel = frame_row, **options: Any
) -> tuple[Problem, Data, Options]:
    """The problem of :func:`riata.select` for these arguments (family, drop, feature_names, …), and what it came from.

    ``alike`` names a method to which all rows and all signs are alike: sample weights must be one number, rows of
    weight 0 leave, and bounds on coefficients are refused. ``row_label`` names a row in messages (the line of a file).
    Missing values are not imputed, for their means would be learnt on all rows.
    """
    o = Options.of(**options)
    if o.na == "mean":
        raise InvalidOption(
            'na="mean" is for riata.select only.', got=o.na, expected='na="error" or na="drop"',
            hint='na="drop" leaves out the rows in which a value is missing.',
        )  # fmt: skip
    data, o = target.read(X, y, o, row_label)
    if alike is not None:
        data = _rows_alike(data, alike)
        if o.positive or o.lower is not None or o.upper is not None:
            raise InvalidOption(f"{alike} takes no bounds on coefficients.", got="positive, lower or upper")
    problem = make_problem(
        data.X, data.y if data.outcome is None else data.outcome, sample_weight=data.sample_weight, offset=data.offset,
        penalty_factor=by_feature(o.penalty_factor, data, "penalty_factor", 1.0),
        lower=0.0 if o.positive else by_feature(o.lower, data, "lower", -np.inf),
        upper=by_feature(o.upper, data, "upper", np.inf),
        l1_ratio=o.l1_ratio, fit_intercept=o.fit_intercept,
        standardize=o.standardize, family=o.family, penalty=o.penalty, feature_names=data.names,
        **target.options_of(data, o),
    )  # fmt: skip
    return problem, data, o


def check_alike(weights: Any, method: str) -> None:
    """InvalidOption where weights above 0 differ: they have no scale, and how sure a result is depends on one.

    Two rows of weight 1 and 3 may be four rows, of which three are the same, or four hundred.
    """
    live = weights[weights > 0]
    if len(live) and np.ptp(live) > 1e-12 * live.max():
        raise InvalidOption(
            f"{method} takes no sample weights that differ: they have no scale, and it depends on how many rows there "
            "are.", got=f"weights in the ratio of 1 to {live.max() / live.min():.3g}",
            expected="one weight, and 0 for rows to leave out",
            hint="repeat the rows where weights are counts, numpy.repeat(X, counts, axis=0); riata.stability_selection "
            "takes any weights.",
        )  # fmt: skip


def _rows_alike(data: Data, method: str) -> Data:
    """The rows of positive weight, without their weights."""
    if data.sample_weight is None or not (data.sample_weight > 0).any() or (data.sample_weight < 0).any():
        return data  # what cannot be is refused where problems are made
    check_alike(data.sample_weight, method)
    live = np.flatnonzero(data.sample_weight > 0)
    X = data.X.tocsr() if hasattr(data.X, "tocsr") else data.X
    return dataclasses.replace(
        data, X=X[live], y=data.y[live], sample_weight=None, rows=data.rows[live],
        offset=None if data.offset is None else data.offset[live],
        outcome=None if data.outcome is None else data.outcome[live],
        carried={name: values[live] for name, values in data.carried.items()},
    )  # fmt: skip
