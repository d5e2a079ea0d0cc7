"""The compiled path on a Gram matrix: what it follows from step to step stays right, and costs what it should."""

import numpy as np
import pytest

from riata.kernels import gram
from riata.path import lam_grid, make_problem, solve_path
from riata.solve.engine import engine
from riata.testing import check_path


def correlated(n=200, p=60, seed=0):
    """Smooth curves, as spectra are: along the path, features leave as well as enter."""
    rng = np.random.default_rng(seed)
    X = np.cumsum(np.cumsum(rng.normal(size=(n, p)), axis=1), axis=1)
    return X, X[:, ::9] @ rng.normal(size=len(range(0, p, 9))) + 50.0 * rng.normal(size=n)


def path_on_gram(problem, lams, ahead=True):
    """(G, q, U, deviances, factors built) of the kernel."""
    p, count = problem.n_features, len(lams)
    with engine(problem) as run:
        G, q = run.lane(0)
        s = run.scaling()
        U, found = np.zeros((p, count), order="F"), np.zeros((3, count))
        built = gram.path_gram(
            G, q, 1.0, lams, s.y_norm, s.a, s.b, s.lo, s.up, U, found, np.zeros(count, np.int32), 1e-12, 1000, ahead
        )
    return G, q, U, found[1], built


@pytest.mark.parametrize("ahead", [True, False])
def test_correlations_are_followed_where_features_leave(ahead):
    problem = make_problem(*correlated())
    lams = lam_grid(problem, 100, 1e-4)
    G, q, U, deviance, _ = path_on_gram(problem, lams, ahead)
    on = U != 0
    assert np.count_nonzero(on[:, :-1] & ~on[:, 1:]) >= 10  # otherwise this tests nothing
    expected = 2.0 * q @ U - np.einsum("jl,jl->l", U, G @ U)
    np.testing.assert_allclose(deviance, expected, rtol=0, atol=1e-13)
    check_path(problem, solve_path(problem, lams, tricks={"foretell": ahead}))


def test_the_factor_is_kept_up_by_updates():
    """Newcomers are appended, one by one or as a block: a wrong append would be noticed and the factor made anew."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 150))
    problem = make_problem(X, X[:, :90] @ rng.normal(size=90) + rng.normal(size=900))
    *_, U, _, built = path_on_gram(problem, lam_grid(problem, 30, 1e-3))
    assert np.count_nonzero(U[:, -1]) > 140
    assert built <= 8


def test_features_are_foretold_with_their_sign():
    """Ahead of its violation a coordinate enters with the right sign: one round for most λ, and not two."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(600, 80))
    problem = make_problem(X, X @ rng.normal(size=80) + rng.normal(size=600))
    rounds = solve_path(problem, lam_grid(problem, 200, 1e-3)).stats["rounds"]
    assert rounds <= 225
