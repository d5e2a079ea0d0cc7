"""What the tests of the report share: a reader of its HTML, and selections with awkward names."""

import html.parser
import json

import numpy as np

VOID = {"meta", "link", "input", "path", "polyline", "circle", "br"}


class Page(html.parser.HTMLParser):
    """The elements of a page, the words of its tables and its numbers; says where tags do not match."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.faults = [], [], []
        self.tables, self.scripts, self.words = [], [], ""  # of the features first, whatever their order on the page
        self.feed(text)
        self.tables.sort(key=lambda table: table[0][0] != "feature")
        self.faults += [f"never closed: {name}" for name in self.open]

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name == "table":
            self.tables.append([])
        elif name == "tr":
            self.tables[-1].append([])
        elif name in ("td", "th"):
            self.tables[-1][-1].append("")
        elif name == "script":
            self.scripts.append("")
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, name, attributes):
        self.elements.append((name, dict(attributes)))

    def handle_endtag(self, name):
        if not self.open or self.open.pop() != name:
            self.faults.append(f"unexpected </{name}> at {self.getpos()}")

    def handle_data(self, data):
        self.words += data
        if "script" in self.open:
            self.scripts[-1] += data
        elif any(name in ("td", "th") for name in self.open):
            self.tables[-1][-1][-1] += data

    @property
    def numbers(self):
        return json.loads(self.scripts[0])

    def named(self, name):
        return [attributes for found, attributes in self.elements if found == name]


def path_of(page, n_lams):
    """(feature, output) -> coefficients along the path, from the numbers inside a page."""
    out = {}
    for row in page.numbers["rows"]:
        values = np.zeros(n_lams)
        values[row["a"] : row["a"] + len(row["v"])] = row["v"]
        out[row["n"], row.get("o")] = values
    return out


NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><b>",
    "A & b | `c`",
    "'); --",
    "x\x1b[31m",
]


def nasty_frame(n=90, seed=3):
    """A frame of pandas whose names try to be markup, and a target that all of them predict."""
    import pandas

    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, len(NASTY)))
    y = X @ np.arange(1.0, 1 + len(NASTY)) + 0.1 * rng.standard_normal(n)
    return pandas.DataFrame(X, columns=NASTY).assign(**{"<i>y</i>": y})
