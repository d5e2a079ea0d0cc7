"""Why a result is unusable under --strict: a tolerance that was missed, or nothing found. The gap is recomputed."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from riata.cli.fitting import Found
from riata.core.results import Path
from riata.model.record import Model
from riata.select.compare import Comparison
from riata.select.selection import Selection


def of_selection(sel: Selection) -> str | None:
    """The duality gap at the chosen lambda is not taken on trust."""
    tol = sel.model.certificate["tol"]
    if sel.largest_gap > tol:
        return f"the largest gap_rel is {sel.largest_gap:.1e}, above tol {tol:.0e}."
    if not sel.features:
        return "no feature was selected."
    return _recomputed(sel.path, sel.problem, sel.lam, tol, "at the chosen lambda")


def of_path(path: Path, tol: float) -> str | None:
    """A path that says nothing, or not exactly enough."""
    largest = float(path.certificate.max())
    if largest > tol:
        return f"the largest {path.measure_of_error} is {largest:.1e}, above tol {tol:.0e}."
    if not path.df.any():
        return "no feature enters the path."
    return _recomputed(path, path.problem, float(path.lams[-1]), tol, "at the smallest lambda")


def of_model(model: Model, warnings: Sequence[str] = ()) -> str | None:
    """A model that was saved although its fit missed the tolerance; or warnings about what it predicts for."""
    largest, tol = model.certificate["largest"], model.certificate["tol"]
    if largest > tol:
        return f"the model's largest {model.certificate['kind']} is {largest:.1e}, above tol {tol:.0e}."
    return of_warnings(warnings)


def of_warnings(warnings: Sequence[str]) -> str | None:
    """Warnings, which have been shown."""
    return "a warning is no good result." if warnings else None


def of_comparison(found: Comparison, tol: float) -> str | None:
    """One of the models is not exact enough to be compared."""
    worst = max(found.fits, key=found.largest_gap)
    largest = found.largest_gap(worst)
    return f"the largest gap_rel of {worst} is {largest:.1e}, above tol {tol:.0e}." if largest > tol else None


def of_method(found: Found) -> str | None:
    """A method of inference that selected nothing, or was not solved well enough to say."""
    return of_warnings(found.warnings) or (None if found.result.selected else "nothing was selected.")


def _recomputed(path: Path, problem: Any, lam: float, tol: float, where: str) -> str | None:
    certify = importlib.import_module("riata.certify").certify
    coef, intercept = path.at(lam)
    found = certify(problem, coef, intercept, lam)
    gap, word = (found.gap_rel, "gap_rel") if path.stationarity is None else (found.kkt, "stationarity")
    return f"the {word} recomputed {where} is {gap:.1e}, above tol {tol:.0e}." if gap > tol else None
