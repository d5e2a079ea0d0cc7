"""Write docs/inference.md: which method promises what, and what its simulations found, from the committed results.

usage: python -m tools.calibration_table [--check]

--check writes nothing and exits 1 where the page is not what would be written.
"""

import pathlib
import sys

from calibration import study
from calibration.run import studies

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "inference.md"
QUESTIONS = [
    (
        "How many of these would chance have picked?",
        "`riata.mfdr(path)`",
        "marginal false discovery rate, at every λ and for every feature",
    ),
    (
        "Which are picked again and again?",
        "`riata.stability_selection(X, y)`",
        "expected number of false ones (PFER)",
    ),
    (
        "Which matter given all the others?",
        "`riata.knockoff_filter(X, y, fdr=0.1, seed=1)`",
        "expected share of false ones (FDR)",
    ),
    (
        "How large is each effect, selected or not?",
        "`riata.debiased_lasso(X, y, level=0.95)`",
        "coverage of every interval; family-wise error of adjusted p-values",
    ),
    (
        "How large is it, given that it was selected?",
        "`riata.post_selection(X, y, lam=...)`",
        "coverage given the selection; ends may be infinite",
    ),
    (
        "Which survive a test on rows that did not choose them?",
        "`riata.multi_split(X, y)`",
        "family-wise error",
    ),
    (
        "Why this one and not its twin?",
        '`riata.select(X, y).explain("x7")`',
        "nothing: it shows λ at entry, slack, what took its place, and what an exchange would cost",
    ),
    (
        "What does each selected feature stand in for?",
        "`riata.select(X, y).twins()`",
        "nothing: the loss of swapping it for each twin, as a share of what the model gains",
    ),
    (
        "How good are these methods on data like mine?",
        "`riata.select(X, y).validate()`",
        "nothing: simulated FDR, power and coverage on the same rows, each with its standard error",
    ),
    (
        "Does sparsity cost accuracy here?",
        "`riata.compare_l1_l2(X, y)`",
        "nothing: held-out errors side by side",
    ),
]
HEAD = """# Which features, how sure

Written by `make docs`; do not edit. A list of selected features is the beginning of a claim. These functions say how
far it holds, each for an error of its own; the docstrings state target, assumptions and source.

| question | function | what it bounds |
|---|---|---|
{questions}

A least-squares refit of selected features has p-values that are too small, by any amount; riata does not print them.
Sample weights have no scale in riata, and how sure a result is depends on how many rows there are. So mFDR, knockoffs,
debiased, post-selection and split intervals take weights of 0 (the row is gone) and one other value, and refuse weights
that differ: repeat the rows where weights are counts. Stability selection takes any weights: halves are halves of rows.
`riata doctor data.csv -y y` looks at the data before any fit: leaks, twins, constants, identifiers, too few rows.

```python
import riata
from sklearn.datasets import load_diabetes

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
found = riata.mfdr(riata.path(X, y), level=0.1)
print(found.selected)
```

## What the simulations found

`make calibrate` runs them again. Each broken variant is a mistake made on purpose, which the same check has to catch:
its row must be *above* the nominal rate. A row *holds* where it is at most the nominal rate, but for two standard
errors.
"""
TABLE = ["| case | error | nominal | found | ± | data sets | |", "|---|---|---:|---:|---:|---:|---|"]


def page() -> str:
    """The whole page."""
    questions = "\n".join(f"| {' | '.join(cells)} |" for cells in QUESTIONS)
    lines = [HEAD.replace("{questions}", questions)]
    for name in sorted(studies()):
        lines += [f"### {name.replace('_', ' ')}", "", *TABLE]
        for row in study.read(name):
            said = "holds" if row.holds else "above" if row.broken else "**above**"
            case = f"{row.case}; {row.broken}" if row.broken else row.case
            figures = f"{row.nominal:g} | {row.mean:.3f} | {row.se:.3f} | {row.reps}"
            lines.append(f"| {case} | {row.rate} | {figures} | {said} |")
        lines.append("")
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    text = page()
    stale = not PAGE.exists() or PAGE.read_text("utf-8") != text
    if stale and "--check" in argv:
        print("docs/inference.md is not what the results give; run `make docs`", file=sys.stderr)
        return 1
    if stale:
        PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
