"""A result's picture as a file, on a figure of its own: no window, no global state."""

from __future__ import annotations

import io
import os
from typing import Any

from riata.core.errors import need
from riata.model.files import write_atomically
from riata.plot.draw import draw
from riata.table.write import form_of

FORMATS = ("png", "svg", "pdf")


def check(where: str | os.PathLike[str]) -> str:
    """The format that the name asks for; MissingExtra or InvalidOption now, not after the work."""
    need("matplotlib", "plot")
    return form_of(where, FORMATS, "a picture")


def save(result: Any, where: str | os.PathLike[str]) -> None:
    """Draw ``result`` as its ``plot()`` does and write it, whole or not at all."""
    form = check(where)
    figure = need("matplotlib.figure", "plot").Figure(figsize=(8.0, 5.0), layout="constrained")
    draw(result, ax=figure.subplots())
    out = io.BytesIO()
    figure.savefig(out, format=form, dpi=150)
    write_atomically(where, out.getvalue())
