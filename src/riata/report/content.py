"""What the report says, before anybody draws it: every number by name, from a model and what is known beside it."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np

from riata import scores
from riata.core.errors import InvalidData
from riata.doctor.report import Finding
from riata.model.record import Model
from riata.report import reproduce
from riata.report.advice import advice
from riata.report.beside import Beside, beside
from riata.report.known import Known, known_of
from riata.report.stand_ins import Cluster, clusters
from riata.select import summary

# Coefficients the page may hold: with λ, folds and pictures it then stays below a megabyte (see tests).
MOST_VALUES = 36_000
MOST_ROWS = 600


@dataclasses.dataclass(frozen=True)
class Row:
    """One coefficient along the path: non-zero at the places ``at`` of the grid, with these values."""

    feature: str
    output: str | None
    sd: float
    at: tuple[int, ...]
    coef: tuple[float, ...]

    def value(self, index: int) -> float:
        """The coefficient at one λ, in units of the data."""
        return self.coef[self.at.index(index)] if index in self.at else 0.0


@dataclasses.dataclass(frozen=True, eq=False)
class Content:
    """A model, its rows and what only the data can say; has the names that riata.select.summary asks for.

    Attributes
    ----------
    model : Model;  known : Known;  beside : what the caller laid beside it
    index : place of the chosen λ in the grid
    rows : coefficients, those chosen first (the largest effect first), then by their largest effect on the path
    left_out : coefficients of the path for which there is no room
    """

    model: Model
    known: Known
    beside: Beside
    index: int
    rows: list[Row]
    left_out: int

    @property
    def rule(self) -> str:
        return self.model.rule

    @property
    def lam(self) -> float:
        return self.model.lam

    @property
    def features(self) -> list[str]:
        return list(self.model.coef)

    @cached_property
    def coef_table(self) -> list[dict[str, Any]]:
        return self.known.coef_table or summary.table_of(self.model)

    @property
    def groups(self) -> Any:
        return self.known.groups

    @cached_property
    def clusters(self) -> list[Cluster]:
        return clusters(self.features, self.known.similar)

    @cached_property
    def findings(self) -> list[Finding]:
        """What to know before believing the page, with what to do."""
        return advice(self)

    @property
    def choices(self) -> dict[str, dict[str, Any]]:
        return dict(self.model.cv["choices"])

    @property
    def null_loss(self) -> float:
        null = self.model.cv["null_loss"]
        return float("nan") if null is None else float(null)

    @property
    def largest_gap(self) -> float:
        return float(self.model.certificate["largest"])

    @cached_property
    def path(self) -> Any:
        """The parts of a Path that sentences need."""
        concave = self.model.certificate.get("kind") == "stationarity residual"
        return SimpleNamespace(
            lams=self.lams,
            outputs=self.model.outputs,
            stationarity=concave or None,
            n_features=len(self.model.features),
        )

    @cached_property
    def cv(self) -> Any:
        """The parts of a CVResult that sentences need; numbers that do not exist are NaN."""
        cv = self.model.cv
        cvm, cvse = (np.array([np.nan if v is None else v for v in cv[key]], float) for key in ("cvm", "cvse"))
        return SimpleNamespace(
            measure=cv["measure"], cvm=cvm, cvse=cvse, larger=scores.scores()[cv["measure"]].larger,
            n_folds=cv["n_folds"],
        )  # fmt: skip

    @property
    def lams(self) -> list[float]:
        return list(self.model.path["lams"])

    @cached_property
    def verdict(self) -> str:
        """One or two sentences: how many features, by which rule, at what error against knowing nothing."""
        return summary.verdict(self).replace("\n", " ")  # type: ignore[arg-type]

    @cached_property
    def choice_table(self) -> tuple[tuple[str, ...], list[list[str]]]:
        """Head and lines: each rule's λ beside the others."""
        return summary.choice_head(self), summary.choice_rows(self)  # type: ignore[arg-type]

    @cached_property
    def certificate(self) -> str:
        return summary.certificate(self)  # type: ignore[arg-type]

    @cached_property
    def measure(self) -> str:
        """The held-out score in words."""
        return summary.measure_words(self)  # type: ignore[arg-type]

    @cached_property
    def recipes(self) -> list[reproduce.Recipe]:
        return reproduce.recipes(self.model)


def content_of(result: Any, *, stability: Any = None, intervals: Any = None) -> Content:
    """Content of a Selection or a Model, with results of riata.stability_selection and of intervals beside it.

    Raises InvalidData for a model without cross-validation, InvalidOption for results about other features.
    """
    model = result if isinstance(result, Model) else result.model
    if not model.cv or not model.path:
        raise InvalidData(
            "This model holds no path and no cross-validation: there is nothing to report.", got=model.rule,
            expected="a model of riata.select or riata fit",
        )  # fmt: skip
    index = int(np.argmin(np.abs(np.array(model.path["lams"]) - model.lam)))
    rows = rows_of(model, index)
    kept = fitting(rows)
    known = Known() if isinstance(result, Model) else known_of(result, [row.feature for row in kept])
    aside = beside(list(model.features), stability, intervals)
    return Content(model, known, aside, index, kept, len(rows) - len(kept))


def rows_of(model: Model, index: int) -> list[Row]:
    """Every coefficient that is non-zero at some λ: the chosen ones first, then by the largest effect on the path."""
    rows = []
    for name, entry in model.path["coef"].items():
        values = np.array(entry["value"], float).reshape(len(entry["at"]), -1)
        for k in range(values.shape[1]):
            on = np.flatnonzero(values[:, k])
            output = None if model.outputs is None else str(model.outputs[k])
            at = tuple(int(entry["at"][i]) for i in on)
            rows.append(Row(name, output, float(model.path["sd"][name]), at, tuple(values[on, k].tolist())))
    rows = [row for row in rows if row.at]
    return sorted(rows, key=lambda row: (-abs(row.value(index) * row.sd), -max(map(abs, row.coef)) * row.sd))


def fitting(rows: list[Row]) -> list[Row]:
    """The first rows, as many as a page has room for."""
    sizes = np.cumsum([len(row.at) for row in rows])
    return rows[: min(MOST_ROWS, int(np.searchsorted(sizes, MOST_VALUES, "right")))]
