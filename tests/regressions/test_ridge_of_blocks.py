"""A ridge on groups or several outputs had the grid inf, inf, …; on a sparse group its λ_max was never found."""

import numpy as np
import pytest

import riata

rng = np.random.default_rng(3)
X = rng.standard_normal((60, 4))
Y = X[:, :2] + rng.standard_normal((60, 2))
CASES = {
    "several numbers": (Y, {"family": "multigaussian"}),
    "classes": (np.digitize(Y[:, 0], [-1, 1]), {"family": "multinomial", "penalty": "group"}),
    "groups": (Y[:, 0], {"penalty": "group", "groups": [[0, 1], [2, 3]]}),
    "sparse groups": (Y[:, 0], {"penalty": "sparse_group", "groups": [[0, 1], [2, 3]]}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_grid_is_finite_and_the_solutions_are_certified(case):
    y, options = CASES[case]
    path = riata.path(X, y, l1_ratio=0.0, n_lams=7, **options)
    assert np.isfinite(path.lams).all()
    assert (np.diff(path.lams) < 0).all()
    assert path.df.tolist() == [4] * 7
    problem = riata.make_problem(X, y, l1_ratio=0.0, **options)
    for lam in path.lams[[0, 3, 6]]:
        coef, intercept = path.at(lam)
        assert riata.certify(problem, coef, intercept, lam).gap_rel <= 1e-8


def test_single_features_start_where_a_ridge_without_blocks_does():
    options = {"family": "huber", "l1_ratio": 0.0, "n_lams": 3, "tol": 1e-13}
    plain, single = (riata.path(X, Y[:, 0], penalty=penalty, **options) for penalty in ("l1", "group"))
    assert single.lams == pytest.approx(plain.lams, rel=1e-9)
    assert single.coef == pytest.approx(plain.coef, rel=1e-4, abs=1e-7)


def test_a_comparison_of_several_targets_has_a_ridge():
    found = riata.compare(X, Y, family="multigaussian", n_lams=10, folds=3)
    assert found.fits["ridge"].path.df.max() == 4
    assert found.fits["ridge"].cvm.min() < 1.2 * found.fits["lasso"].cvm.min()
