"""The independent check of a solution: residual, dual point, gap and stationarity from scratch.

Nothing here imports a kernel or a solver: what this package says about a solution is computed
from the problem and the coefficients alone.
"""

from riata.certify.check import certify, certify_many
from riata.certify.gaussian import Certificate
from riata.core.callable_module import make_callable

__all__ = ["Certificate", "certify", "certify_many"]

make_callable(__name__, certify)
