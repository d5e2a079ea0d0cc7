"""How a solve ended, as sentences."""

from __future__ import annotations

import enum


class Status(enum.Enum):
    """How a solve ended. Each member is the sentence a person reads."""

    converged = "Every duality gap is below the tolerance."
    max_iter = (
        "Stopped at max_iter with a duality gap above the tolerance. Raise max_iter or tol, "
        "standardise the columns, or leave out the smallest lambdas."
    )
    stationary = (
        "Every solution is stationary to within the tolerance; the penalty is concave, so that no duality gap exists "
        "and another stationary point may be lower."
    )
    not_stationary = (
        "Stopped with a stationarity residual above the tolerance. Raise gamma or tol, standardise the columns, or "
        "leave out the smallest lambdas."
    )
    early_stop = "The path stopped early, as asked: a further lambda would explain hardly more."

    def __str__(self) -> str:
        return self.value
