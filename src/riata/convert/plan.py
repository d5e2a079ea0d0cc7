"""What a model computes, with the table's columns in the place of the design's: what every target writes down."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import numpy as np

from riata.core.errors import InvalidOption
from riata.model.answer import as_kind
from riata.model.record import Model
from riata.table.steps import Step

Vector = tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Number:
    """slope · x, or ``missing`` where x is missing (None: that is an error). ``kind``: number, date or duration."""

    column: str
    place: int
    kind: str
    slope: Vector
    missing: Vector | None = None


@dataclasses.dataclass(frozen=True)
class Levels:
    """One of ``values``, 0 for a level that is not among them, ``missing`` where there is none (None: an error)."""

    column: str
    values: dict[str, Vector]
    missing: Vector | None
    boolean: bool


@dataclasses.dataclass(frozen=True)
class Plan:
    """η = intercept + Σ inputs + offset + log exposure, K numbers (``wide`` or 1), and what ``kind`` makes of them.

    ``link`` is that of the model, or "identity" if the linear predictor itself was asked for; ``classes`` are None
    unless a class was asked for. ``center`` is subtracted from η.
    """

    inputs: tuple[Number | Levels, ...]
    intercept: Vector
    link: str
    classes: list[object] | None
    center: float
    offset: str | None
    exposure: str | None
    outputs: tuple[str, ...]
    by_name: bool
    about: tuple[str, ...]

    @property
    def wide(self) -> bool:
        """Whether there are several linear predictors."""
        return len(self.intercept) > 1

    @classmethod
    def of(cls, model: Model, kind: str) -> Plan:
        """The plan of ``model``; InvalidOption for a kind of prediction that it does not make."""
        wide = model.outputs is not None
        as_kind(model.response, np.zeros((1, len(model.outputs)) if model.outputs else 1), kind)
        response = model.response
        base = response.get("baseline") if kind == "response" else None
        names = model.outputs or ()
        word = "link" if kind == "link" else "probability" if response["link"] == "softmax" else "prediction"
        return cls(
            inputs=tuple(_inputs(model)),
            intercept=_vector(model.intercept),
            link=response["link"] if kind == "response" else "identity",
            classes=response["classes"] if kind == "class" else None,
            center=base["center"] if base else 0.0,
            offset=None if model.encoder is None else model.encoder.offset,
            exposure=response.get("exposure"),
            outputs=tuple(f"{word}_{name}" for name in names) if wide and kind != "class" else ("prediction",),
            by_name=model.encoder is not None,
            about=tuple(_about(model, kind)),
        )

    def refuse_empty(self, target: str) -> None:
        """InvalidOption for a model without features, for a target that needs one."""
        if not self.inputs:
            raise InvalidOption(
                f"this model has no feature, so {target} would have no input.",
                expected="a model with a coefficient",
                got=f"every prediction is made from the intercept alone, {_some(self.intercept)}",
            )


def _vector(value: object) -> Vector:
    return tuple(float(v) for v in np.atleast_1d(np.asarray(value, dtype=float)))


def _some(vector: Vector) -> str:
    return ", ".join(f"{v:g}" for v in vector[:4])


def quoted(text: object) -> str:
    """``text`` in quotes, on one line whatever it holds."""
    return json.dumps(str(text), ensure_ascii=False)


def _about(model: Model, kind: str) -> Iterator[str]:
    made, data = model.provenance, model.data
    target = model.response.get("target") or data.get("target")
    what = f" of {quoted(target)}" if isinstance(target, str) else ""
    yield f"The {kind}{what} by a {model.family} model with {len(model.coef)} of {len(model.features)} features."
    yield f"Fitted by riata {made.get('riata', '?')} at {made.get('created', '?')}; data sha256 {data['sha256']}."


def _inputs(model: Model) -> Iterator[Number | Levels]:
    if model.encoder is None:
        for name, coef in model.coef.items():
            yield Number(name, model.features.index(name), "number", _vector(coef))
        return
    position = 0
    for place, step in enumerate(model.encoder.steps):
        mine = model.encoder.names[position : position + len(step.names)]
        position += len(step.names)
        if not set(mine) & set(model.coef):
            continue
        zero = _vector(np.zeros_like(np.atleast_1d(model.intercept)))
        weights = [_vector(model.coef[name]) if name in model.coef else zero for name in mine]
        yield _levels(step, weights, zero) if step.kind == "levels" else _number(step, place, weights)


def _levels(step: Step, weights: list[Vector], zero: Vector) -> Levels:
    """Levels without a coefficient are left out: an unknown one counts as nothing too."""
    values = {level: w for level, w in zip(step.levels, weights, strict=False) if any(w)}
    missing = (weights[-1] if step.marks_missing else zero) if step.accepts_missing else None
    return Levels(step.column, values, missing, step.boolean)


def _number(step: Step, place: int, weights: list[Vector]) -> Number:
    if step.fill is None:
        return Number(step.column, place, step.kind, weights[0])
    mark = weights[1] if step.marks_missing else tuple(0.0 for _ in weights[0])
    return Number(step.column, place, step.kind, weights[0], tuple(
        w * step.fill + m for w, m in zip(weights[0], mark, strict=True)
    ))  # fmt: skip
