"""The one way up: a result's ``plot`` asks the table of public names for the picture, as its user would."""

from __future__ import annotations

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
