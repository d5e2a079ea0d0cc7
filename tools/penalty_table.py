"""Write docs/penalties.md: every penalty with its options, and which loss it goes with, from the registries.

usage: python -m tools.penalty_table [--check]

--check writes nothing and exits 1 where the page is not what would be written.
"""

import dataclasses
import pathlib
import sys

import numpy as np

from riata.losses import losses
from riata.penalties import penalties

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs" / "penalties.md"
HEAD = """# Penalties

Written by `make docs` from `src/riata/penalties` and `src/riata/losses`; do not edit. A penalty is asked for by name,
with its options beside it: `riata.path(X, y, penalty="mcp", gamma=2.5)`. *u* is a coefficient times its column's
standard deviation (as it is with `standardize=False`), λ carries the feature's `penalty_factor`.
"""
CONCAVE = """
Under a concave penalty the objective may have several minima and no duality gap exists: `path.gap_rel` is NaN and
`path.stationarity` says how far each solution is from a stationary point. Solutions depend on the grid, since each λ
starts from the solution at the λ before. `mcp` and `scad` are bounded: where the features that they let in separate two
classes, the likelihood has no maximum and coefficients grow until its slope is below the tolerance; end the grid
earlier (`lam_min_ratio`) or take `log`. Folds of a cross-validation under such a penalty, under an adaptive one (whose
factors every training fold learns for itself), or with the family "sqrt" are solved one by one.
"""


def outputs(name: str) -> int:
    """How many linear predictors the loss has."""
    cls = losses()[name]
    y, options = cls.examples(np.random.default_rng(0), 12)[0]
    return cls.parse(y, **options).n_outputs


def combinations() -> list[tuple[str, str]]:
    """Every (penalty, loss) that go together."""
    wide = {name: outputs(name) for name in losses()}
    return [
        (penalty, loss)
        for penalty, cls in sorted(penalties().items())
        for loss in sorted(losses())
        if cls.takes(wide[loss])
    ]


def defaults(cls: type) -> str:
    """Its options, each with its default."""
    return ", ".join(f"`{field.name}={field.default!r}`" for field in dataclasses.fields(cls)) or "–"


def page() -> str:
    """The whole page."""
    lines = [HEAD, "| penalty | what it does | p(u; λ) | options | convex | `l1_ratio` |", "|---|---|---|---|---|---|"]
    for name, cls in sorted(penalties().items()):
        facts = [f"`{name}`", cls.words, cls.formula.replace("|", "\\|"), defaults(cls)]
        lines.append(f"| {' | '.join([*facts, *('yes' if x else 'no' for x in (cls.convex, cls.l1_ratio))])} |")
    known, together = sorted(losses()), set(combinations())
    lines += [
        "",
        "## Which goes with which loss",
        "",
        f"| penalty | {' | '.join(known)} |",
        "|---" * (1 + len(known)) + "|",
    ]
    for name in sorted(penalties()):
        lines.append(f"| `{name}` | {' | '.join('yes' if (name, loss) in together else '–' for loss in known)} |")
    return "\n".join([*lines, CONCAVE])


def main(argv: list[str]) -> int:
    text = page()
    stale = not PAGE.exists() or PAGE.read_text("utf-8") != text
    if stale and "--check" in argv:
        print("docs/penalties.md is not what the registries give; run `make docs`", file=sys.stderr)
        return 1
    if stale:
        PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
