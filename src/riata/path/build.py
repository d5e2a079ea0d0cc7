"""From what a caller passes to a Problem: every argument checked, nothing copied that need not be."""

from __future__ import annotations

import difflib
import inspect
from typing import Any

import numpy as np

from riata import losses, penalties
from riata.core.errors import InvalidData, InvalidOption
from riata.core.made import made
from riata.core.problem import Floats, Problem
from riata.design import as_design
from riata.kernels.scan import finite


def make_problem(
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    offset: Any = None,
    penalty_factor: Any = None,
    lower: Any = None,
    upper: Any = None,
    l1_ratio: float = 1.0,
    fit_intercept: bool = True,
    standardize: bool = True,
    family: str = "gaussian",
    penalty: Any = "l1",
    feature_names: Any = None,
    check_finite: bool = True,
    **options: Any,
) -> Problem:
    """Check the arguments of a penalised linear model and put them together.

    See :class:`riata.core.problem.Problem` for the model. Scalars are taken for every feature or row; ``options`` are
    those of the family's target (``strata`` and ``ties`` of "cox", ``delta`` of "huber", …) and
    of the penalty (``gamma`` of "mcp", …).

    Raises
    ------
    InvalidData
        NaN or infinity (named by row and column), shapes that do not match, fewer than two rows of positive weight,
        negative weights.
    InvalidOption
        l1_ratio outside [0, 1], negative penalty factors, bounds that exclude 0, an unknown family.
    """
    design = as_design(X, feature_names)
    n, p = design.shape
    _check_shape(n, p)
    kind, options = penalties.take(penalty, options)
    _check_options(family, kind, options)
    target, weight, loss = _target(y, n, family, options, _weights(sample_weight, n))
    shift = _offset(offset, n, 1 if loss is None else loss.n_outputs)
    if check_finite:
        _check_finite_design(design)
    ratio = float(l1_ratio)
    if not 0.0 <= ratio <= 1.0:
        raise InvalidOption(
            "l1_ratio mixes the penalties.", expected="a number from 0 (ridge) to 1 (lasso)", got=l1_ratio
        )
    low, high = _bounds(lower, upper, p)
    _check_outputs(kind, loss, family, low, high)
    problem = made(
        Problem,
        design=design,
        y=target,
        sample_weight=weight,
        offset=shift,
        penalty_factor=_factors(penalty_factor, p),
        lower=low,
        upper=high,
        l1_ratio=ratio,
        fit_intercept=bool(fit_intercept),
        standardize=bool(standardize),
        family=family,
        loss=loss,
    )
    problem = kind.on(problem)
    if problem.groups is not None and loss is None:
        problem = problem.replace(loss=losses.find("gaussian").parse(target))
    return problem


def _offset(offset: Any, n: int, outputs: int) -> Floats:
    """The offset in the shape of the linear predictor."""
    if offset is None:
        return np.zeros(n if outputs == 1 else (n, outputs))
    if outputs == 1:
        return _vector(offset, n, "offset", "samples")
    given = np.asarray(offset, np.float64)
    if given.shape != (n, outputs) or not np.isfinite(given).all():
        raise InvalidData(
            "offset must have a finite value for each sample and output.", expected=f"shape ({n}, {outputs})",
            got=f"shape {given.shape}",
        )  # fmt: skip
    return given


def _check_outputs(kind: penalties.Penalty, loss: Any, family: str, low: Floats, high: Floats) -> None:
    """What goes with one linear predictor only does not meet a family of several."""
    if loss is None:
        return
    if not kind.takes(loss.n_outputs):
        raise InvalidOption(
            f"Penalty {kind.name!r} goes with one linear predictor; the family {family!r} has {loss.n_outputs}.",
            got=kind.name,
        )
    if loss.n_outputs > 1 and (np.isfinite(low).any() or np.isfinite(high).any()):
        raise InvalidOption(
            f"Bounds go with one linear predictor; the family {family!r} has {loss.n_outputs}.", got="lower or upper"
        )


def _check_options(family: str, penalty: penalties.Penalty, options: dict[str, Any]) -> None:
    """An option that is none of the family's and close to one of the penalty's is the penalty's, misspelt."""
    if not options:
        return
    known = inspect.signature(losses.find(family).parse).parameters
    for name in options:
        if name not in known and difflib.get_close_matches(name, penalty.options(), n=1):
            raise penalty.no_option(name)


def _target(y: Any, n: int, family: str, options: dict[str, Any], weight: Floats) -> tuple[Floats, Floats, Any]:
    """(y, weights, loss); no loss stands for squares. Rows of proportions weigh as much as they have trials."""
    if family == "gaussian":
        if options:
            raise InvalidOption(f"There is no option {next(iter(options))!r}.", got=", ".join(options))
        return _vector(y, n, "y", "samples"), weight, None
    loss = losses.find(family).parse(y, **options)
    if loss.n_samples != n:
        raise InvalidData(
            "y must have one row for each of the samples.", expected=f"{n} rows", got=f"{loss.n_samples} rows"
        )
    if loss.multiplicity is not None:
        weight = weight * loss.multiplicity
        weight = weight / weight.max()
    return np.asarray(getattr(loss, "y", np.zeros(n)), np.float64), weight, loss


def _check_shape(n: int, p: int) -> None:
    if p == 0:
        raise InvalidData("X has no columns.", expected="at least 1 column", got=f"shape ({n}, {p})")
    if n < 2:
        raise InvalidData(
            f"X has {n} row{'s' if n != 1 else ''}; a model needs more.",
            expected="at least 2 rows",
            got=f"shape ({n}, {p})",
        )


def _check_finite_design(design: Any) -> None:
    bad = design.first_non_finite()
    if bad is None:
        return
    row, col = bad
    name = f' ("{design.names[col]}")' if design.names else ""
    value = float(design.columns(np.array([col]))[row, 0])
    raise InvalidData(
        f"X has a value that is not finite at row {row}, column {col}{name}.",
        expected="finite numbers",
        got="NaN" if np.isnan(value) else str(value),
        hint="impute or drop such rows first; riata.select(..., na='mean') and `riata fit --na mean` do it inside "
        "each fold.",
    )


def _vector(values: Any, n: int, what: str, of: str) -> Floats:
    """A one-dimensional float64 array of length n with finite entries, or an error that names the first bad one."""
    try:
        raw = np.asarray(values)
        out = raw.astype(np.float64, copy=False)
    except (TypeError, ValueError):
        raise InvalidData(f"{what} must hold numbers.", got=f"values of type {np.asarray(values).dtype}") from None
    if out.ndim == 2 and out.shape[1] == 1:
        out = out[:, 0]
    if out.shape != (n,):
        raise InvalidData(
            f"{what} must have one value for each of the {of}.",
            expected=f"shape ({n},)",
            got=f"shape {np.shape(values)}",
        )
    if not finite(out):
        row = int(np.flatnonzero(~np.isfinite(out))[0])
        raise InvalidData(
            f"{what} has a value that is not finite at row {row}.",
            expected="finite numbers",
            got="NaN" if np.isnan(out[row]) else str(out[row]),
        )
    return out


def _all(count: int, value: float) -> Floats:
    """np.full, at a third of its time for short vectors."""
    out = np.empty(count)
    out.fill(value)
    return out


def _weights(sample_weight: Any, n: int) -> Floats:
    if sample_weight is None:
        return _all(n, 1.0)
    values = np.asarray(sample_weight, dtype=np.float64)
    weight = np.full(n, float(values)) if values.ndim == 0 else _vector(values, n, "sample_weight", "samples")
    if (weight < 0).any():
        row = int(np.flatnonzero(weight < 0)[0])
        raise InvalidData(f"sample_weight is negative at row {row}.", expected="weights ≥ 0", got=float(weight[row]))
    if not weight.any():
        raise InvalidData("Every sample weight is zero.", expected="at least 2 positive sample weights", got="all zero")
    if np.count_nonzero(weight) < 2:
        raise InvalidData(
            "sample_weight leaves fewer than two rows.",
            expected="at least 2 positive weights",
            got=f"{np.count_nonzero(weight)} positive",
        )
    # weights have no scale: the largest becomes 1, so that sums neither overflow nor vanish
    return weight if weight.max() == weight.min() == 1.0 else weight / weight.max()


def _per_feature(values: Any, p: int, what: str) -> Floats:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidOption(f"{what} must hold numbers.", got=repr(values)) from None
    if array.ndim == 0:
        array = np.full(p, float(array))
    if array.shape != (p,):
        raise InvalidOption(
            f"{what} must be a number or one number for each feature.",
            expected=f"shape ({p},)",
            got=f"shape {array.shape}",
        )
    if np.isnan(array).any():
        raise InvalidOption(f"{what} is NaN for feature {int(np.flatnonzero(np.isnan(array))[0])}.", expected="numbers")
    return array


def _factors(penalty_factor: Any, p: int) -> Floats:
    if penalty_factor is None:
        return _all(p, 1.0)
    v = _per_feature(penalty_factor, p, "penalty_factor")
    if (v < 0).any():
        j = int(np.flatnonzero(v < 0)[0])
        raise InvalidOption(
            f"penalty_factor is negative for feature {j}.",
            expected="numbers ≥ 0 (0 = not penalised, inf = excluded)",
            got=v[j],
        )
    return v


def _bounds(lower: Any, upper: Any, p: int) -> tuple[Floats, Floats]:
    low = _all(p, -np.inf) if lower is None else _per_feature(lower, p, "lower")
    high = _all(p, np.inf) if upper is None else _per_feature(upper, p, "upper")
    if lower is None and upper is None:
        return low, high
    bad = np.flatnonzero((low > 0) | (high < 0))
    if len(bad):
        j = int(bad[0])
        raise InvalidOption(
            f"The bounds of feature {j} exclude 0.",
            expected="lower ≤ 0 ≤ upper, so that a coefficient can leave the model",
            got=f"[{low[j]}, {high[j]}]",
        )
    return low, high
