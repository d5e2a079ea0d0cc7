"""riata.doctor: look at the data before fitting anything."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.doctor.checks import CHECKS, Facts
from riata.doctor.report import Report
from riata.select import target
from riata.select.options import Options
from riata.table.columns import RowLabel, as_frame, is_frame, read_column
from riata.table.encode import frame_row


def doctor(X: Any, y: Any, *, folds: int = 10, row_label: RowLabel = frame_row, **options: Any) -> Report:
    """What could spoil a fit, said before it: each finding with its number and what to do about it.

    Looks for missing values, constant and nearly constant columns, identifiers, duplicates and near twins
    (|correlation| > 0.95), columns that alone give the target away (correlation or |2·AUC − 1| > 0.99), standard
    deviations that differ a thousandfold, rare classes, too few rows for the folds, more features than half the rows,
    and rows that repeat. Nothing is fitted and nothing is changed.

    Parameters
    ----------
    X, y, and options (drop, keep, categories, feature_names, family, …) : as for :func:`riata.select`
    folds : of the cross-validation to come

    Returns
    -------
    Report
        ``findings``, ``to_frame()``; ``print`` shows all.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 3))
    >>> X[:, 2] = 1.8 * X[:, 0] + 32
    >>> [found.check for found in riata.doctor(X, X[:, 1] + rng.standard_normal(100)).findings]
    ['duplicate columns']
    """
    facts = _facts(X, y, folds, row_label, options)
    found = {name: check(facts) for name, check in CHECKS.items()}
    flat = sorted((finding for some in found.values() for finding in some), key=lambda finding: not finding.serious)
    passed = tuple(name for name, some in found.items() if not some)
    return Report(tuple(flat), passed, len(facts.y), facts.X.shape[1], facts.target)


def _facts(X: Any, y: Any, folds: int, row_label: RowLabel, options: dict[str, Any]) -> Facts:
    missing: dict[str, int] = {}
    if is_frame(X):
        frame = as_frame(X)
        columns = [read_column(frame, k) for k in range(len(frame.names))]
        missing = {column.name: column.n_missing for column in columns}
        options = {"na": "mean"} | options
    else:
        X = np.array(X.toarray() if hasattr(X, "toarray") else X, np.float64)
        gaps = np.isnan(X)
        names = options.get("feature_names") or [f"x{j}" for j in range(X.shape[1])]
        missing = {str(names[j]): int(gaps[:, j].sum()) for j in np.flatnonzero(gaps.any(axis=0))}
        if missing:
            seen = np.maximum((~gaps).sum(axis=0), 1)
            X = np.where(gaps, np.where(gaps, 0.0, X).sum(axis=0) / seen, X)
    data, o = target.read(X, y, Options.of(**({"family": "auto"} | options)), row_label)
    numbers = data.X.toarray() if hasattr(data.X, "toarray") else np.asarray(data.X, np.float64)
    left_out = dict(data.encoder.left_out) if data.encoder is not None else {}
    left_out = {c: why for c, why in left_out.items() if "constant" in why or "differs" in why or "missing" in why}
    return Facts(numbers, list(data.names), data.y, data.target, missing, left_out, folds, o.family == "binomial")
