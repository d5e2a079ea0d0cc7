"""Write what is measured into the documents: README's table, docs/benchmarks.md, the figures in docs/figures.

usage: python -m tools.readme [--check]

Every number there comes from the committed files in benchmarks/results. --check writes nothing and exits 1 where a
document is not what would be written.
"""

import pathlib
import sys

from benchmarks import figure, report, results, studies

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIMINGS = results.FOLDER / "timings.csv"
PRODUCTS = results.FOLDER / "product.csv"
BY_EXCESS = results.FOLDER / "timings-by-excess.csv"
BEGIN, END = "<!-- results: written by `make docs`, do not edit -->", "<!-- end of results -->"
NOTHING = "_No results are committed yet: `make bench` measures them._"
MEANING = (
    "Times are those of the best of {others}, each at its best settings, over riata's: medians of runs in turn, on 2 "
    "threads with one BLAS thread each. Every library runs at the loosest tolerance at which its *whole path* has a "
    "relative duality gap of at most 10⁻⁶; a function that belongs to no library computes that from the coefficients "
    "alone. The targets were set beforehand; where one is missed, the table says so. How the times "
    "are taken, what is missed and why, every number: [docs/benchmarks.md](docs/benchmarks.md)."
)
FAMILIES = "Classes, counts, survival times, several responses and groups:"


def fill(text: str, inner: str) -> str:
    """`text` with what stands between the two markers replaced."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{inner}\n\n{END}{after}"


def summary(rows: list[report.Row]) -> str:
    """What the README shows: how every target stands; single problems are on the page of the benchmarks."""
    found, families = split(report.duels(rows))
    if not found:
        return NOTHING
    names = sorted({row["library"] for duel in found for row in duel.others})
    return "\n\n".join(
        [
            report.targets(found, results.read(PRODUCTS)),
            *([FAMILIES, report.family_targets(families)] if families else []),
            "![time of every library divided by riata's, by kind of work](docs/figures/work.svg)",
            MEANING.format(others=f"{', '.join(names[:-1])} and {names[-1]}"),
        ]
    )


def split(found: list[report.Duel]) -> tuple[list[report.Duel], list[report.Duel]]:
    """(least squares under the L1 penalty or the elastic net, the other families)."""
    return [d for d in found if d.family == "gaussian"], [d for d in found if d.family != "gaussian"]


def full(rows: list[report.Row]) -> str:
    """What docs/benchmarks.md shows."""
    found, others = split(report.duels(rows))
    if not found:
        return NOTHING
    parts = ["### Two threads", report.everything(found), "### Best of the others, all tasks"]
    parts.append(report.best_of_each(found, tuple({duel.task: 0 for duel in found})))
    if others:
        parts += ["### Other families, two threads", report.family_targets(others), report.everything(others)]
        parts.append(report.best_of_each(others, tuple({duel.task: 0 for duel in others})))
    single = report.duels(rows, threads="1")
    if single:
        parts += ["### One thread", report.everything(single)]
    kinder = report.duels(results.read(BY_EXCESS))
    if kinder:
        parts += ["### By excess", report.best_of_each(kinder, ("path", "cv"))]
    parts += ["### Why cells are empty", report.refusals(found + others) or "None is."]
    parts += ["![path](figures/path.svg)", "![10-fold cross-validation](figures/cv.svg)"]
    return "\n\n".join([*parts, *studies.sections(), report.footer(rows)])


def documents() -> dict[pathlib.Path, str]:
    """What every generated document should hold."""
    rows = results.read(TIMINGS)
    readme, page = ROOT / "README.md", ROOT / "docs" / "benchmarks.md"
    wanted = {
        readme: fill(readme.read_text("utf-8"), summary(rows)),
        page: fill(page.read_text("utf-8"), full(rows)),
    }
    gaussian, _ = split(report.duels(rows))
    drawn = {task: figure.by_problem(gaussian, task) for task in ("path", "cv")} | {"work": figure.by_work(gaussian)}
    return wanted | {ROOT / "docs" / "figures" / f"{name}.svg": svg for name, svg in drawn.items()}


def main(argv: list[str]) -> int:
    stale = []
    for file, text in documents().items():
        if not file.exists() or file.read_text("utf-8") != text:
            stale.append(file)
            if "--check" not in argv:
                file.parent.mkdir(exist_ok=True)
                file.write_text(text, "utf-8")
    if "--check" in argv and stale:
        names = ", ".join(file.relative_to(ROOT).as_posix() for file in stale)
        print(f"{names}: not what benchmarks/results gives; run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
