"""scikit-learn's coordinate descent: lasso_path with its automatic Gram matrix (n > p), LassoCV over threads.

Its path function has neither intercept nor weights: the columns are centred and the rows scaled by hand, inside the
time. BLAS gets all threads where a Gram matrix is built; in descent its threads only cost.

Classes go through LogisticRegression with saga, warm-started along the grid; without an intercept through liblinear,
which would penalise one and starts anew at every λ. LogisticRegressionCV takes C = 1/(nλ) for the folds too.
"""

import contextlib

import numpy as np
import sklearn
from sklearn.linear_model import (
    ElasticNet,
    LassoCV,
    LogisticRegression,
    LogisticRegressionCV,
    MultiTaskLassoCV,
    enet_path,
)
from threadpoolctl import threadpool_limits

NAME = "scikit-learn"
ENVIRONMENT = ""
REQUIRES = ["scikit-learn"]
START = 5
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
FAMILIES = {
    "binomial": {"sparse", "intercept", "cv"},
    "multinomial": {"sparse", "intercept", "cv"},
    "multigaussian": {"intercept", "cv"},
}
SWEEPS = 1_000_000  # never the limit that stops it: `tol` is


def default(work):
    return 1e-4


def versions():
    return f"scikit-learn {sklearn.__version__}"


def classes(work, tol):
    """The options of both logistic classes."""
    solver = "saga" if work.intercept else "liblinear"
    return {"solver": solver, "tol": tol, "max_iter": SWEEPS, "fit_intercept": work.intercept, "random_state": 0}


def logistic_path(work, tol):
    model, found = LogisticRegression(l1_ratio=1.0, warm_start=True, **classes(work, tol)), []
    for lam in work.lams:
        model.C = 1.0 / (len(work.y) * lam)
        model.fit(work.X, work.y)
        found.append((model.coef_.copy(), np.copy(model.intercept_)))
    coef, intercept = (np.stack(values, axis=-1) for values in zip(*found, strict=True))
    return None, coef, intercept


def path(work, tol):
    if work.family in ("binomial", "multinomial"):
        return logistic_path(work, tol)
    X, y = work.plain()
    wide = work.sparse or X.shape[0] <= X.shape[1]
    with contextlib.nullcontext() if wide else threadpool_limits(work.threads):
        return enet_path(X, y, l1_ratio=work.l1_ratio, alphas=work.lams, tol=tol, max_iter=SWEEPS, copy_X=False)


def coefficients(result):
    alphas, coef, last = result
    coef = coef if coef.ndim == 2 else coef.transpose(1, 0, 2)  # (K, p, L); two classes share one row
    return coef, last if alphas is None else None  # of enet_path the last are its gaps


def cv(work, tol):
    if work.family in ("binomial", "multinomial"):
        model = LogisticRegressionCV(
            Cs=1.0 / (len(work.y) * work.lams), l1_ratios=(1.0,), cv=work.splits, scoring="neg_log_loss",
            n_jobs=work.threads, use_legacy_attributes=False, **classes(work, tol),
        )  # fmt: skip
        return model.fit(work.X, work.y).coef_.T
    how = {"cv": work.splits, "tol": tol, "n_jobs": work.threads, "max_iter": SWEEPS, "copy_X": False}
    how |= {"fit_intercept": work.intercept, "alphas": work.lams}
    if work.family == "multigaussian":
        return MultiTaskLassoCV(**how).fit(work.X, work.y).coef_.T
    return LassoCV(**how).fit(work.X, work.y).coef_


def single(work, tol):
    model = ElasticNet(work.lams[0], l1_ratio=work.l1_ratio, tol=tol, max_iter=SWEEPS, fit_intercept=work.intercept)
    return model.fit(work.X, work.y).coef_
