"""adelie: grpnet and cv_grpnet, to the end of the grid (its default stops at 90 % of the deviance).

It needs NumPy 1. Its cross-validation draws its own folds from the global generator: the rows are permuted so that they
are the given ones.
"""

import adelie as ad
import numpy as np

NAME = "adelie"
ENVIRONMENT = "adelie"
REQUIRES = ["adelie==1.1.52", "numpy<2", "scipy", "setuptools"]
START = 8
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
SEED = 0
OPTIONS = {"early_exit": False, "progress_bar": False, "max_iters": 10**9}


def default(work):
    return 1e-7


def versions():
    return f"adelie {ad.__version__} with numpy {np.__version__}"


def matrix(work):
    return ad.matrix.sparse(work.X, method="naive", n_threads=work.threads) if work.sparse else work.X


def model(work):
    weights = None if work.weights is None else work.weights / work.weights.sum()
    return ad.glm.gaussian(work.y, weights=weights)


def path(work, tol):
    return ad.grpnet(
        matrix(work),
        model(work),
        lmda_path=work.lams,
        alpha=work.l1_ratio,
        tol=tol,
        intercept=work.intercept,
        n_threads=work.threads,
        **OPTIONS,
    )


def coefficients(result):
    return result.betas.T, result.intercepts


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
        n_threads=work.threads,
        tol=tol,
        intercept=work.intercept,
        **OPTIONS,
    )
    rest = {name: value for name, value in OPTIONS.items() if name != "early_exit"}
    fitted = result.fit(matrix(work), model(work), n_threads=work.threads, tol=tol, intercept=work.intercept, **rest)
    return fitted.betas[-1].toarray().ravel()


def single(work, tol):
    return path(work, tol).betas[-1].toarray().ravel()
