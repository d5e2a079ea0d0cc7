"""A pickled scikit-learn Pipeline: riata.to_sklearn(model), for where scikit-learn is and riata is not."""

from __future__ import annotations

import pickle

from riata.convert.plan import Plan
from riata.model.record import Model

SUFFIX = ".pkl"
NOTE = "loading a pickle runs code: load only those that you made."


def write(model: Model, kind: str, table: str) -> bytes:
    """The pickle. Loading it runs code, as loading any pickle does."""
    from riata.estimators.migrate import to_sklearn

    Plan.of(model, kind)
    return pickle.dumps(to_sklearn(model))
