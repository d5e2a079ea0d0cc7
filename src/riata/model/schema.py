"""The model file's schema: its version, the parts it must have, and what kind each part is.

Version 3: ``outputs`` names several classes or targets; ``intercept`` and each coefficient are then lists of as many.
Version 2: ``response`` says how a linear predictor becomes a prediction. Version 1 knew squared error alone.
A file of a newer version is refused, never half understood; older versions are brought up to date here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from riata.core.errors import ModelFileError

NAME, VERSION = "riata.model", 3


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _number_or_list(value: Any) -> bool:
    return _number(value) or (isinstance(value, list) and all(_number(v) for v in value))


def _numbers_by_name(value: Any) -> bool:
    return isinstance(value, dict) and all(_number_or_list(v) for v in value.values())


def _texts_or_null(value: Any) -> bool:
    return value is None or (_texts(value) and len(value) > 1)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _object_or_null(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _text(value: Any) -> bool:
    return isinstance(value, str)


LINKS = ("identity", "logit", "log", "softmax")


def _response(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("link") not in LINKS:
        return False
    classes, exposure, base = (value.get(key) for key in ("classes", "exposure", "baseline"))
    fits = classes is None or (isinstance(classes, list) and len(classes) >= 2)
    fits = fits and (exposure is None or isinstance(exposure, str))
    return fits and (base is None or _baseline(base))


def _baseline(value: Any) -> bool:
    if not isinstance(value, dict) or not _number(value.get("center")):
        return False
    times, hazard, strata = value.get("times"), value.get("hazard"), value.get("strata")
    if not isinstance(times, list) or not isinstance(hazard, list) or len(times) != len(hazard) or not times:
        return False
    if strata is not None and (not isinstance(strata, list) or len(strata) != len(times)):
        return False
    curves = [*times, *hazard]
    if not all(isinstance(curve, list) and all(_number(v) for v in curve) for curve in curves):
        return False
    return all(len(t) == len(h) for t, h in zip(times, hazard, strict=True))


PARTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "family": (_text, "text"),
    "rule": (_text, "text"),
    "lambda": (_number, "a number"),
    "intercept": (_number_or_list, "a number"),
    "coef": (_numbers_by_name, "numbers by name"),
    "coef_per_sd": (_numbers_by_name, "numbers by name"),
    "features": (_texts, "a list of names"),
    "encoder": (_object_or_null, "an object or null"),
    "path": (_object, "an object"),
    "cv": (_object, "an object"),
    "certificate": (_object, "an object"),
    "data": (_object, "an object"),
    "options": (_object, "an object"),
    "provenance": (_object, "an object"),
    "notes": (_texts, "a list of sentences"),
    "response": (_response, "an object with a link, and classes, exposure or baseline where the family has them"),
    "outputs": (_texts_or_null, "a list of names or null"),
}


def check(data: Any, label: str) -> dict[str, Any]:
    """``data`` if it is a model of a version that is understood, else ModelFileError that says what is wrong."""
    schema = data.get("schema") if isinstance(data, dict) else None
    if not isinstance(schema, dict) or schema.get("name") != NAME:
        kind = type(data).__name__ if not isinstance(data, dict) else f"an object with {', '.join(list(data)[:5])}"
        named = f"schema {schema.get('name')!r}" if isinstance(schema, dict) else kind
        raise ModelFileError(
            f"{label} is JSON, but not a riata model.", got=named, expected=f"an object with schema {NAME!r}"
        )
    version = schema.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ModelFileError(f"{label} has no schema version that means anything.", got=version, expected=VERSION)
    if version > VERSION:
        provenance = data.get("provenance")
        by = provenance.get("riata", "?") if isinstance(provenance, dict) else "?"
        raise ModelFileError(
            f"{label} was written by a newer riata ({by}): its schema is version {version}.",
            got=f"schema version {version}",
            expected=f"schema version {VERSION} or older",
            hint="pip install --upgrade riata",
        )
    if version < 2:
        data = data | {"response": {"link": "identity"}}
    if version < 3:
        data = data | {"outputs": None}
    _check_parts(data, label)
    return data


def _check_parts(data: dict[str, Any], label: str) -> None:
    lacking = [key for key in PARTS if key not in data]
    if lacking:
        raise ModelFileError(f"{label} lacks {', '.join(lacking)}.", got=", ".join(data), expected=", ".join(PARTS))
    for key, (fits, words) in PARTS.items():
        if not fits(data[key]):
            raise ModelFileError(f'{label}: "{key}" is not {words}.', got=repr(data[key])[:60], expected=words)
    known = set(data["features"])
    strange = [name for name in data["coef"] if name not in known]
    if strange:
        raise ModelFileError(
            f'{label}: "coef" names a feature that "features" does not have.',
            got=strange[0],
            expected=f"one of {len(known)} names",
        )
    _check_outputs(data, label)


def _check_outputs(data: dict[str, Any], label: str) -> None:
    """One number for each output, wherever the model has several; a number by itself where it has one."""
    outputs = data["outputs"]
    wide = None if outputs is None else len(outputs)
    numbers = {"intercept": data["intercept"]}
    for part in ("coef", "coef_per_sd"):
        numbers |= {f"{part} of {name}": value for name, value in data[part].items()}
    for what, value in numbers.items():
        if (len(value) if isinstance(value, list) else None) != wide:
            raise ModelFileError(
                f'{label}: "{what}" does not fit "outputs".', got=repr(value)[:60],
                expected="one number" if wide is None else f"{wide} numbers, for {', '.join(outputs[:6])}",
            )  # fmt: skip
    classes = data["response"].get("classes")
    if data["response"]["link"] == "softmax" and (wide is None or classes is None or len(classes) != wide):
        raise ModelFileError(
            f'{label}: "response" does not have a class for each of "outputs".', got=repr(classes)[:60],
            expected=f"{wide or 'several'} classes",
        )  # fmt: skip
