"""The way up: a result's ``plot``, ``report`` and ``validate`` ask the table of public names for theirs."""

from __future__ import annotations

import os
import sys
from typing import Any


class Drawn:
    """Mixin of results that have a picture: ``result.plot()`` is ``riata.plot.draw(result)``.

    A class that the pictures cannot know, because it needs an extra, names its function in ``picture``.
    """

    picture = "draw"

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw it with matplotlib, on ``ax`` or new axes, and return the axes; the options are the picture's own.

        See :mod:`riata.plot`. Raises MissingExtra, with the command to install it, where matplotlib is missing.
        """
        return getattr(sys.modules["riata"].plot, self.picture)(self, ax=ax, **options)


class Reported:
    """Mixin of results that have a report: ``result.report("r.html")`` is ``riata.report.write(result, "r.html")``."""

    def report(self, where: str | os.PathLike[str], *, stability: Any = None, intervals: Any = None) -> None:
        """Write the report as one HTML file, whole or not at all; it opens from disk and needs no network.

        It holds no row of the data: coefficients along the path, held-out errors and what they look like in bins, and
        the calls that make it again. What riata.stability_selection and riata.debiased_lasso (or multi_split,
        post_selection) found on the same data becomes columns of its table, if given.
        """
        sys.modules["riata"].report.write(self, where, stability=stability, intervals=intervals)

    def to_markdown(self, *, stability: Any = None, intervals: Any = None) -> str:
        """The report as Markdown, without its pictures; arguments as of :meth:`report`."""
        return str(sys.modules["riata"].report.markdown(self, stability=stability, intervals=intervals))

    def to_json(self, *, stability: Any = None, intervals: Any = None) -> str:
        """The report's numbers as JSON; ``schema`` in it names the version; arguments as of :meth:`report`."""
        return str(sys.modules["riata"].report.json(self, stability=stability, intervals=intervals))

    def _repr_html_(self) -> str:
        return str(sys.modules["riata"].report.notebook(self))


class Validated:
    """Mixin of results that can be tried on data like theirs: ``result.validate()`` is ``riata.validate(result)``."""

    def validate(self, **options: Any) -> Any:
        """What error rates, power and coverage the methods have on data like these: see :func:`riata.validate`."""
        return sys.modules["riata"].validate(self, **options)
