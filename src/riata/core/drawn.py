"""The one way up: a result's ``plot`` asks the table of public names for the picture, as its user would."""

from __future__ import annotations

import sys
from typing import Any


class Drawn:
    """Mixin of results that have a picture: ``result.plot()`` is ``riata.plot.draw(result)``."""

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw it with matplotlib, on ``ax`` or new axes, and return the axes; the options are the picture's own.

        See :mod:`riata.plot`. Raises MissingExtra, with the command to install it, where matplotlib is missing.
        """
        return sys.modules["riata"].plot.draw(self, ax=ax, **options)
