"""From what a caller passes to a checked problem: frames with the target's name, or arrays."""

from __future__ import annotations

from typing import Any

from riata.core.errors import InvalidOption
from riata.core.problem import Problem
from riata.path.build import make_problem
from riata.select import target
from riata.select.data import Data
from riata.select.options import Options
from riata.table.columns import RowLabel
from riata.table.encode import frame_row


def read(X: Any, y: Any, *, row_label: RowLabel = frame_row, **options: Any) -> tuple[Problem, Data, Options]:
    """The problem of :func:`riata.select` for these arguments (family, drop, feature_names, …), and what it came from.

    ``row_label`` names a row in messages (the line of a file). Missing values are not imputed, for their means would be
    learnt on all rows.
    """
    o = Options.of(**options)
    if o.na == "mean":
        raise InvalidOption(
            'na="mean" is for riata.select only.', got=o.na, expected='na="error" or na="drop"',
            hint='na="drop" leaves out the rows in which a value is missing.',
        )  # fmt: skip
    data, o = target.read(X, y, o, row_label)
    problem = make_problem(
        data.X, data.y if data.outcome is None else data.outcome, sample_weight=data.sample_weight, offset=data.offset,
        penalty_factor=o.penalty_factor, l1_ratio=o.l1_ratio, fit_intercept=o.fit_intercept,
        standardize=o.standardize, family=o.family, penalty=o.penalty, feature_names=data.names,
        **target.options_of(data, o),
    )  # fmt: skip
    return problem, data, o
