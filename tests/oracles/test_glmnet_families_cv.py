"""Do folds scored by deviance, AUC, error rate and concordance agree with R's cv.glmnet at the same λ?

surv_pbc has tied deaths: its deviance agrees only if each partial likelihood is taken less its own supremum (without
that it is off by a constant, 0.0999).
"""

import numpy as np
import pytest

from riata.path import make_problem
from riata.select.cv import cross_validate

# glmnet's name of the score -> (ours, ours as a function of its value, and the factor between the standard errors)
SCORES = {
    "deviance": ("deviance", lambda x: x, 1.0),
    "auc": ("auc", lambda x: x, 1.0),
    "class": ("accuracy", lambda x: 1.0 - x, 1.0),
    "mae": ("mae", lambda x: x / 2.0, 0.5),  # glmnet sums over both classes
    "mse": ("mse", lambda x: x / 2.0, 0.5),
    "C": ("c_index", lambda x: x, 1.0),
}
EXACT = [
    "ncvreg_Heart__cvx_binomial_deviance",
    "ncvreg_Heart__cvx_binomial_auc",
    "ncvreg_Heart__cvx_binomial_class",
    "ncvreg_Heart__cvx_binomial_mae",
    "ncvreg_Heart__cvx_binomial_mse",
    "glmnet_Poisson__cvx_poisson_deviance",
    "glmnet_Cox__cvx_cox_deviance",
    "glmnet_Cox__cvx_cox_C",
    "surv_pbc__cvx_cox_deviance_censshift",
]


def cross_validated(glmnet, name):
    stored, meta = glmnet.stored(name)
    X, y = glmnet.data(meta["dataset"])
    measure, value, factor = SCORES[meta["measure_key"]]
    problem = make_problem(X, y, family=meta["family"])
    foldid = (stored["foldid"].astype(int) - 1).reshape(1, -1)
    found = cross_validate(problem, stored["lambda"], foldid=foldid, tol=1e-12, measure=measure)
    return stored, found, value(stored["cvm"]), factor * stored["cvsd"]


@pytest.mark.parametrize("name", EXACT)
def test_exact_folds(glmnet, name):
    stored, found, cvm, cvsd = cross_validated(glmnet, name)
    np.testing.assert_allclose(found.cvm, cvm, rtol=1e-6)
    np.testing.assert_allclose(found.cvse, cvsd, rtol=2e-6)
    assert found.lam("min") == pytest.approx(float(stored["lambda_min"]), rel=1e-12)
    assert found.lam("1se") == pytest.approx(float(stored["lambda_1se"]), rel=1e-12)
    assert np.max(found.gap_rel) <= 1e-10
