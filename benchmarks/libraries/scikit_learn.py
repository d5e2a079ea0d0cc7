"""scikit-learn's coordinate descent: lasso_path with its automatic Gram matrix (n > p), LassoCV over threads.

Its path function has neither intercept nor weights: the columns are centred and the rows scaled by hand, inside the
time. BLAS gets all threads where a Gram matrix is built; in descent its threads only cost.
"""

import contextlib

import sklearn
from sklearn.linear_model import ElasticNet, LassoCV, enet_path
from threadpoolctl import threadpool_limits

NAME = "scikit-learn"
ENVIRONMENT = ""
REQUIRES = ["scikit-learn"]
START = 5
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
SWEEPS = 1_000_000  # never the limit that stops it: `tol` is


def default(work):
    return 1e-4


def versions():
    return f"scikit-learn {sklearn.__version__}"


def path(work, tol):
    X, y = work.plain()
    wide = work.sparse or X.shape[0] <= X.shape[1]
    with contextlib.nullcontext() if wide else threadpool_limits(work.threads):
        return enet_path(X, y, l1_ratio=work.l1_ratio, alphas=work.lams, tol=tol, max_iter=SWEEPS, copy_X=False)


def coefficients(result):
    return result[1], None


def cv(work, tol):
    model = LassoCV(
        alphas=work.lams,
        cv=work.splits,
        tol=tol,
        n_jobs=work.threads,
        max_iter=SWEEPS,
        fit_intercept=work.intercept,
        copy_X=False,
    )
    return model.fit(work.X, work.y).coef_


def single(work, tol):
    model = ElasticNet(work.lams[0], l1_ratio=work.l1_ratio, tol=tol, max_iter=SWEEPS, fit_intercept=work.intercept)
    return model.fit(work.X, work.y).coef_
