"""celer: working sets with dual extrapolation; celer_path, and LassoCV over threads.

celer 0.7.4's LassoCV fails with new versions of scikit-learn, so that it gets an older one. Its path has neither
intercept nor weights of samples: both are done by hand, inside the time.
"""

import celer
import sklearn
from celer import Lasso, LassoCV, celer_path

NAME = "celer"
ENVIRONMENT = "celer"
REQUIRES = ["celer==0.7.4", "scikit-learn<1.7", "setuptools"]
START = 6
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
LIMITS = {"max_iter": 1000, "max_epochs": 1_000_000}  # never what stops it: `tol` is


def default(work):
    return 1e-6


def versions():
    return f"celer {celer.__version__} with scikit-learn {sklearn.__version__}"


def path(work, tol):
    X, y = work.plain()
    return celer_path(X, y, "lasso", alphas=work.lams, l1_ratio=work.l1_ratio, tol=tol, prune=1, **LIMITS)


def coefficients(result):
    return result[1], None


def cv(work, tol):
    model = LassoCV(
        alphas=work.lams, cv=work.splits, tol=tol, n_jobs=work.threads, fit_intercept=work.intercept, **LIMITS
    )
    return model.fit(work.X, work.y).coef_


def single(work, tol):
    return Lasso(work.lams[0], tol=tol, fit_intercept=work.intercept, **LIMITS).fit(work.X, work.y).coef_
