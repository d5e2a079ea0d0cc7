"""`riata.convert(model, to="sql")`: a fitted model for where riata is not installed."""

from riata.convert.api import convert
from riata.core.callable_module import make_callable

__all__ = ["convert"]

make_callable(__name__, convert)
