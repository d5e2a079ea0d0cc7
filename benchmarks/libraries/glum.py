"""glum: iteratively reweighted least squares, coordinate descent on a p by p Hessian; made for n much larger than p.

Its tolerance is absolute, on the gradient: it is multiplied by λ_max.
"""

import dataclasses

import glum
import scipy.sparse
from glum import GeneralizedLinearRegressor, GeneralizedLinearRegressorCV
from threadpoolctl import threadpool_limits

NAME = "glum"
ENVIRONMENT = "glum"
REQUIRES = ["glum==3.4.1", "threadpoolctl"]
START = 4
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
FAMILIES = {"binomial": {"sparse", "intercept", "cv"}, "poisson": {"sparse", "intercept", "cv"}}
COLUMNS = 2500  # its Hessian is dense: 50 MB here, 32 GB at 63 000 columns, and rebuilt at every λ
OPTIONS = {"max_iter": 1000, "copy_X": False}


def default(work):
    return 1e-4 / float(work.lams[0])


def versions():
    return f"glum {glum.__version__}"


def refuses(work):
    p = work.X.shape[1]
    return f"a dense Hessian of {p} x {p} at every lambda: not tried above {COLUMNS}" if p > COLUMNS else ""


def options(work, tol):
    return {
        "family": "normal" if work.family == "gaussian" else work.family,
        "l1_ratio": work.l1_ratio,
        "gradient_tol": tol * float(work.lams[0]),
        "fit_intercept": work.intercept,
        **OPTIONS,
    }


def prepare(work):
    """It knows sparse matrices, not sparse arrays."""
    return dataclasses.replace(work, X=scipy.sparse.csc_matrix(work.X)) if work.sparse else work


def path(work, tol):
    model = GeneralizedLinearRegressor(alpha_search=True, alphas=work.lams, **options(work, tol))
    with threadpool_limits(work.threads):
        return model.fit(work.X, work.y, sample_weight=work.weights)


def coefficients(result):
    return result.coef_path_.T, result.intercept_path_


def cv(work, tol):
    model = GeneralizedLinearRegressorCV(alphas=work.lams, cv=work.splits, n_jobs=work.threads, **options(work, tol))
    return model.fit(work.X, work.y).coef_


def single(work, tol):
    model = GeneralizedLinearRegressor(alpha=work.lams[0], **options(work, tol))
    return model.fit(work.X, work.y).coef_
