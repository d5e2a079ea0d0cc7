"""The keywords of a selection and their defaults: one place for the function, the command line and the model file."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

from riata import penalties
from riata.core.errors import InvalidOption, did_you_mean


@dataclasses.dataclass(frozen=True)
class Options:
    """The keywords of :func:`riata.select`, with their defaults; the function's docstring says what they mean."""

    rule: str = "1se"
    lam: float | None = None
    folds: int = 10
    foldid: Any = None
    fold_groups: Any = None
    repeats: int = 1
    cv: Any = None
    seed: int = 0
    measure: str | None = None
    na: str = "error"
    drop: str | Sequence[str] = ()
    keep: str | Sequence[str] = ()
    categories: str | Sequence[str] = ()
    feature_names: Sequence[str] | None = None
    family: str = "gaussian"
    penalty: Any = "l1"
    penalty_options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    exposure: Any = None
    strata: Any = None
    ties: str = "breslow"
    delta: float | None = None
    lams: Any = None
    n_lams: int = 100
    lam_min_ratio: float | None = None
    l1_ratio: float = 1.0
    standardize: bool = True
    fit_intercept: bool = True
    sample_weight: Any = None
    offset: Any = None
    penalty_factor: Any = None
    lower: Any = None
    upper: Any = None
    positive: bool = False
    tol: float = 1e-8
    max_iter: int | None = None
    threads: int | None = None

    @classmethod
    def of(cls, **given: Any) -> Options:
        """Options from keywords, those of the penalty among them; an unknown one is a TypeError that names the closest.

        InvalidOption for an option of another penalty than the one that is asked for.
        """
        known = [f.name for f in dataclasses.fields(cls) if f.name != "penalty_options"]
        more = {name: value for name, value in given.items() if name not in known}
        penalty = given.get("penalty", cls.penalty)
        own = penalties.find(penalty).options() if isinstance(penalty, str) else {}
        for name in more:
            if name not in own:
                raise _unknown(name, penalty, [*known, *own])
        return cls(**{name: given[name] for name in given if name in known}, penalty_options=more)

    def __post_init__(self) -> None:
        if self.lam is not None and not (_is_number(self.lam) and math.isfinite(self.lam) and self.lam > 0):
            raise InvalidOption("lam must be a positive number.", got=self.lam, expected="lam > 0")
        if not (_is_number(self.tol) and math.isfinite(self.tol) and self.tol > 0):
            raise InvalidOption("tol must be a positive number.", got=self.tol, expected="tol > 0, such as 1e-8")
        for name in ("n_lams", "max_iter", "threads"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, numbers.Integral) and int(value) > 0):
                raise InvalidOption(f"{name} must be a positive whole number.", got=value)
        if self.positive and self.lower is not None:
            raise InvalidOption("positive=True and lower cannot both be given.", got=f"lower={self.lower}")


def _unknown(name: str, penalty: Any, known: Sequence[str]) -> Exception:
    """The error for a keyword that is neither select's nor the penalty's."""
    having = [other for other, kind in sorted(penalties.penalties().items()) if name in kind.options()]
    if not having:
        hint = did_you_mean(name, known)
        return TypeError(f"select() has no keyword {name!r}" + (f": {hint}" if hint else ""))
    if not isinstance(penalty, str):
        return InvalidOption(f'the penalty is made already: "{name}" goes into it.', got=f"{name}= and {penalty!r}")
    say = " or ".join(f'penalty="{other}"' for other in having)
    if name == "groups":  # scikit-learn's word for rows that belong together
        say += "; fold_groups keeps rows in one fold"
    return InvalidOption(
        f'penalty "{penalty}" has no option "{name}".', expected=f"{name} with a penalty that has it",
        got=f'{name} with penalty="{penalty}"', hint=f"say {say}.",
    )  # fmt: skip


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def describe(options: Options) -> dict[str, Any]:
    """The options that are plain values, for a model file; arrays are named by their kind."""
    out = {field.name: _plain(getattr(options, field.name)) for field in dataclasses.fields(options)}
    out["penalty"] = options.penalty if isinstance(options.penalty, str) else repr(options.penalty)
    return out


def _plain(value: Any) -> Any:
    """``value`` as JSON can hold it, in words where it cannot."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple) and all(isinstance(member, str | int) for member in value):
        return list(value)
    return f"given ({type(value).__name__})"
