"""What the source files say about themselves, read with ast and never by importing them."""

import ast
import dataclasses
import pathlib
import re
from collections.abc import Iterator

# Calls that import by name: importlib.import_module("x"), need("x", extra), __import__("x").
IMPORTERS = {"import_module", "need", "__import__", "importorskip"}


@dataclasses.dataclass(frozen=True)
class Import:
    """One import: `level` counts leading dots, `lazy` ones (under TYPE_CHECKING) are for readers only."""

    file: str
    line: int
    module: str
    level: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {'.' * self.level}{self.module}"


@dataclasses.dataclass(frozen=True)
class Function:
    """One function and the lines of its body, docstring excluded."""

    file: str
    name: str
    lines: int

    def __str__(self) -> str:
        return f"{self.file}: {self.name} has {self.lines} lines"


def imports_of(text: str, file: str) -> Iterator[Import]:
    """Every import of a Python source, those inside functions and those by name included."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            # `from riata import path` names the layer in the second half.
            names = [f"{base}.{alias.name}" for alias in node.names] if base == "riata" else [base]
            for name in names:
                yield Import(file, node.lineno, name, node.level)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in IMPORTERS and isinstance(node.args[0].value, str):
                yield Import(file, node.lineno, node.args[0].value)


def cython_imports_of(text: str, file: str) -> Iterator[Import]:
    """Every import and cimport of a Cython source (they stand on lines of their own)."""
    for number, line in enumerate(text.splitlines(), start=1):
        found = re.match(r"\s*(?:from\s+([\w.]+)\s+c?import\b|c?import\s+([\w.]+))", line)
        if found:
            module = found.group(1) or found.group(2)
            yield Import(file, number, module.lstrip("."), len(module) - len(module.lstrip(".")))


def functions_of(text: str, file: str) -> Iterator[Function]:
    """Every Python function with the length of its body; a nested function also counts in the outer one."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            yield Function(file, node.name, lines)


def cython_functions_of(text: str, file: str) -> Iterator[Function]:
    """Every Cython function with the length of its body: what is indented deeper than its `def` line."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        head = re.match(r"(\s*)(?:cdef|cpdef|def)\b(?! class)[^=]*?(\w+)\s*\(", line)
        if not head:
            continue
        depth, closing = len(head.group(1)), number
        while closing < len(lines) and not lines[closing].rstrip().endswith(":"):
            closing += 1  # the argument list may run over several lines
        body = []
        for inner in lines[closing + 1 :]:
            if inner.strip() and len(inner) - len(inner.lstrip()) <= depth:
                break
            body.append(inner)
        without = re.sub(r'^\s*r?"""(?:.|\n)*?"""\n?', "", "\n".join(body).rstrip("\n") + "\n", count=1)
        yield Function(file, head.group(2), without.rstrip("\n").count("\n") + 1 if without.strip() else 0)


def sources(root: pathlib.Path, *suffixes: str) -> list[pathlib.Path]:
    """The source files below `root`, in a stable order."""
    return sorted(path for path in root.rglob("*") if path.suffix in suffixes and "__pycache__" not in path.parts)
