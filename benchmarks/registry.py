"""What there is to run: the problems, and the facts that each library's file states about itself."""

import ast
import importlib
import pathlib
import pkgutil
from typing import Any, NamedTuple

import benchmarks.libraries
import benchmarks.problems

OURS = "riata"
LACKS = "it has no "  # how a note begins that says which family a library does not have


class Library(NamedTuple):
    """The constants of one file of benchmarks/libraries; see there."""

    MODULE: str
    NAME: str
    ENVIRONMENT: str
    REQUIRES: list[str]
    START: int
    CAN: set[str]
    LOOSEST: int = 0
    FAMILIES: dict[str, set[str]] | None = None

    def can(self, family: str) -> set[str] | None:
        """What it can do of a family; None where it does not have it."""
        return self.CAN if family == "gaussian" else (self.FAMILIES or {}).get(family)


class Problem(NamedTuple):
    """One data set: load() gives (X, y); ratio is λ_min / λ_max or None for the usual; kind is a word or "".

    family as in benchmarks/work.py; groups(X) gives the group of each feature where there are any.
    """

    name: str
    load: Any
    ratio: float | None
    kind: str
    family: str = "gaussian"
    groups: Any = None


def libraries(names: list[str] | None = None) -> list[Library]:
    """All libraries, or those with these names; ours first, so that what is slower can be judged against it."""
    found = [Library(**facts(file)) for folder in benchmarks.libraries.__path__ for file in files(folder)]
    unknown = set(names or []) - {library.NAME for library in found}
    if unknown:
        raise SystemExit(f"no library {sorted(unknown)}; there are: {', '.join(x.NAME for x in found)}")
    chosen = [library for library in found if not names or library.NAME in names]
    return sorted(chosen, key=lambda library: (library.NAME != OURS, library.NAME))


def files(folder: str) -> list[pathlib.Path]:
    return sorted(file for file in pathlib.Path(folder).glob("*.py") if file.name != "__init__.py")


def facts(file: pathlib.Path) -> dict[str, Any]:
    """The constants of a library's file, read without running it: it may need another environment."""
    wanted = set(Library._fields)
    found: dict[str, Any] = {"MODULE": file.stem}
    for line in ast.parse(file.read_text("utf-8")).body:
        if isinstance(line, ast.Assign | ast.AnnAssign) and line.value is not None:
            target = line.targets[0] if isinstance(line, ast.Assign) else line.target
            if isinstance(target, ast.Name) and target.id in wanted:
                found[target.id] = ast.literal_eval(line.value)
    missing = wanted - set(found) - set(Library._field_defaults)
    if missing:
        raise SystemExit(f"{file} does not state {sorted(missing)}: see benchmarks/libraries/__init__.py")
    return found


def modules(package: Any) -> list[Any]:
    """Every module of a registry folder."""
    return [importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__)]


def problems() -> dict[str, Problem]:
    """All problems by name."""
    found = {}
    for module in modules(benchmarks.problems):
        ratios, kinds, families, groups = (
            getattr(module, word, {}) for word in ("RATIOS", "KINDS", "FAMILIES", "GROUPS")
        )
        for name, load in module.PROBLEMS.items():
            family = families.get(name, "gaussian")
            found[name] = Problem(name, load, ratios.get(name), kinds.get(name, ""), family, groups.get(name))
    return found
