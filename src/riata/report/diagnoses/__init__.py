"""Diagnoses of out-of-fold predictions. The folder is the registry: one file a diagnosis.

A file holds ``ORDER`` (its place on the page), ``TITLE``, ``CAPTION``, ``FAMILIES``, and four functions:

* ``numbers(held) -> dict | None``: what is known, aggregated (never a value of a row); None where nothing can be said
* ``draw(values, target) -> str``: an SVG picture, or "" where the table says it all
* ``table(values) -> (head, lines)``: the same as words
* ``words(values) -> [(head, text)]``: the numbers to read first
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from functools import lru_cache
from types import ModuleType
from typing import Any

from riata.report.held_out import HeldOut, each

MOST_OUTPUTS = 6


@lru_cache(maxsize=1)
def diagnoses() -> list[ModuleType]:
    """Every file of this folder, in the order of the page."""
    found = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    return sorted(found, key=lambda module: module.ORDER)


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """One diagnosis of one selection: ``kind`` names the file, ``output`` the target where there are several."""

    kind: str
    output: str | None
    values: dict[str, Any]

    @property
    def _file(self) -> ModuleType:
        return importlib.import_module(f"{__name__}.{self.kind}")

    @property
    def title(self) -> str:
        return str(self._file.TITLE) + ("" if self.output is None else f": {self.output}")

    @property
    def caption(self) -> str:
        return str(self._file.CAPTION)

    def draw(self, target: str) -> str:
        return str(self._file.draw(self.values, self.output or target))

    @property
    def table(self) -> tuple[list[str], list[list[str]]]:
        head, lines = self._file.table(self.values)
        return head, lines

    @property
    def words(self) -> list[tuple[str, str]]:
        return list(self._file.words(self.values))

    @property
    def facts(self) -> dict[str, Any]:
        """As plain values."""
        return {"kind": self.kind, "output": self.output, **self.values}


def diagnose(family: str, held: HeldOut) -> list[Diagnosis]:
    """All that can be said for a family."""
    out = []
    for module in diagnoses():
        if family not in module.FAMILIES:
            continue
        kind = module.__name__.rpartition(".")[2]
        for output, part in each(held, MOST_OUTPUTS) if family == "multigaussian" else [(None, held)]:
            values = module.numbers(part)
            out += [] if values is None else [Diagnosis(kind, output, values)]
    return out
