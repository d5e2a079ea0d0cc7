"""Why the lasso sets coefficients to zero, drawn from your data: every curve is computed, none is drawn by hand.

* :func:`touching`   the ball of a penalty, the contours of your loss, the point where they touch, and its way as the
  ball shrinks
* :func:`ball`       unit balls of penalties in two and three dimensions
* :func:`thresholds` what each penalty does to a single coefficient
* :func:`kkt`        the condition that keeps a coefficient at zero, along the path

Each returns the axes it drew on (matplotlib, the extra ``plot``).
"""

from riata.geometry.ball import ball
from riata.geometry.kkt import kkt
from riata.geometry.thresholds import thresholds
from riata.geometry.touching import touching

__all__ = ["ball", "kkt", "thresholds", "touching"]
