"""R glmnet's call as keywords of riata.path, and back: what docs/glmnet-quirks.md lists, undone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidOption, did_you_mean

FAMILIES = {
    "gaussian": "gaussian",
    "binomial": "binomial",
    "poisson": "poisson",
    "cox": "cox",
    "multinomial": "multinomial",
    "mgaussian": "multigaussian",
}
# glmnet's word -> riata's, where the value is the same.
SAME = {
    "weights": "sample_weight",
    "offset": "offset",
    "standardize": "standardize",
    "intercept": "fit_intercept",
    "nlambda": "n_lams",
    "lambda.min.ratio": "lam_min_ratio",
    "lower.limits": "lower",
    "upper.limits": "upper",
    "nfolds": "folds",
    "foldid": "foldid",
}
MEASURES = {"default": None, "mse": "mse", "mae": "mae", "deviance": "deviance", "auc": "auc", "C": "c_index"}
# How to get to the solution, or what to print: riata solves to a certified gap instead.
NO_MATTER = ("thresh", "maxit", "type.gaussian", "type.logistic", "trace.it", "parallel", "keep")
OWN = ("family", "alpha", "lambda", "penalty.factor", "exclude", "type.multinomial", "type.measure")


def from_glmnet(x: Any = None, y: Any = None, **call: Any) -> dict[str, Any]:
    """Keywords of riata.path (or riata.select) for the problem that a call of R's glmnet (or cv.glmnet) solves.

    Parameters
    ----------
    x, y : the data of the call; only asked for where the translation needs them: x to count its columns if there is
        an ``exclude`` and no ``penalty.factor``, y for its standard deviation if ``alpha`` is below 1 and the family
        is gaussian
    **call : glmnet's arguments, a dot written as a dot (``**{"penalty.factor": v}``) or as an underscore, and
        ``lambda`` also as ``lambda_``. ``exclude`` counts from 1, as R does

    Returns
    -------
    dict
        ``riata.path(x, y, **from_glmnet(x, y, …))`` has glmnet's coefficients at glmnet's λ, exactly solved.

    Notes
    -----
    Changed are: λ and the mixing of a gaussian elastic net, as glmnet divides y by its standard deviation and the ridge
    part with it; penalty factors, which glmnet rescales to mean 1; excluded features, which get factor inf. The grid
    that glmnet makes itself also stops early: pass ``lambda`` to have its very λ, or ``early_stop=True`` to riata.path.

    Raises
    ------
    InvalidOption : an argument that glmnet does not have, or that riata has nothing for

    Examples
    --------
    >>> import riata
    >>> riata.from_glmnet(family="binomial", alpha=0.5, lambda_=[0.1, 0.01], standardize=False)
    {'family': 'binomial', 'l1_ratio': 0.5, 'standardize': False, 'lams': [0.1, 0.01]}
    >>> options = riata.from_glmnet(penalty_factor=[0, 1, 1, 2])
    >>> [float(v) for v in options["penalty_factor"]]
    [0.0, 1.0, 1.0, 2.0]
    """
    given = {_r_name(name): value for name, value in call.items()}
    _check_known(given)
    family = given.get("family", "gaussian")
    if not isinstance(family, str) or family not in FAMILIES:
        raise InvalidOption(
            "this family of glmnet has no counterpart.", got=family, expected=", ".join(FAMILIES),
            hint=did_you_mean(str(family), FAMILIES),
        )  # fmt: skip
    alpha = float(given.get("alpha", 1.0))
    factor = _ridge_factor(alpha, family, y, given)
    out: dict[str, Any] = {"family": FAMILIES[family], "l1_ratio": alpha / factor}
    if family == "mgaussian" or given.get("type.multinomial") == "grouped":
        out["penalty"] = "group"
    out |= {ours: given[theirs] for theirs, ours in SAME.items() if given.get(theirs) is not None}
    if given.get("lambda") is not None:
        lams = np.atleast_1d(np.asarray(given["lambda"], dtype=float)) * factor
        out["lams"] = [float(lam) for lam in lams]
    if given.get("penalty.factor") is not None or given.get("exclude") is not None:
        out["penalty_factor"] = _penalty_factor(given.get("penalty.factor"), given.get("exclude"), x)
    measure = _measure(given.get("type.measure", "default"))
    return out if measure is None else out | {"measure": measure}


def to_glmnet(X: Any = None, y: Any = None, **options: Any) -> str:
    """The call of R's glmnet, as text, that solves the problem of ``riata.path(X, y, **options)``.

    Parameters
    ----------
    X, y : the data, as in riata.path. X is not looked at, and y is only for its standard deviation, if ``l1_ratio`` is
        below 1 and the family gaussian
    **options : keywords of riata.path. Arrays with a value for each row (``sample_weight``, ``offset``) become the R
        names ``weights`` and ``offset``, which must be there

    Returns
    -------
    str
        R code. With ``lams`` its coefficients are those of riata.path, as far as glmnet's ``thresh`` goes.

    Raises
    ------
    InvalidOption : an option that glmnet has nothing for

    Examples
    --------
    >>> import riata
    >>> print(riata.to_glmnet(family="poisson", lams=[0.5, 0.25], penalty_factor=[1, 1, 0, 2]))
    glmnet(x, y, family = "poisson", lambda = c(0.5, 0.25), penalty.factor = c(1, 1, 0, 2), thresh = 1e-14)
    """
    rest = dict(options)
    family = rest.pop("family", "gaussian")
    words = {ours: theirs for theirs, ours in FAMILIES.items()}
    if family not in words:
        raise InvalidOption(f'glmnet has no family for "{family}".', got=family, expected=", ".join(words))
    parts = {} if family == "gaussian" else {"family": f'"{words[family]}"'}
    parts |= _penalty_words(rest.pop("penalty", "l1"), family)
    l1_ratio, lams = float(rest.pop("l1_ratio", 1.0)), rest.pop("lams", None)
    weights, intercept = rest.get("sample_weight"), rest.get("fit_intercept", True)
    factor = 1.0
    if l1_ratio < 1:
        alpha, factor = l1_ratio, 1.0
        if family == "gaussian":
            sd = _sd(y, weights, intercept)
            alpha = l1_ratio / (sd * (1 - l1_ratio) + l1_ratio)
            factor = alpha + (1 - alpha) / sd
        parts["alpha"] = _r(alpha)
    penalty_factor, excluded, mean = _r_factors(rest.pop("penalty_factor", None))
    if lams is not None:
        parts["lambda"] = _r(np.asarray(lams, dtype=float) / factor * mean)
    if penalty_factor is not None:
        parts["penalty.factor"] = _r(penalty_factor)
    if excluded:
        parts["exclude"] = _r(excluded)
    parts |= _same_words(rest)
    text = ", ".join(f"{name} = {value}" for name, value in parts.items())
    return f"glmnet(x, y, {text}{', ' if text else ''}thresh = 1e-14)"


def _r_name(name: str) -> str:
    return name.rstrip("_").replace("_", ".")


def _check_known(given: dict[str, Any]) -> None:
    known = [*OWN, *SAME, *NO_MATTER]
    for name, value in given.items():
        if name in known:
            continue
        nothing = value is None or value is False or (name in ("dfmax", "pmax") and np.isinf(value))
        if nothing and name in ("relax", "dfmax", "pmax", "standardize.response"):
            continue
        raise InvalidOption(
            f'riata has nothing for glmnet\'s argument "{name}".',
            got=f"{name} = {value}", expected=f"one of {', '.join(known)}", hint=did_you_mean(name, known),
        )  # fmt: skip


def _measure(word: str) -> str | None:
    if word == "class":
        return "accuracy"
    if word not in MEASURES:
        raise InvalidOption("there is no such type.measure.", got=word, expected=", ".join([*MEASURES, "class"]))
    return MEASURES[word]


def _ridge_factor(alpha: float, family: str, y: Any, given: dict[str, Any]) -> float:
    """κ: glmnet's (λ, α) is (κλ, α/κ) here; quirk 1."""
    if alpha == 1 or family != "gaussian":
        return 1.0
    return alpha + (1 - alpha) / _sd(y, given.get("weights"), given.get("intercept", True))


def _sd(y: Any, weights: Any, intercept: bool) -> float:
    """The standard deviation that glmnet divides y by: weighted, divisor Σs, about 0 without an intercept."""
    if y is None:
        raise InvalidOption(
            "glmnet divides y by its standard deviation, which changes a gaussian elastic net: y is needed.",
            got="no y", expected="y, the second argument",
        )  # fmt: skip
    y = np.asarray(y, dtype=float)
    s = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    s = s / s.sum()
    return float(np.sqrt(s @ (y - (s @ y if intercept else 0.0)) ** 2))


def _penalty_factor(factor: Any, exclude: Any, x: Any) -> NDArray[np.float64]:
    """Rescaled to mean 1, the excluded counting with their factor (with 1, if it is inf); quirk 2."""
    if factor is None:
        if x is None:
            raise InvalidOption("exclude counts columns: x is needed.", got="no x", expected="x, the first argument")
        factor = np.ones(x.shape[1])
    v = np.array(factor, dtype=float)
    out = np.isinf(v)
    if exclude is not None:
        out[np.atleast_1d(np.asarray(exclude, dtype=int)) - 1] = True
    v[np.isinf(v)] = 1.0
    v *= len(v) / v.sum()
    v[out] = np.inf
    return v


def _r_factors(factor: Any) -> tuple[Any, list[int], float]:
    """(penalty.factor or None, exclude, what λ is multiplied by, as glmnet divides the factors by their mean)."""
    if factor is None:
        return None, [], 1.0
    v = np.array(factor, dtype=float)
    if v.ndim == 0:
        return None, [], float(v)
    excluded = (np.flatnonzero(np.isinf(v)) + 1).tolist()
    v[np.isinf(v)] = 1.0
    if not v.any():
        raise InvalidOption("glmnet needs a penalty factor above 0.", got="penalty_factor = 0 for every feature")
    return v, excluded, float(v.mean())


def _penalty_words(penalty: Any, family: str) -> dict[str, str]:
    if penalty == "group" and family == "multinomial":
        return {"type.multinomial": '"grouped"'}
    if (penalty == "l1") == (family != "multigaussian") and penalty in ("l1", "group"):
        return {}
    raise InvalidOption(
        f"glmnet has no such penalty for the family {family}.", got=f"penalty={penalty!r}",
        expected='"group" of "multigaussian" and "multinomial", "l1" of the others and of "multinomial"',
    )  # fmt: skip


def _same_words(rest: dict[str, Any]) -> dict[str, str]:
    words = {ours: theirs for theirs, ours in SAME.items()}
    out = {}
    for name, value in rest.items():
        if value is None or name in ("tol", "max_iter", "threads", "feature_names"):
            continue
        if name not in words:
            raise InvalidOption(f'glmnet has nothing for "{name}".', got=f"{name}={value!r}"[:60])
        if name in ("standardize", "fit_intercept") and value:
            continue
        out[words[name]] = words[name] if name in ("sample_weight", "offset", "foldid") else _r(value)
    return out


def _r(value: Any) -> str:
    """A number, truth value or vector in R; every digit of a float is kept."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).upper()
    if np.ndim(value):
        return f"c({', '.join(_r(v) for v in value)})"
    number = float(value)
    if np.isinf(number):
        return "Inf" if number > 0 else "-Inf"
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)
