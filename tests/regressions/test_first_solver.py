"""Defects found while the first solver was being certified; each failed before its fix."""

import numpy as np
import pytest

from riata.certify import certify
from riata.core.errors import InvalidOption
from riata.path import lam_grid, make_problem, solve_path
from riata.testing import cases, check_path, slow_descent


def test_singular_support_is_not_a_dead_end():
    """Rank 6 in 20 raw columns: the sign step stopped at gap_rel 2e-3 at three λ of fifty (stored honestly)."""
    problem = cases()["rank_deficient"].problem(standardize=False)
    lams = lam_grid(problem, 50, 1e-4)
    found = solve_path(problem, lams)
    check_path(problem, found)
    primal = certify(problem, found.coef[:, 35], found.intercept[35], lams[35]).primal
    assert primal <= slow_descent(problem, lams[35]).objective * (1 + 1e-8)


def test_bounds_survive_the_change_of_units():
    """Clipped in units of the standard deviation, coefficients came back one rounding outside their bounds."""
    problem = make_problem(
        np.array([[0.4131136316741881], [0.7678215136474832]]),
        np.array([5.640422650443282, 5.10490011715304]),
        lower=-0.3,
        upper=0.2,
        fit_intercept=False,
        standardize=False,
    )
    assert solve_path(problem, [1e-3]).coef[0, 0] == 0.2


def test_unpenalised_one_sided_feature_has_a_dual_point():
    """v = 0 with lower = 0: the stored gap_rel was 0.8 for solutions that were optimal."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 6))
    y = X @ [1.0, -1.0, 2.0, 0.0, 0.0, 1.0] + rng.normal(size=50)
    problem = make_problem(X, y, penalty_factor=[0.0, 0.0, 1.0, 1.0, 1.0, 1.0], lower=0.0)
    found = solve_path(problem, lam_grid(problem, 20, 1e-3))
    check_path(problem, found)
    assert np.all(found.coef[0] > 0)
    assert not np.any(found.coef[1])


def test_nan_as_a_scalar_bound_is_refused():
    with pytest.raises(InvalidOption, match="lower"):
        make_problem(np.eye(3), np.arange(3.0), lower=np.nan)


def test_constant_target_has_a_gap_of_exactly_zero():
    """A rounding allowance was added to the bound even where nothing is fitted."""
    found = solve_path(make_problem(cases()["tall"].X, np.full(200, 0.1)), [0.5, 0.1])
    assert found.gap_rel.tolist() == [0.0, 0.0]
    assert found.intercept.tolist() == [0.1, 0.1]
