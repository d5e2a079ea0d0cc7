"""riata.convert: a model as text or bytes for another program."""

from __future__ import annotations

import importlib
import os
import pkgutil
from typing import Any

from riata.convert import targets
from riata.core.errors import InvalidOption, did_you_mean


def names() -> list[str]:
    """What a model can be converted to: the files of the folder targets/."""
    return sorted(found.name for found in pkgutil.iter_modules(targets.__path__))


def convert(model: Any, to: str, *, kind: str = "response", table: str = "data") -> str | bytes:
    """The same predictions where riata is not installed.

    Parameters
    ----------
    model : Model, Selection, or the name of a model file
    to : "onnx", bytes of an ONNX graph in float64 (extra ``onnx``); "python", the text of a module without
        dependencies whose ``predict(row)`` takes a dict; "sklearn", the pickled bytes of a scikit-learn Pipeline;
        "sql", the text of a query
    kind : "response" (a number, the probability of the second class, a rate, a hazard ratio), "link" or "class", as in
        ``Model.predict``. A scikit-learn object has a method for each, so it has no effect there
    table : name of the table that the SQL query reads, written as it is

    Returns
    -------
    str or bytes
        What the file holds. Loading a pickle runs code: load only those that you made.

    Notes
    -----
    Missing values and levels never seen at the fit are treated as ``Model.predict`` treats them. Where that raises, as
    nothing was missing at the fit, Python raises, and SQL gives NULL and ONNX NaN. Dates and durations are numbers of
    days (since 1970-01-01) in ONNX and scikit-learn. The column of an exposure or offset must be there.

    Raises
    ------
    InvalidOption : a target that is not there, or that cannot say what the model says; MissingExtra

    Examples
    --------
    >>> import numpy as np, riata
    >>> X = np.arange(40.0).reshape(20, 2) % 7
    >>> selection = riata.select(X, 3 * X[:, 0] + 1, feature_names=["size", "age"], lam=0.1)
    >>> print(riata.convert(selection, to="sql", table="houses").splitlines()[-2].strip())
    FROM houses AS d
    """
    from riata.model.record import Model, load_model  # here, as --help asks this package for its targets and no more

    if isinstance(model, str | os.PathLike):
        model = load_model(model)
    model = getattr(model, "model", model)
    if not isinstance(model, Model):
        raise InvalidOption(
            "this cannot be converted.", got=type(model).__name__, expected="a Model, a Selection or a model file"
        )
    if to not in names():
        raise InvalidOption(
            f'there is no target "{to}".', got=to, expected=", ".join(names()), hint=did_you_mean(to, names())
        )
    written: str | bytes = target(to).write(model, kind, table)
    return written


def target(to: str) -> Any:
    """The module of one target."""
    return importlib.import_module(f"riata.convert.targets.{to}")
