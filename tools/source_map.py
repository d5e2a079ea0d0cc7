"""Write docs/source-map.md: every source file with the first sentence of its docstring, layer by layer.

usage: python -m tools.source_map [--check]

--check writes nothing and exits 1 where the page is not what would be written.
"""

import ast
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "source-map.md"
# Low to high: a layer imports those above it in this list, never those below (tests/surfaces/test_imports.py).
LAYERS = [
    "core",
    "kernels",
    "design",
    "losses",
    "scores",
    "penalties",
    "projections",
    "certify",
    "solve",
    "path",
    "table",
    "model",
    "select",
    "inference",
    "doctor",
    "testing",
    "estimators",
    "torch",
    "dask",
    "convert",
    "cli",
    "report",
    "plot",
    "geometry",
]
HEAD = """# Source map

Which file does what. Written by `make docs` from the first sentence of each file's docstring; do not edit.
The layers stand from low to high: a file imports from its own layer and from those above it on this page
(`tests/surfaces/test_imports.py` reads every import and knows the few narrower rules).
"""


def first_sentence(file: pathlib.Path) -> str:
    """The first paragraph of a module's docstring , its first sentence, on one line."""
    text = file.read_text("utf-8")
    if file.suffix != ".py":
        # An included file (.pxi) has no docstring of its own: its first comment serves.
        found = re.match(r'(?:#[^\n]*\n|\n)*r?"""(.*?)"""', text, re.S) or re.match(r"((?:#.*\n)+)", text)
        doc = re.sub(r"^# ?", "", found.group(1), flags=re.M) if found else ""
    else:
        doc = ast.get_docstring(ast.parse(text)) or ""
    paragraph = " ".join(doc.strip().split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", paragraph)[0].rstrip(".:")


def listing(folder: pathlib.Path, base: pathlib.Path) -> list[str]:
    """A line for each source file below `folder`, packages' own files first."""
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".py", ".pyx", ".pxi"))
    lines = []
    for file in files:
        says = first_sentence(file)
        if file.name != "__init__.py":
            lines.append(f"* `{file.relative_to(base).as_posix()}`: {says}")
        elif file.parent != folder and says:
            lines.append(f"* `{file.parent.relative_to(base).as_posix()}/`: {says}")
    return lines


def page(root: pathlib.Path = ROOT) -> str:
    """The whole page."""
    source = root / "src" / "riata"
    parts = [HEAD]
    for layer in LAYERS:
        folder, single = source / layer, source / f"{layer}.py"
        if (folder / "__init__.py").exists():
            parts.append("\n".join([f"## `{layer}/`", "", first_sentence(folder / "__init__.py") + ".", ""]))
            parts.append("\n".join(listing(folder, source)) + "\n")
        elif single.exists():
            parts.append(f"## `{layer}.py`\n\n{first_sentence(single)}.\n")
    for name in ("tools", "benchmarks"):
        parts.append("\n".join([f"## `{name}/`, outside the package", "", *listing(root / name, root)]) + "\n")
    return "\n".join(parts)


def main(argv: list[str]) -> int:
    new = page()
    if "--check" in argv:
        stale = not PAGE.exists() or PAGE.read_text("utf-8") != new
        if stale:
            print("docs/source-map.md does not show the sources: run `make docs`", file=sys.stderr)
        return int(stale)
    PAGE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
