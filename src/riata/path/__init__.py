"""Lasso paths: the λ grid, the solve, and the front that checks what it is given."""

from riata.core.callable_module import make_callable
from riata.path.build import make_problem
from riata.path.drive import solve_path
from riata.path.fit import default_grid, fit_path, learnt
from riata.path.front import path
from riata.path.grid import lam_grid, lam_max

__all__ = ["default_grid", "fit_path", "lam_grid", "lam_max", "learnt", "make_problem", "path", "solve_path"]

make_callable(__name__, path)
