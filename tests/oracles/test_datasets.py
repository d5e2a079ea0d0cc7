"""Is every λ of every real data set certified, on all rows and in every training fold, dense and sparse?

The sets that take longer (nycflights, movielens, news20, dorothea, fine_foods, the image and speech sets) are done by
tools/certify_datasets.py, whose results are benchmarks/results/certificates.csv.
"""

import numpy as np
import pytest
import scipy.sparse as sp

import riata
from riata.certify import certify_many
from riata.path import lam_grid, make_problem, solve_path
from riata.testing import certify_folds, check_path
from riata.testing.datasets import FAMILIES, load

# name -> which n_lams, lam_min_ratio (None: the default of the shape); chosen so that the whole file takes a minute
SETS = {
    "ames_onehot": (60, 1e-3),
    "boston": (100, None),
    "california_housing": (100, None),
    "cpusmall": (100, None),
    "crime_communities": (100, None),
    "diamonds": (100, None),
    "glmnet_MultiGaussian": (100, None),
    "glmnet_QuickStart": (100, None),
    "glmnet_Sparse": (100, None),
    "hitters": (100, None),
    "hiv_nrti": (50, 1e-3),
    "meats_tecator": (100, 1e-3),
    "ncvreg_Prostate": (100, None),
    "physician": (100, None),
    "riboflavin": (100, None),
    "scheetz_trim32_500": (100, None),
    "yarn_nir": (100, None),
}


def five_folds(n):
    return np.random.default_rng(0).permutation(np.arange(n) % 5)


@pytest.mark.parametrize("name", sorted(SETS))
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_every_lambda_and_fold(shared_data, name, sparse):
    n_lams, ratio = SETS[name]
    for _, X, y in load(shared_data / "data", name).responses():
        dense = X.toarray() if sp.issparse(X) else X
        problem = make_problem(sp.csc_matrix(dense) if sparse else dense, y)
        certify_folds(problem, five_folds(y.size), n_lams=n_lams, lam_min_ratio=ratio).check(1e-8)


@pytest.mark.parametrize("name", sorted(set(SETS) - {"diamonds", "california_housing"}))
@pytest.mark.parametrize(
    "options",
    [{"standardize": False}, {"l1_ratio": 0.5}, {"fit_intercept": False}, {"lower": 0.0}],
    ids=["raw", "elastic_net", "no_intercept", "positive"],
)
def test_every_lambda_with_options(shared_data, name, options):
    for _, X, y in load(shared_data / "data", name).responses()[:1]:
        problem = make_problem(X, y, **options)
        check_path(problem, solve_path(problem, lam_grid(problem, 40, 1e-3)))


@pytest.mark.parametrize("name", ["skf_ALLAML", "colon_raw", "micro_gravier", "sonar", "spam_uci", "skf_lung_small"])
def test_classes_as_numbers(shared_data, name):
    data = load(shared_data / "data", name).signed()
    problem = make_problem(data.X, data.y)
    certify_folds(problem, five_folds(data.y.size)).check(1e-8)


# The other families on all the sets that take seconds; the rest is in benchmarks/results/certificates.csv as well.
QUICK = {
    "binomial": ("colon_raw", "glmnet_Binomial", "ncvreg_Heart", "skf_ALLAML", "sonar", "vw_rcv1_small", "caravan"),
    "multinomial": ("khan_islr_all", "skf_lung_small", "sklearn_iris", "glmnet_Multinomial"),
    "multigaussian": ("glmnet_MultiGaussian",),
    "poisson": ("glmnet_Poisson", "physician"),
    "cox": ("glmnet_Cox", "surv_gse7390", "surv_pbc", "surv_rossi", "surv_veteran"),
}


@pytest.mark.parametrize(("family", "name"), [(family, name) for family, names in QUICK.items() for name in names])
def test_every_lambda_of_every_family(shared_data, family, name):
    """The whole default path is certified at 1e-7, without a warning, and no stored gap is below the certified one."""
    data = load(shared_data / "data", name)
    rows = np.isfinite(data.y).reshape(len(data.y), -1).all(axis=1)
    X, y = data.X[rows], data.y[rows]
    n_lams = 8 if name == "vw_rcv1_small" else 60  # a certificate of a large support takes a second
    path = riata.path(X, y, family=family, n_lams=n_lams)
    problem = make_problem(X, y, family=family)
    gaps = np.array([c.gap_rel for c in certify_many(problem, path.coef, path.intercept, path.lams)])
    assert gaps.max() <= 1e-7
    assert path.gap_rel.max() <= 1e-8
    assert (gaps <= path.gap_rel + 1e-10).all()
    assert path.lams.size == n_lams
    assert path.df[-1] > 0


def test_the_quick_sets_are_some_of_all():
    assert all(set(names) <= set(FAMILIES[family]) for family, names in QUICK.items())
