"""What a caller lays beside the report: stability selection and intervals, as columns of the table of features."""

from __future__ import annotations

import dataclasses
import math
from functools import cached_property
from typing import Any

from riata.core.errors import InvalidOption
from riata.inference.intervals import Intervals
from riata.inference.stability import Stability
from riata.select.summary import number
from riata.table.words import shown

NONE = "–"


@dataclasses.dataclass(frozen=True)
class Beside:
    """Results of riata.stability_selection and of a method with intervals, or None."""

    stability: Stability | None = None
    intervals: Intervals | None = None

    @property
    def heads(self) -> list[str]:
        """The columns."""
        found = self.intervals
        of = [] if found is None else [f"{100 * found.level:g} % interval", "p, adjusted"]
        return [*of, *([] if self.stability is None else ["stability"])]

    def cells(self, feature: str) -> list[str]:
        """The texts of one feature."""
        out = []
        if self.intervals is not None:
            out += self._interval.get(feature, [NONE, NONE])
        if self.stability is not None:
            out.append(self._frequency.get(feature, NONE))
        return out

    @cached_property
    def _interval(self) -> dict[str, list[str]]:
        found = self.intervals
        assert found is not None
        return {
            name: [f"{end(low)} to {end(high)}", f"{p:.2g}"]
            for name, (low, high), p in zip(found.features, found.ci.tolist(), found.adjusted.tolist(), strict=True)
            if not math.isnan(p)
        }

    @cached_property
    def _frequency(self) -> dict[str, str]:
        found = self.stability
        assert found is not None
        return {name: f"{100 * f:.0f} %" for name, f in zip(found.feature_names, found.frequency.tolist(), strict=True)}

    def explained(self, features: list[str]) -> list[str]:
        """Sentences for below the table; ``features`` are in the model."""
        out = []
        if self.intervals is not None:
            given = self.intervals
            out.append(f"Interval and p ({given.adjustment}): {given.method}, of {given.target}.")
        found = self.stability
        if found is not None:
            out.append(
                f"Stability: share of {2 * found.n_pairs} halves of the rows in which the feature was among the first "
                f"{found.q}; from {100 * found.threshold:.0f} % at most {found.pfer:.2g} false ones are expected."
            )
            apart = [name for name in found.selected if name not in set(features)]
            out += [f"Stable, and not in this model: {shown(apart)}."] if apart else []
        return out

    @property
    def facts(self) -> dict[str, Any]:
        """As plain values."""
        found, given = self.stability, self.intervals
        return {
            "stability": None if found is None else {
                "q": found.q, "threshold": found.threshold, "pfer": found.pfer, "selected": list(found.selected),
                "frequency": dict(zip(found.feature_names, found.frequency.tolist(), strict=True)),
            },
            "intervals": None if given is None else {
                "method": given.method, "target": given.target, "level": given.level, "adjustment": given.adjustment,
                **given.to_frame(),
            },
        }  # fmt: skip


def end(value: float) -> str:
    """An end of an interval; an infinite one is said to be."""
    return ("∞" if value > 0 else "−∞") if math.isinf(value) else number(value, 4).replace("-", "−")


def beside(known: list[str], stability: Any, intervals: Any) -> Beside:
    """Both, checked: of the right kind, and about features of this model (``known``)."""
    for given, kind, name, names in (
        (stability, Stability, "stability", "feature_names"), (intervals, Intervals, "intervals", "features")
    ):  # fmt: skip
        if given is None:
            continue
        if not isinstance(given, kind):
            made = "riata.stability_selection" if name == "stability" else "riata.debiased_lasso, split_lasso, …"
            raise InvalidOption(f"{name} takes a result.", got=type(given).__name__, expected=f"what {made} returns")
        if not set(getattr(given, names)) & set(known):
            raise InvalidOption(
                f"{name} is about other features than this model.", got=shown(getattr(given, names)),
                expected=shown(known),
            )  # fmt: skip
    return Beside(stability, intervals)
