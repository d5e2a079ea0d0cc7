"""What the folders that are registries hold, read without importing it: `--help` must not wait for NumPy."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import pkgutil
import sys
from pathlib import Path
from typing import Any


@dataclasses.dataclass(frozen=True)
class Entry:
    """A class of a registry's file: its ``name``, its ``words``, and the fields that are its options, with defaults."""

    name: str
    words: str
    options: dict[str, Any]


def files(package: str) -> list[Path]:
    """The source files of a package's folder, and of folders that were added to it."""
    loaded, spec = sys.modules.get(package), importlib.util.find_spec(package)
    folders = loaded.__path__ if loaded else spec.submodule_search_locations if spec else None
    assert folders is not None
    return [Path(found.module_finder.path, f"{found.name}.py") for found in pkgutil.iter_modules(folders)]  # type: ignore[union-attr]


def entries(package: str) -> list[Entry]:
    """Every class of the package that has a name, in the order of the alphabet."""
    found = []
    for file in files(package):
        text = file.read_text("utf-8")
        if "\n    name = " in text:  # else a helper: not worth the parsing
            found += [_entry(node) for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    return sorted((entry for entry in found if entry.name), key=lambda entry: entry.name)


def _entry(node: ast.ClassDef) -> Entry:
    facts, options = {"name": "", "words": ""}, {}
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and line.targets[0].id in facts:
            facts[line.targets[0].id] = ast.literal_eval(line.value)
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            options[line.target.id] = _default(line.value)
    return Entry(facts["name"], facts["words"], options)


def _default(value: ast.expr | None) -> Any:
    """A default that is written as a plain value; None for one that is not."""
    try:
        return None if value is None else ast.literal_eval(value)
    except ValueError:
        return None


def names(package: str) -> list[str]:
    """The names of a registry whose files are named as what they hold."""
    return sorted(file.stem for file in files(package))
