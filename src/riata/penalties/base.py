"""What a penalty is: facts, options, and what it makes of a problem before the first λ.

Coefficients are penalised on the scale t∘w of :class:`riata.core.problem.Problem` (t: standard deviations of the
columns if ``standardize``, else 1), each with its own factor v. How a penalty is solved follows from what it is:

* one that only says something about the problem (factors, groups) puts it there in ``on`` and is done;
* one that needs a fit first (adaptive weights) says ``learns`` and does it in ``learn``, which cross-validation calls
  again on the rows of every training fold;
* a concave one is a subclass of :class:`Concave` and gives value and slope: the path is a sequence of weighted L1
  problems (local linear approximation, riata.path.concave).
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidOption, did_you_mean
from riata.core.problem import Problem

Floats = NDArray[np.float64]
Fit = Callable[..., Any]  # fit(problem, lams or None) -> Path: the exact L1 path of a problem


@dataclasses.dataclass(frozen=True)
class Penalty(abc.ABC):
    """A penalty with its options, which are the fields of the data class. Concrete classes are final.

    Attributes
    ----------
    name : str
        What users type as ``penalty``.
    words, formula : str
        One line for the documents; p(u; λ) of one coefficient or group.
    convex : bool
        Whether every solution is a global minimum, proven by a duality gap.
    separable : bool
        Whether it is a sum over coefficients; only then bounds go with it.
    outputs : "one" or "any"
        Whether it takes losses with several linear predictors.
    l1_ratio : bool
        Whether a ridge part can be mixed in.
    learns : bool
        Whether ``learn`` wants to see the target first.
    """

    name: ClassVar[str]
    words: ClassVar[str]
    formula: ClassVar[str]
    convex: ClassVar[bool] = True
    separable: ClassVar[bool] = True
    outputs: ClassVar[str] = "one"
    l1_ratio: ClassVar[bool] = True
    learns: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for parent in cls.__mro__[1:]:
            if "name" in vars(parent):
                raise TypeError(f"{parent.__name__} is final; write a penalty of its own in a new file")

    @classmethod
    def options(cls) -> dict[str, Any]:
        """Its options and their defaults."""
        return {field.name: field.default for field in dataclasses.fields(cls)}

    @classmethod
    def no_option(cls, name: str) -> InvalidOption:
        """The error for an option that it does not have."""
        own = cls.options()
        return InvalidOption(
            f"penalty {cls.name!r} has no option {name!r}.", expected=" or ".join(own) or "none", got=name,
            hint=did_you_mean(name, own),
        )  # fmt: skip

    @classmethod
    def takes(cls, n_outputs: int) -> bool:
        """Whether it goes with a loss of that many linear predictors."""
        return n_outputs == 1 or cls.outputs == "any"

    def on(self, problem: Problem) -> Problem:
        """The checked problem with this penalty; InvalidOption where they do not go together."""
        if problem.l1_ratio != 1.0 and not self.l1_ratio:
            raise InvalidOption(
                f"penalty {self.name!r} has no ridge part.", expected="l1_ratio=1", got=problem.l1_ratio
            )
        return problem.replace(penalty=self)

    def learn(self, problem: Problem, fit: Fit) -> Problem:
        """The problem without this penalty, with the factors that it learnt from the problem's rows."""
        raise NotImplementedError


class Concave(Penalty):
    """Σⱼ p(|tⱼwⱼ|; λvⱼ) with p(0) = 0, p increasing and concave: no gap exists, a solution is a stationary point.

    The right-hand slope at 0 must be λ (times what it is at λ = 1, where it is finite): the path starts at the λ_max
    of the lasso. A file gives ``value`` and ``slope``; ``prox`` is optional and only tested.
    """

    convex: ClassVar[bool] = False
    l1_ratio: ClassVar[bool] = False

    @abc.abstractmethod
    def value(self, t: Floats, lam: Floats) -> Floats:
        """p(t; λ) for t ≥ 0, λ > 0 (arrays that broadcast)."""

    @abc.abstractmethod
    def slope(self, t: Floats, lam: Floats) -> Floats:
        """p'(t; λ) ≥ 0 for t ≥ 0, never increasing in t; at 0 the right-hand derivative, λ."""


def above(name: str, value: Any, least: float, what: str) -> None:
    """InvalidOption unless the option ``name`` is a number > ``least``."""
    if not (isinstance(value, int | float | np.floating | np.integer) and value > least):
        raise InvalidOption(f"{name} {what}", expected=f"a number > {least:g}", got=value)
