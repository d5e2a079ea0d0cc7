"""Design matrices: what the solvers may ask of X, for every kind of X."""

from riata.design.base import Design
from riata.design.wrap import as_design

__all__ = ["Design", "as_design"]
