"""Write the measured table of README.md from the committed files in benchmarks/results.

usage: python -m tools.readme [--check]

Every number in the README comes from here. A file of times is a CSV with the columns of COLUMNS, one row for each
(problem, task, library); files without a column "library" are results of another kind and left alone. Where two
files hold the same row, the file whose name sorts last wins. --check writes nothing and exits 1 where README.md is
not what would be written.
"""

import csv
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- results: written by `make docs`, do not edit -->", "<!-- end of results -->"
COLUMNS = ["problem", "task", "library", "seconds", "gap_rel", "nonzeros", "threads", "versions", "commit", "machine"]
OURS = "riata"
NOTHING = "_No results are committed yet: `make bench` measures them._"


def read_rows(folder: pathlib.Path) -> list[dict[str, str]]:
    """The rows of all results files, later files winning, in the order of first appearance."""
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for file in sorted(folder.glob("*.csv")):
        with file.open(newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle)
            if "library" not in (reader.fieldnames or []):
                continue  # results of another kind: certificates, say
            missing = set(COLUMNS) - set(reader.fieldnames or [])
            if missing:
                raise SystemExit(f"{file} lacks the columns {sorted(missing)}")
            for row in reader:
                rows[row["problem"], row["task"], row["library"]] = row
    return list(rows.values())


def seconds(row: dict[str, str] | None) -> str:
    """One cell: the time, and the largest gap that certify found in what came back."""
    if row is None:
        return "–"
    return f"{float(row['seconds']):.3g} s ({float(row['gap_rel']):.0e})"


def table(rows: list[dict[str, str]]) -> str:
    """The Markdown table: a line for each (problem, task), a column for each library, ours first."""
    if not rows:
        return NOTHING
    libraries = sorted({row["library"] for row in rows}, key=lambda name: (name != OURS, name))
    found = {(row["problem"], row["task"], row["library"]): row for row in rows}
    others = [name for name in libraries if name != OURS]
    head = ["data", "task", *libraries, *[f"{name} / {OURS}" for name in others]]
    lines = ["| " + " | ".join(head) + " |", "|---|---|" + "---:|" * (len(head) - 2)]
    for problem, task in dict.fromkeys((row["problem"], row["task"]) for row in rows):
        cells = [found.get((problem, task, name)) for name in libraries]
        ours = found.get((problem, task, OURS))
        ratios = [
            f"{float(other['seconds']) / float(ours['seconds']):.0f}×" if ours and other else "–"
            for other in (found.get((problem, task, name)) for name in others)
        ]
        lines.append("| " + " | ".join([problem, task, *map(seconds, cells), *ratios]) + " |")
    return "\n".join([*lines, "", footer(rows)])


def footer(rows: list[dict[str, str]]) -> str:
    """Where the numbers come from."""
    facts = {name: ", ".join(dict.fromkeys(row[name] for row in rows)) for name in COLUMNS[6:]}
    return (
        "Median seconds; in brackets the largest `gap_rel` over all λ (and folds), recomputed by `riata.certify` for "
        f"every library. Machine: {facts['machine']}; threads: {facts['threads']}; versions: {facts['versions']}; "
        f"commit: {facts['commit']}."
    )


def fill(text: str, inner: str) -> str:
    """`text` with what stands between the two markers replaced."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{inner}\n\n{END}{after}"


def main(argv: list[str]) -> int:
    readme = ROOT / "README.md"
    old = readme.read_text("utf-8")
    new = fill(old, table(read_rows(ROOT / "benchmarks" / "results")))
    if "--check" in argv:
        if new != old:
            print("README.md does not show benchmarks/results: run `make docs`", file=sys.stderr)
        return int(new != old)
    readme.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
