"""What the results say: ratios against the best of the others, targets, tables in Markdown."""

import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.registry import LACKS, OURS

Row = dict[str, str]
SMALL = 10_000  # numbers in X of a diabetes-sized problem


class Target(NamedTuple):
    """A promise: how many times faster than the best of the others at this work, on every problem of the kind.

    Or faster than one library, where `against` names it.
    """

    words: str
    kind: str
    task: str
    ratio: float
    against: str = ""


TARGETS = [
    Target("path, wide dense", "wide", "path", 15),
    Target("path, n ≥ p dense", "tall", "path", 2),
    Target("path, diabetes-sized", "small", "path", 20),
    Target("path, sparse", "sparse", "path", 5),
    Target("path, strongly correlated (ρ = 0.95)", "rho=0.95", "path", 3),
    Target("path, near-collinear spectra", "near-collinear", "path", 1000),
    Target("10-fold CV, wide dense", "wide", "cv", 20),
    Target("10-fold CV, n ≥ p dense", "tall", "cv", 8),
    Target("10-fold CV, diabetes-sized", "small", "cv", 8),
    Target("10-fold CV, sparse", "sparse", "cv", 10),
    Target("10-fold CV, strongly correlated (ρ = 0.95)", "rho=0.95", "cv", 1),
    Target("10-fold CV, near-collinear spectra", "near-collinear", "cv", 1),
]
FAMILY_TARGETS = [
    Target("two classes, path, wide dense", "binomial wide", "path", 3),
    Target("two classes, 10-fold CV, wide dense", "binomial wide", "cv", 10),
    Target("two classes, path, sparse", "binomial sparse", "path", 3),
    Target("two classes, path, n ≥ p dense", "binomial tall", "path", 1),
    Target("several classes, path, against glmnet", "multinomial", "path", 3, "glmnet"),
    Target("counts, path, against glmnet", "poisson", "path", 3, "glmnet"),
    Target("survival times, path, against glmnet", "cox", "path", 3, "glmnet"),
    Target("groups, path, against adelie", "group", "path", 2, "adelie"),
    Target("several responses, path", "multigaussian", "path", 1),
]
FOLDS_COST = 4  # a family's 10-fold CV over its own path, at most
LARGE, SHARED_FOLDS, PRODUCTS = 1_000_000, 3, 2.5  # the same under squared error where X has so many numbers; in X'X


class Duel(NamedTuple):
    """Ours and the others on one task of one problem with one number of threads."""

    problem: str
    task: str
    kind: str
    ours: Row
    others: list[Row]

    @property
    def family(self) -> str:
        return self.ours.get("family") or "gaussian"

    def against(self, library: str) -> "Duel":
        """With that library as the only other one, where it is named."""
        return self._replace(others=[row for row in self.others if library in ("", row["library"])])

    @property
    def best(self) -> Row | None:
        """The fastest of the others that was accurate enough."""
        reached = [row for row in self.others if row["reached"] == "yes"]
        return min(reached, key=lambda row: float(row["seconds"]), default=None)

    @property
    def ratio(self) -> float | None:
        """Its time over ours; 0 where only ours did not get there.

        Where none of the others did, the time after which the first of them was stopped serves as a lower bound; None
        where none was stopped.
        """
        if self.ours["reached"] != "yes":
            return None if self.best is None and self.ours["reached"] != "no" else 0.0
        if self.best is None:
            limits = [float(row["limit"]) for row in self.others if row["reached"] == "timeout"]
            return min(limits) / float(self.ours["seconds"]) if limits else None
        return float(self.best["seconds"]) / float(self.ours["seconds"])


def kind_of(row: Row) -> str:
    """The kind that the results state; among n ≥ p, the diabetes-sized ones stand apart."""
    small = row["kind"] == "tall" and int(row["n"]) * int(row["p"]) <= SMALL
    return "small" if small else row["kind"]


def duels(rows: list[Row], threads: str = "2") -> list[Duel]:
    """All (problem, task) with rows of ours, in the order of the file."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["threads"] == threads:
            groups.setdefault((row["problem"], row["task"]), []).append(row)
    found = []
    for (problem, task), group in groups.items():
        mine = [row for row in group if row["library"] == OURS]
        if mine:
            found.append(Duel(problem, task, kind_of(mine[0]), mine[0], [r for r in group if r["library"] != OURS]))
    return found


def times(ratio: float | None) -> str:
    """A ratio with two digits that matter."""
    return "–" if ratio is None else f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.1f}×"


def seconds(row: Row | None) -> str:
    return "–" if row is None or not row["seconds"] else f"{float(row['seconds']):.3g} s"


def table(head: list[str], lines: list[list[str]], left: int = 1) -> str:
    """A Markdown table; the first `left` columns are words, the rest numbers."""
    rule = ["---"] * left + ["---:"] * (len(head) - left)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *lines])


def targets(found: list[Duel], products: Sequence[Row] = ()) -> str:
    """A line for each target: how it stands on the problems of its kind. ``products``: the study of that name."""
    folds = folds_cost(found, SHARED_FOLDS, shape_of)
    return table(STANDING, [*standings(found, TARGETS), *folds, *in_products(products), *counts(found)])


def family_targets(found: list[Duel]) -> str:
    """The same for the families beside the Gaussian one."""
    return table(STANDING, [*standings(found, FAMILY_TARGETS), *folds_cost(found, FOLDS_COST, lambda d: d.family)])


def shape_of(duel: Duel) -> str:
    """What the cost of folds is told of: large dense X; "" for others."""
    dense = {"tall": "n ≥ p dense", "wide": "wide dense"}.get(duel.kind, "")
    large = int(duel.ours["n"]) * int(duel.ours["p"]) >= LARGE
    return f"{dense}, X of {LARGE:,} numbers or more" if dense and large else ""


STANDING = ["work", "problems", "least", "median", "most", "target", ""]


def standings(found: list[Duel], promised: list[Target]) -> list[list[str]]:
    """How each target stands on the problems of its kind; nothing where there are none."""
    lines = []
    for target in promised:
        duels_of = [d.against(target.against) for d in found if (d.kind, d.task) == (target.kind, target.task)]
        below = [(d.best is None and d.ratio > 0, d.ratio < target.ratio) for d in duels_of if d.ratio is not None]
        ratios = [d.ratio for d in duels_of if d.ratio is not None]
        nobody = sum(nobody_in_time(d) for d in duels_of)
        if not ratios and not nobody:
            continue
        verdict = standing(len(ratios) + nobody, below.count((False, True)), below.count((True, True)) + nobody)
        spread = [times(f(ratios) if ratios else None) for f in (min, statistics.median, max)]
        lines.append([target.words, str(len(ratios) + nobody), *spread, f"≥ {target.ratio:g}×", verdict])
    return lines


def nobody_in_time(duel: Duel) -> bool:
    """Whether time was up for ours and for another, and no other was there before."""
    late = [any(row["reached"] == "timeout" for row in rows) for rows in ([duel.ours], duel.others)]
    return duel.best is None and all(late)


def standing(problems: int, missed: int, open_: int) -> str:
    """Met, missed, or open: every other library, or all, were stopped before the time that would have told."""
    said = [f"missed on {missed} of {problems}"] if missed else [f"met on {problems - open_}"] if open_ else ["met"]
    return ", ".join([*said, *([f"open on {open_}"] if open_ else [])])


def folds_cost(found: list[Duel], most: float, words: Callable[[Duel], str]) -> list[list[str]]:
    """Seconds of our cross-validation over those of our path: a line for each of the words that are not empty."""
    paths = {d.problem: float(d.ours["seconds"]) for d in found if d.task == "path" and d.ours["reached"] == "yes"}
    shares: dict[str, list[float]] = {}
    for d in found:
        if d.task == "cv" and d.ours["reached"] == "yes" and d.problem in paths and words(d):
            shares.setdefault(words(d), []).append(float(d.ours["seconds"]) / paths[d.problem])
    return [at_most(f"10-fold CV over its path, {word}", cost, most) for word, cost in shares.items()]


def in_products(rows: Sequence[Row]) -> list[list[str]]:
    """The line about a path beside one X'X, where there are results: large X only, below that calls are what costs."""
    ratios = [float(row["ratio"]) for row in rows if int(row["n"]) * int(row["p"]) >= LARGE]
    words = f"path over one X'X, n ≥ p dense, X of {LARGE:,} numbers or more"
    return [at_most(words, ratios, PRODUCTS)] if ratios else []


def at_most(words: str, ratios: list[float], most: float) -> list[str]:
    """The line of a promise that a ratio stays below a bound."""
    verdict = standing(len(ratios), sum(ratio > most for ratio in ratios), 0)
    spread = [times(min(ratios)), times(statistics.median(ratios)), times(max(ratios))]
    return [words, str(len(ratios)), *spread, f"≤ {most:g}×", verdict]


def counts(found: list[Duel]) -> list[list[str]]:
    """The lines about memory and passes over X."""
    lines = []
    known = [d for d in found if d.task == "path" and d.ours["peak_memory_mb"] and d.best is not None]
    pairs = [(float(d.ours["peak_memory_mb"]), least_memory(d)) for d in known]
    pairs = [(mine, theirs) for mine, theirs in pairs if max(mine, theirs) >= 5]
    if pairs:
        missed = sum(mine > theirs for mine, theirs in pairs)
        verdict = standing(len(pairs), missed, 0)
        lines.append(["memory above the data, path", str(len(pairs)), "", "", "", "less than any", verdict])
    passes = [float(d.ours["passes"]) for d in found if d.task == "path" and d.kind == "wide" and d.ours["passes"]]
    if passes:
        spread = [f"{value:.1f}" for value in (min(passes), statistics.median(passes), max(passes))]
        verdict = standing(len(passes), sum(value > 20 for value in passes), 0)
        lines.append(["passes over X, path, wide dense", str(len(passes)), *spread, "≤ 20", verdict])
    return lines


def least_memory(duel: Duel) -> float:
    known = [float(r["peak_memory_mb"]) for r in duel.others if r["peak_memory_mb"] and r["reached"] == "yes"]
    return min(known, default=float("inf"))


def best_of_each(found: list[Duel], tasks: tuple[str, ...]) -> str:
    """A line for each problem: our time, the best of the others, the ratio."""
    lines = []
    for duel in found:
        if duel.task in tasks:
            size = f"{int(duel.ours['n'])} × {int(duel.ours['p'])}"
            name = duel.best["library"] if duel.best else "none in time"
            cells = [duel.problem, size, duel.kind, duel.task, name]
            lines.append(
                [
                    *cells,
                    seconds(duel.ours),
                    seconds(duel.best),
                    ("> " if duel.best is None and duel.ratio else "") + times(duel.ratio),
                ]
            )
    return table(["data", "n × p", "kind", "task", "best of the others", "riata", "its time", "ratio"], lines, left=5)


def everything(found: list[Duel]) -> str:
    """A line for each (problem, task), a column for each library: its time, or why there is none."""
    names = sorted({row["library"] for duel in found for row in duel.others})
    lines = []
    for duel in found:
        others = {row["library"]: row for row in duel.others}
        cells = [cell(duel.ours), *(cell(others[name]) if name in others else "–" for name in names)]
        lines.append([duel.problem, duel.task, *cells])
    return table(["data", "task", OURS, *names], lines, left=2)


def cell(row: Row) -> str:
    """Seconds; where it was not accurate enough, the gap it reached and the time that took."""
    if row["reached"] == "yes":
        return f"{float(row['seconds']):.3g}"
    if row["note"].startswith(LACKS):
        return "–"
    if not row["gap_rel"]:
        return "not run" if not row["seconds"] else f"> {float(row['seconds']):.3g}"
    word = "time up" if row["reached"] == "timeout" else "no"
    return f"{word}: {float(row['gap_rel']):.0e} in {float(row['seconds']):.3g}"


def refusals(found: list[Duel]) -> str:
    """Why cells are empty."""
    notes: dict[str, list[str]] = {}
    for duel in found:
        for row in [duel.ours, *duel.others]:
            if row["note"] and not row["note"].startswith(LACKS):
                notes.setdefault(f"{row['library']}: {row['note']}", []).append(f"{duel.problem} {duel.task}")
    return "\n".join(f"* {note} ({', '.join(where)})" for note, where in sorted(notes.items()))


def footer(rows: list[Row]) -> str:
    """Where the numbers come from."""
    facts = {name: ", ".join(dict.fromkeys(row[name] for row in rows)) for name in ("versions", "commit", "machine")}
    return f"Machine: {facts['machine']}; versions: {facts['versions']}; commit: {facts['commit']}."
