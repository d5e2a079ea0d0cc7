"""From a linear predictor to what a person asked for: a number, a probability, a class, a rate, a survival function."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from riata.core.errors import InvalidData, InvalidOption, did_you_mean

Floats = NDArray[np.float64]
KINDS = ("response", "link", "class")


def as_kind(response: dict[str, Any], eta: Floats, kind: str) -> Any:
    """η, (n,) or (n, n_outputs), as ``kind``; see :meth:`riata.model.record.Model.predict`."""
    if kind not in KINDS:
        raise InvalidOption(
            f'there is no prediction of the kind "{kind}".',
            expected=" or ".join(KINDS),
            got=kind,
            hint=did_you_mean(str(kind), KINDS),
        )
    if kind == "link":
        return eta
    if kind == "class":
        classes = response.get("classes")
        if classes is None:
            raise InvalidOption("this model predicts no classes.", got='kind="class"', expected='"response" or "link"')
        return np.asarray(classes)[(eta > 0).astype(np.intp) if eta.ndim == 1 else eta.argmax(axis=1)]
    if response["link"] == "logit":
        return expit(eta)
    if response["link"] == "softmax":
        return softmax(eta, axis=1)
    if response["link"] == "log":
        base = response.get("baseline")
        with np.errstate(over="ignore"):
            return np.exp(eta if base is None else eta - base["center"])
    return eta


def survival(response: dict[str, Any], eta: Floats, times: Floats, strata: Any) -> Floats:
    """exp(−H₀(t) exp(η − center)), shape (n, n_times)."""
    base = response.get("baseline")
    if base is None:
        raise InvalidOption("this model knows no survival times.", expected='a model of family "cox"')
    with np.errstate(over="ignore", invalid="ignore"):
        risk = np.exp(eta - base["center"])[:, None]
        hazard = risk * np.array([_steps(base, k, times) for k in range(len(base["times"]))])[_codes(base, strata, eta)]
    return np.exp(-np.nan_to_num(hazard, nan=0.0, posinf=np.inf))


def _steps(base: dict[str, Any], k: int, times: Floats) -> Floats:
    steps = np.concatenate([[0.0], base["hazard"][k]])
    return steps[np.searchsorted(base["times"][k], times, side="right")]


def _codes(base: dict[str, Any], strata: Any, eta: Floats) -> NDArray[np.intp]:
    known = base["strata"]
    if known is None:
        return np.zeros(len(eta), np.intp)
    labels = [] if strata is None else np.asarray(strata).tolist()
    if len(labels) != len(eta) or any(label not in known for label in labels):
        raise InvalidData(
            "the model has a baseline hazard for each stratum.",
            expected=f"strata: for each row one of {', '.join(str(label) for label in known[:6])}",
            got="none" if strata is None else f"{len(labels)} labels",
        )
    return np.array([known.index(label) for label in labels], np.intp)
