"""From what a user passes as y to checked arrays: numbers, counts, labels, proportions."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.core.errors import InvalidData, InvalidOption, did_you_mean

Array = np.ndarray


def no_options(family: str, options: dict[str, Any], known: tuple[str, ...] = ()) -> None:
    """InvalidOption for the first of ``options`` that the family does not have."""
    for name in options:
        raise InvalidOption(f"family {family!r} has no option {name!r}.", hint=did_you_mean(name, known))


def as_array(y: Any) -> Array:
    """y as an array, a column of one turned flat."""
    array = np.asarray(y)
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def numbers(y: Any, what: str = "y", ndim: int = 1) -> Array:
    """y as finite float64 of ``ndim`` dimensions."""
    array = as_array(y) if ndim == 1 else np.asarray(y)
    try:
        out = array.astype(np.float64)
    except (TypeError, ValueError):
        raise InvalidData(f"{what} must hold numbers.", got=f"values of type {array.dtype}") from None
    if out.ndim != ndim or out.shape[0] == 0:
        shape = "(n_samples,)" if ndim == 1 else "(n_samples, n_outputs)"
        raise InvalidData(
            f"{what} has the wrong shape for this family.", expected=f"shape {shape}", got=f"shape {out.shape}"
        )
    bad = np.argwhere(~np.isfinite(out))
    if bad.size:
        raise InvalidData(
            f"{what} has a value that is not finite at row {int(bad[0][0])}.",
            expected="finite numbers",
            got=str(out[tuple(bad[0])]),
        )
    return out


def non_negative(y: Any, what: str = "y") -> Array:
    """y as finite float64 ≥ 0."""
    out = numbers(y, what)
    if np.any(out < 0):
        row = int(np.flatnonzero(out < 0)[0])
        raise InvalidData(f"{what} is negative at row {row}.", expected="numbers ≥ 0", got=float(out[row]))
    return out


def labels(y: Any) -> tuple[Array, Array]:
    """(sorted labels, code of each row); labels may be of any one type, missing ones are refused."""
    array = as_array(y)
    if array.ndim != 1 or array.size == 0:
        raise InvalidData("y must hold one label a row.", expected="shape (n_samples,)", got=f"shape {array.shape}")
    if array.dtype.kind == "f":
        array = numbers(array)
    if array.dtype.kind == "O":
        missing = [i for i, x in enumerate(array) if x is None or x != x]
        if missing:
            raise InvalidData(f"y has no label at row {missing[0]}.", expected="a label in each row")
    try:
        found, code = np.unique(array, return_inverse=True)
    except TypeError:
        kinds = sorted({type(x).__name__ for x in array})
        raise InvalidData(
            "y mixes labels that cannot be sorted.", expected="labels of one type", got=" and ".join(kinds)
        ) from None
    return found, code.reshape(-1)


def binary(y: Any, trials: Any, positive: Any) -> tuple[Array, Array | None, Array | None]:
    """(target in [0, 1], classes or None, trials or None) of a binomial target."""
    array = as_array(y)
    if array.ndim == 2 and array.shape[1] == 2:
        if trials is not None:
            raise InvalidOption("Successes and failures already say how many trials there were.", got="trials=")
        counts = numbers(array, ndim=2)
        if np.any(counts < 0):
            raise InvalidData("Successes and failures are counts.", expected="numbers ≥ 0", got=float(counts.min()))
        return _proportions(counts[:, 0], counts.sum(axis=1))
    if trials is not None:
        count = non_negative(np.broadcast_to(trials, array.shape[:1]), "trials")
        share = _share(array)
        return _proportions(share * count, count)
    if positive is None and array.ndim == 1 and array.dtype.kind == "f" and _is_share(array):
        return array.astype(np.float64), None, None
    found, code = labels(array)
    if found.size != 2:
        raise InvalidData(
            f"A binomial target has two classes; y has {found.size}.",
            expected="two different labels, proportions in [0, 1], or two columns of counts",
            got=", ".join(str(x) for x in found[:6].tolist()) + (", …" if found.size > 6 else ""),
            hint="family='multinomial' takes more classes." if found.size > 2 else "a constant y needs no model.",
        )
    return _oriented(found, code, positive)


def _oriented(found: Array, code: Array, positive: Any) -> tuple[Array, Array, None]:
    if positive is not None and positive not in found.tolist():
        raise InvalidOption("positive is none of the labels.", expected=str(found.tolist()), got=repr(positive))
    if positive is not None and positive == found[0]:
        found, code = found[::-1], 1 - code
    return code.astype(np.float64), found, None


def _is_share(array: Array) -> bool:
    finite = bool(np.all(np.isfinite(array))) and array.size > 0
    return finite and bool(np.all((array >= 0) & (array <= 1))) and np.unique(array).size > 2


def _share(array: Array) -> Array:
    share = non_negative(array)
    if np.any(share > 1):
        row = int(np.flatnonzero(share > 1)[0])
        raise InvalidData(
            f"y is above 1 at row {row}: with trials= it holds proportions.",
            expected="numbers in [0, 1]",
            got=float(share[row]),
            hint="pass successes and failures as two columns instead.",
        )
    return share


def _proportions(successes: Array, trials: Array) -> tuple[Array, None, Array]:
    share = np.full_like(successes, 0.5)  # a row without trials has no weight: any target will do
    np.divide(successes, trials, out=share, where=trials > 0)
    if not np.any(trials > 0):
        raise InvalidData("No row has a trial.", expected="at least one row with trials > 0")
    return share, None, trials
