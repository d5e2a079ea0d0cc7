"""Write a new file from a template: one idea, one file; the folder is the registry.

usage: python -m tools.new KIND NAME

KIND is one of TEMPLATES below. An unknown kind, a name that is no Python word or a file that exists is refused, and
nothing is written.
"""

import difflib
import keyword
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

RULE = '''"""Say in one sentence which λ this rule chooses."""

from typing import Any

import numpy as np

name = "NAME"


def index(cv: Any) -> int:
    """Say why one would want that λ, and who proposed it.

    cv.cvm and cv.cvse, shape (n_lams,), are the mean held-out loss and its standard error; cv.lams decreases. The
    result is a position in them.
    """
    return int(np.nanargmin(cv.cvm))
'''

PROBLEM = '''"""Say where the data come from, and what is hard about them."""

import numpy as np


def NAME():
    """200 samples, 1000 features, 10 of them relevant."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 1000))
    return X, X[:, :10] @ rng.standard_normal(10) + rng.standard_normal(200)


PROBLEMS = {"NAME": NAME}
'''

LIBRARY = '''"""Say which library this is, and which options were chosen and why."""

import NAME as library

NAME = "NAME"
ENVIRONMENT = "NAME"
REQUIRES = ["NAME"]
START = 6
CAN = {"sparse"}


def default(work):
    return 1e-4


def versions():
    return f"{NAME} {library.__version__}"


def path(work, tol):
    """Its own path over work.lams for work.X, work.y; only this is timed."""
    raise NotImplementedError


def coefficients(result):
    """(coef (n_features, n_lams), intercepts or None) of what path returned."""
    return result, None
'''

LOSS = '''"""Say in one sentence what this loss is for: fᵢ(η) = ½(yᵢ − η)²."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.losses.base import Array, RowLoss
from riata.losses.targets import no_options, numbers


class TITLE(RowLoss):
    """fᵢ(η) and its link, the options of ``parse`` with their units, and a reference.

    A prediction that is not η itself asks for ``link``, one of those that riata.losses.base knows. A loss that is no
    sum over rows, or has several outputs, is a subclass of ``Loss`` instead.
    """

    name = "NAME"
    words = "say what kind of target it takes"

    def __init__(self, y: Array) -> None:
        self.y = y

    @classmethod
    def parse(cls, y: Any, **options: Any) -> TITLE:
        no_options(cls.name, options)
        return cls(numbers(y))

    @classmethod
    def examples(cls, rng: np.random.Generator, n: int) -> list[tuple[Any, dict[str, Any]]]:
        return [(rng.normal(size=n), {})]

    def rows(self, eta: Array) -> Array:
        return 0.5 * (eta - self.y) ** 2

    def slope(self, eta: Array) -> Array:
        return eta - self.y

    def curve(self, eta: Array) -> Array:
        return np.ones_like(eta)

    def row_conjugate(self, u: Array) -> Array:
        """sup over η of uη − fᵢ(η); +∞ outside its domain."""
        return u * (0.5 * u + self.y)

    def row_gap(self, eta: Array, u: Array) -> Array:
        """fᵢ(η) + fᵢ*(u) − uη ≥ 0, written so that nothing cancels where it is small."""
        return 0.5 * (eta - self.y - u) ** 2

    def intercepts(self, offset: Array, s: Array) -> tuple[float, float]:
        rest = (self.y - offset)[s > 0]
        return float(rest.min()), float(rest.max())

    def mean(self, eta: Array) -> Array:
        return eta
'''

PENALTY = '''"""Say in one sentence what this penalty is for."""

from __future__ import annotations

import dataclasses

import numpy as np

from riata.penalties.base import Concave, Floats, above


@dataclasses.dataclass(frozen=True)
class TITLE(Concave):
    """p(u; λ) = λ γ (1 − exp(−|u|/γ)), what γ means and its default, and a reference.

    The fields are the options that users pass to riata.path. A penalty that is not concave is a subclass of ``Penalty``
    instead, and says in ``on`` or ``learn`` what it makes of a problem.
    """

    gamma: float = 1.0

    name = "NAME"
    words = "say in a line what it does to coefficients"
    formula = "λγ(1 − exp(−|u|/γ))"

    def __post_init__(self) -> None:
        above("gamma", self.gamma, 0.0, "is where the slope has fallen to 1/e.")

    def value(self, t: Floats, lam: Floats) -> Floats:
        """p(t; λ) for t ≥ 0; 0 at 0."""
        return -lam * self.gamma * np.expm1(-t / self.gamma)

    def slope(self, t: Floats, lam: Floats) -> Floats:
        """p'(t; λ) ≥ 0, never increasing in t; λ at 0."""
        return lam * np.exp(-t / self.gamma)
'''

# Kind -> (folder, template, what to do next). A new registry adds its line here.
TEMPLATES = {
    "rule": ("src/riata/select/rules", RULE, "make test ARGS=tests/contracts"),
    "problem": ("benchmarks/problems", PROBLEM, "make bench NAME={name}"),
    "library": ("benchmarks/libraries", LIBRARY, "make bench NAME=diabetes"),
    "loss": ("src/riata/losses", LOSS, "make test ARGS=tests/contracts"),
    "penalty": ("src/riata/penalties", PENALTY, "make docs, then make test ARGS=tests/contracts"),
}


def write(kind: str, name: str, root: pathlib.Path = ROOT) -> str:
    """Write the file and return what to do next; SystemExit with a sentence where that cannot be."""
    usage = f"usage: make new KIND={'|'.join(TEMPLATES)} NAME=<word>"
    if kind not in TEMPLATES:
        close = difflib.get_close_matches(kind, TEMPLATES, n=1)
        guess = f' (did you mean "{close[0]}"?)' if close else ""
        raise SystemExit(f'there is no kind "{kind}"{guess}\n{usage}')
    if not name.isidentifier() or keyword.iskeyword(name) or name != name.lower():
        raise SystemExit(f'NAME must be a Python word in lower case, got "{name}"\n{usage}')
    folder, template, command = TEMPLATES[kind]
    file = root / folder / f"{name}.py"
    if file.exists():
        raise SystemExit(f"{folder}/{name}.py exists already")
    file.write_text(fill(kind, template, name), "utf-8")
    return f"wrote {folder}/{name}.py; fill it in, then run: {command.format(name=name)}"


def fill(kind: str, template: str, name: str) -> str:
    """The template with the name put in; a library keeps its constant NAME."""
    if kind == "library":
        return re.sub(r'"NAME"', f'"{name}"', template).replace("import NAME", f"import {name}")
    return template.replace("NAME", name).replace("TITLE", name.title().replace("_", ""))


def main(argv: list[str]) -> int:
    if len(argv) != 2:
        raise SystemExit(__doc__)
    print(write(*argv))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
