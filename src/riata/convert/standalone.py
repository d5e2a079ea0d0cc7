"""What a converted model does with a row, in plain Python: targets/python.py copies all from the first function on.

The constants stand for the model; the file that is written has its own.
"""

import datetime
import math

INTERCEPT: list = [0.0]
NUMBERS: dict = {}
LEVELS: dict = {}
OFFSET, EXPOSURE, CENTER, LINK = None, None, 0.0, "identity"
CLASSES = None
OUTPUTS: list = ["prediction"]


def linear(row):
    """The linear predictors of one row, a dict of column -> value. None, NaN and "" are missing."""
    eta = list(INTERCEPT)
    for column, (kind, slope, missing) in NUMBERS.items():
        value = row[column]
        if not _is_missing(value):
            x = _number(value, kind, column)
            _add(eta, [w * x for w in slope])
        else:
            _add(eta, missing, column)
    for column, (values, missing) in LEVELS.items():
        value = row[column]
        if _is_missing(value) and value not in values:
            _add(eta, missing, column)
        else:
            _add(eta, values.get(_word(value), [0.0] * len(eta)))
    shift = 0.0 if OFFSET is None else float(row[OFFSET])
    shift += 0.0 if EXPOSURE is None else math.log(float(row[EXPOSURE]))
    return [e + shift for e in eta]


def predict(row):
    """The prediction for one row; of several targets or classes a dict with one for each."""
    eta = linear(row)
    if CLASSES is not None:
        return CLASSES[int(eta[0] > 0) if len(eta) == 1 else eta.index(max(eta))]
    if LINK == "logit":
        eta = [1 / (1 + math.exp(-e)) if e >= 0 else math.exp(e) / (1 + math.exp(e)) for e in eta]
    elif LINK == "log":
        eta = [math.exp(e - CENTER) if e - CENTER < 709 else math.inf for e in eta]
    elif LINK == "softmax":
        parts = [math.exp(e - max(eta)) for e in eta]
        eta = [part / sum(parts) for part in parts]
    return eta[0] if len(eta) == 1 else dict(zip(OUTPUTS, eta))


def _add(eta, values, column=None):
    if values is None:
        raise ValueError(f"column {column!r} has no value: the model was fitted without missing values")
    for k, value in enumerate(values):
        eta[k] += value


def _is_missing(value):
    return value is None or value == "" or value != value


def _number(value, kind, column):
    """A number, a date as days since 1970-01-01 UTC, or a duration as days."""
    if kind == "date" and isinstance(value, str):
        value = datetime.datetime.fromisoformat(value.strip().replace("/", "-").replace("Z", "+00:00"))
    if isinstance(value, datetime.date):
        if not isinstance(value, datetime.datetime):
            value = datetime.datetime(value.year, value.month, value.day)
        zone = value.tzinfo or datetime.timezone.utc
        value = value.replace(tzinfo=zone) - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    if isinstance(value, datetime.timedelta):
        return value / datetime.timedelta(days=1)
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"column {column!r} is not finite: {value!r}")
    return number


def _word(value):
    """The name of a level: numbers as they are written without need of a decimal point."""
    if isinstance(value, str):
        return value
    if str(value) in ("True", "False"):
        return str(value)
    return str(int(value)) if value == int(value) else repr(float(value))
