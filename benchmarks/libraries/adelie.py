"""adelie: grpnet and cv_grpnet, to the end of the grid (its default stops at 90 % of the deviance).

A dense X with n ≥ p goes through its covariance method, Gram matrix included in the time: half the time of the naive
one at 10000 x 1000. It gets one thread, as by default: two took longer on all that was tried (100 x 4000 to
10000 x 1000, beside other load). It needs NumPy 1. Its cross-validation draws its own folds from the global generator:
the rows are permuted so that they are the given ones. There it takes λ_max from single features, of groups too: the
grid is then a little longer at its top. Its multinomial penalty is by rows only, which is another problem than ours.
"""

import adelie as ad
import numpy as np
from threadpoolctl import threadpool_limits

NAME = "adelie"
ENVIRONMENT = "adelie"
REQUIRES = ["adelie==1.1.52", "numpy<2", "scipy", "threadpoolctl", "setuptools"]
START = 8
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
FAMILIES = {
    "binomial": {"sparse", "intercept", "cv"},
    "poisson": {"sparse", "intercept", "cv"},
    "cox": {"sparse", "cv"},
    "multigaussian": {"sparse", "intercept", "cv"},
    "group": {"sparse", "intercept", "cv"},
}
SEED = 0
OPTIONS = {"early_exit": False, "progress_bar": False, "max_iters": 10**9}


def default(work):
    return 1e-7


def versions():
    return f"adelie {ad.__version__} with numpy {np.__version__}"


def matrix(work):
    return ad.matrix.sparse(work.X, method="naive", n_threads=1) if work.sparse else work.X


def model(work):
    weights, y = None if work.weights is None else work.weights / work.weights.sum(), work.y
    if work.family == "cox":
        start = np.full(len(y), y[:, 0].min() - 1.0)
        return ad.glm.cox(start, y[:, 0].copy(), y[:, 1].copy(), tie_method="breslow")
    if work.family == "multigaussian":
        return ad.glm.multigaussian(np.asfortranarray(y))
    if work.family in ("binomial", "poisson"):
        return getattr(ad.glm, work.family)(y)
    return ad.glm.gaussian(y, weights=weights)


def options(work, tol):
    """What every call gets."""
    extra = {} if work.groups is None else {"groups": np.flatnonzero(np.diff(work.groups, prepend=-1))}
    extra |= {} if work.family in ("gaussian", "multigaussian", "group") else {"irls_tol": tol}
    return {**OPTIONS, **extra, "tol": tol, "intercept": work.intercept, "n_threads": 1}


def grid(work):
    """λ on its scale: the loss of K responses is a mean over them too, and a row is penalised times √K by default."""
    return work.lams / work.y.shape[1] ** 1.5 if work.family == "multigaussian" else work.lams


def path(work, tol):
    n, p = work.X.shape
    return naive(work, tol) if work.sparse or n < p or work.family != "gaussian" else covariance(work, tol)


def covariance(work, tol):
    X, y = work.plain()
    with threadpool_limits(work.threads):
        A, v = np.asfortranarray(X.T @ X / len(y)), X.T @ y / len(y)
    return ad.gaussian_cov(A, v, lmda_path=work.lams, alpha=work.l1_ratio, tol=tol, rdev_tol=0, **OPTIONS)


def naive(work, tol):
    return ad.grpnet(matrix(work), model(work), lmda_path=grid(work), alpha=work.l1_ratio, **options(work, tol))


def coefficients(result):
    known = hasattr(result, "X")  # the covariance method knows nothing of an intercept, though it has the attribute
    return result.betas.T, np.asarray(result.intercepts).T if known else None


def prepare(work):
    """The same rows in the order that makes its random folds those of `work`."""
    if work.folds is None:
        return work
    n = len(work.y)
    return work.permuted(np.random.RandomState(SEED).choice(n, n, replace=False))


def cv(work, tol):
    top = np.abs(work.X.T @ (work.y - work.y.mean())).max() / len(work.y) if work.family == "group" else work.lams[0]
    result = ad.cv_grpnet(
        matrix(work),
        model(work),
        n_folds=work.n_folds,
        seed=SEED,
        min_ratio=work.lams[-1] / top,
        lmda_path_size=len(work.lams),
        **options(work, tol),
    )
    rest = {name: value for name, value in options(work, tol).items() if name != "early_exit"}
    fitted = result.fit(matrix(work), model(work), **rest)
    return fitted.betas[-1].toarray().ravel()


def single(work, tol):
    return naive(work, tol).betas[-1].toarray().ravel()
