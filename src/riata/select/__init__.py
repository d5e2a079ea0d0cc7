"""Choosing λ and features: folds, cross-validation, rules, and `riata.select(frame, "price")` over them."""

from riata.core.callable_module import make_callable
from riata.select.api import select
from riata.select.out_of_fold import OutOfFold
from riata.select.selection import Selection

__all__ = ["OutOfFold", "Selection", "select"]

make_callable(__name__, select)
