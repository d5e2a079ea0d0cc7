"""adelie: grpnet and cv_grpnet, to the end of the grid (its default stops at 90 % of the deviance).

A dense X with n ≥ p goes through its covariance method, Gram matrix included in the time: half the time of the naive
one at 10000 x 1000. It gets one thread, as by default: two took longer on all that was tried (100 x 4000 to
10000 x 1000, beside other load). It needs NumPy 1. Its cross-validation draws its own folds from the global generator:
the rows are permuted so that they are the given ones.
"""

import adelie as ad
import numpy as np
from threadpoolctl import threadpool_limits

NAME = "adelie"
ENVIRONMENT = "adelie"
REQUIRES = ["adelie==1.1.52", "numpy<2", "scipy", "threadpoolctl", "setuptools"]
START = 8
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
SEED = 0
OPTIONS = {"early_exit": False, "progress_bar": False, "max_iters": 10**9}


def default(work):
    return 1e-7


def versions():
    return f"adelie {ad.__version__} with numpy {np.__version__}"


def matrix(work):
    return ad.matrix.sparse(work.X, method="naive", n_threads=1) if work.sparse else work.X


def model(work):
    weights = None if work.weights is None else work.weights / work.weights.sum()
    return ad.glm.gaussian(work.y, weights=weights)


def path(work, tol):
    n, p = work.X.shape
    return naive(work, tol) if work.sparse or n < p else covariance(work, tol)


def covariance(work, tol):
    X, y = work.plain()
    with threadpool_limits(work.threads):
        A, v = np.asfortranarray(X.T @ X / len(y)), X.T @ y / len(y)
    return ad.gaussian_cov(A, v, lmda_path=work.lams, alpha=work.l1_ratio, tol=tol, rdev_tol=0, **OPTIONS)


def naive(work, tol):
    return ad.grpnet(
        matrix(work),
        model(work),
        lmda_path=work.lams,
        alpha=work.l1_ratio,
        tol=tol,
        intercept=work.intercept,
        n_threads=1,
        **OPTIONS,
    )


def coefficients(result):
    known = hasattr(result, "X")  # the covariance method knows nothing of an intercept, though it has the attribute
    return result.betas.T, result.intercepts if known else None


def prepare(work):
    """The same rows in the order that makes its random folds those of `work`."""
    if work.folds is None:
        return work
    n = len(work.y)
    return work.permuted(np.random.RandomState(SEED).choice(n, n, replace=False))


def cv(work, tol):
    result = ad.cv_grpnet(
        matrix(work),
        model(work),
        n_folds=work.n_folds,
        seed=SEED,
        min_ratio=work.lams[-1] / work.lams[0],
        lmda_path_size=len(work.lams),
        n_threads=1,
        tol=tol,
        intercept=work.intercept,
        **OPTIONS,
    )
    rest = {name: value for name, value in OPTIONS.items() if name != "early_exit"}
    fitted = result.fit(matrix(work), model(work), n_threads=1, tol=tol, intercept=work.intercept, **rest)
    return fitted.betas[-1].toarray().ravel()


def single(work, tol):
    return naive(work, tol).betas[-1].toarray().ravel()
