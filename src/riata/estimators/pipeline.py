"""A fitted model of a table as a scikit-learn Pipeline that needs nothing but scikit-learn.

Each column that the model needs has a transformer (mean imputation and a missing marker, one-hot with the levels of
the fit); behind them stands scikit-learn's linear model with the coefficients. scikit-learn learns a transformer from
data, so all of them are fitted on two made-up rows that hold the training means, and the coefficients are then set.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OneHotEncoder

from riata.core.errors import InvalidOption
from riata.model.record import Model
from riata.table.columns import frame_of, parse_number
from riata.table.steps import Step

Floats = NDArray[np.float64]


def pipeline_of(model: Model) -> Any:
    """A Pipeline for models of tables, the linear model itself for models of arrays.

    It predicts from pandas frames with any scikit-learn, and from polars frames with one that reads them (1.6 does not
    read those of polars 2).
    """
    _refuse(model)
    wide = np.zeros_like(np.atleast_1d(model.intercept))
    if model.encoder is None:
        weights = [np.atleast_1d(model.coef.get(name, wide)) for name in model.features]
        return _linear(model, np.array(weights, dtype=float).reshape(len(weights), len(wide)))
    parts, weights, rows, position = [], [], {}, 0
    for step in model.encoder.steps:
        mine = model.encoder.names[position : position + len(step.names)]
        position += len(step.names)
        if set(mine) & set(model.coef):
            own = [np.atleast_1d(model.coef.get(name, wide)) for name in mine]
            transformer, own = _levels(step, own) if step.kind == "levels" else (_number(step), own)
            parts.append((step.column, transformer, [step.column]))
            weights += own
            rows[step.column] = _example(step)
    columns = ColumnTransformer(parts, sparse_threshold=0.0).fit(frame_of(rows))
    return Pipeline([("columns", columns), ("model", _linear(model, np.array(weights, dtype=float)))])


def _refuse(model: Model) -> None:
    if model.response.get("baseline"):
        raise InvalidOption("scikit-learn has no model of survival times.", got=f'family "{model.family}"')
    column = model.response.get("exposure") or (model.encoder and model.encoder.offset)
    if column:
        raise InvalidOption(
            f'the model adds a column "{column}" (an offset or exposure) to its predictor; '
            "scikit-learn's linear models have no place for one.",
            hint="convert it to python, sql or onnx.",
        )
    if not model.coef and model.encoder is not None:
        raise InvalidOption("this model has no feature, so a Pipeline would have no column.", got="only an intercept")


def _number(step: Step) -> Any:
    """Dates and durations are numbers of days here."""
    if step.fill is None:
        return "passthrough"
    mean = SimpleImputer(strategy="mean", keep_empty_features=True)
    if not step.marks_missing:
        return mean
    return FeatureUnion([("value", mean), ("missing", MissingIndicator(features="all"))])


def _levels(step: Step, weights: list[Floats]) -> tuple[Any, list[Floats]]:
    """The encoder, and a coefficient for each of its columns: None and NaN are two levels to scikit-learn."""
    words: list[Any] = list(step.levels)
    numbers = [parse_number(word) for word in words]
    if step.boolean:
        words = [word == "True" for word in words]
    elif not np.isnan(numbers).any():  # a column of numbers that was told to hold categories
        order = np.argsort(numbers)
        words, weights = [numbers[i] for i in order], [weights[i] for i in order] + weights[len(order) :]
    gaps = ([np.nan] if isinstance(words[0], float) else [None, np.nan]) if step.marks_missing else []
    known = np.array([*words, *gaps], dtype=float if isinstance(words[0], float) else object)
    encoder = OneHotEncoder(categories=[known], handle_unknown="ignore", sparse_output=False, dtype=np.float64)
    return encoder, weights[: len(words)] + [weights[-1]] * len(gaps)


def _example(step: Step) -> list[Any]:
    """Two values. Beside a gap, true and false stay objects: as an array of bool scikit-learn would cast None to it."""
    if step.kind != "levels":
        return [step.fill or 0.0] * 2
    if step.boolean:
        return [step.levels[0] == "True", None]
    numbers = [parse_number(word) for word in step.levels]
    return [step.levels[0] if np.isnan(numbers).any() else numbers[0]] * 2


def _linear(model: Model, coef: Floats) -> Any:
    """scikit-learn's model with these coefficients, (n_columns, K); fitted on zeros before they are set."""
    link, p = model.response["link"], len(coef)
    classes = model.response.get("classes")
    intercept = np.atleast_1d(np.asarray(model.intercept, dtype=float))
    if classes is not None:
        made = LogisticRegression().fit(np.zeros((len(classes), p)), np.arange(len(classes)))
        made.classes_ = np.asarray(classes)
        made.coef_, made.intercept_ = np.ascontiguousarray(coef.T), intercept
        return made
    made = PoissonRegressor() if link == "log" else LinearRegression()
    made.fit(np.zeros((2, p)), np.ones(2) if model.outputs is None else np.ones((2, len(intercept))))
    one = model.outputs is None
    made.coef_, made.intercept_ = (coef[:, 0], float(intercept[0])) if one else (coef.T, intercept)
    return made
