"""Logistic regression: fᵢ(η) = log(1 + exp η) − yᵢ η with yᵢ in [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from riata.core.errors import InvalidData
from riata.losses.base import Array, RowLoss
from riata.losses.numerics import excess, plogp, weighted_sum
from riata.losses.targets import binary, no_options


class Binomial(RowLoss):
    """fᵢ(η) = log(1 + exp η) − yᵢη, logit link; yᵢ is 1 for the second class, 0 for the first, or a proportion.

    Labels may be of any type with two distinct values (``classes`` holds them in sorted order). A target of two
    columns counts successes and failures; floats in [0, 1] with more than two values are proportions, whose
    number of trials is ``trials=``. Trials end in ``multiplicity``.

    Examples
    --------
    >>> loss = Binomial.parse(["no", "yes", "yes", "no"])
    >>> loss.classes.tolist(), loss.y.tolist()
    (['no', 'yes'], [0.0, 1.0, 1.0, 0.0])
    >>> loss.mean(np.array([0.0])).tolist()
    [0.5]
    """

    name = "binomial"
    words = "one of two classes, or a proportion, by the logistic likelihood"
    link = "logit"
    ratio = "odds ratio"

    def __init__(self, y: Array, classes: Array | None = None, multiplicity: Array | None = None) -> None:
        self.y, self.classes, self.multiplicity = y, classes, multiplicity

    @classmethod
    def parse(cls, y: Any, *, trials: Any = None, positive: Any = None, **options: Any) -> Binomial:
        no_options(cls.name, options)
        return cls(*binary(y, trials, positive))

    @classmethod
    def examples(cls, rng: np.random.Generator, n: int) -> list[tuple[Any, dict[str, Any]]]:
        labels = rng.permutation(np.resize(np.array(["no", "yes"]), n))
        return [(labels, {}), (rng.uniform(size=n), {"trials": rng.integers(1, 9, n)})]

    def rows(self, eta: Array) -> Array:
        # for η > 0 the same as log1p(exp −η) + (1 − y)η: for y = 1 nothing cancels
        return np.log1p(np.exp(-np.abs(eta))) + np.where(eta > 0, (1.0 - self.y) * eta, -self.y * eta)

    def slope(self, eta: Array) -> Array:
        # y = 1 gives −expit(−η), every digit of it also when the probability is within rounding of 1
        return (1.0 - self.y) * expit(eta) - self.y * expit(-eta)

    def curve(self, eta: Array) -> Array:
        return expit(eta) * expit(-eta)

    def row_conjugate(self, u: Array) -> Array:
        return plogp(self.y + u) + plogp((1.0 - self.y) - u)

    def row_gap(self, eta: Array, u: Array) -> Array:
        log_p = -np.logaddexp(0.0, -eta)
        log_q = -np.logaddexp(0.0, eta)
        return excess(self.y + u, expit(eta), log_p) + excess((1.0 - self.y) - u, expit(-eta), log_q)

    def intercepts(self, offset: Array, s: Array) -> tuple[float, float]:
        total = float(s.sum())
        yes, no = weighted_sum(s, self.y) / total, weighted_sum(s, 1.0 - self.y) / total
        if yes <= 0 or no <= 0:
            label = "" if self.classes is None else f": {self.classes[int(yes > 0)]!r}"
            raise InvalidData(
                f"The rows of positive weight are all of one class{label}.",
                expected="rows of both classes",
                hint="a training fold may have lost a class: use fewer folds or stratified ones.",
            )
        logit = float(np.log(yes) - np.log(no))
        live = offset[s > 0]
        return logit - float(live.max()), logit - float(live.min())

    def mean(self, eta: Array) -> Array:
        return expit(eta)
