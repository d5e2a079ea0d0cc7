"""celer: working sets with dual extrapolation; celer_path, and LassoCV over threads.

celer 0.7.4's LassoCV fails with new versions of scikit-learn, so that it gets an older one. Its path has neither
intercept nor weights of samples: both are done by hand, inside the time. Its logistic path, by the Newton solver that
its class has by default, fits no intercept, and no class cross-validates it. GroupLassoCV has no weights of groups: it
is timed where all groups have one size.
"""

import celer
import numpy as np
import sklearn
from celer import GroupLassoCV, Lasso, LassoCV, MultiTaskLassoCV, celer_path
from celer.homotopy import mtl_path

NAME = "celer"
ENVIRONMENT = "celer"
REQUIRES = ["celer==0.7.4", "scikit-learn<1.7", "setuptools"]
START = 6
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
FAMILIES = {"binomial": {"sparse"}, "multigaussian": {"intercept", "cv"}, "group": {"intercept", "cv"}}
LIMITS = {"max_iter": 1000, "max_epochs": 1_000_000}  # never what stops it: `tol` is


def default(work):
    return 1e-6


def versions():
    return f"celer {celer.__version__} with scikit-learn {sklearn.__version__}"


def refuses(work):
    uneven = work.folds is not None and work.groups is not None and len(set(work.group_sizes)) > 1
    return "its GroupLassoCV has no weights of groups" if uneven else ""


def path(work, tol):
    if work.family == "binomial":
        how = {"use_PN": True, "prune": 1, **LIMITS}
        return celer_path(work.X, 2 * work.y - 1, "logreg", alphas=work.lams * len(work.y), tol=tol, **how)
    X, y = work.plain()
    if work.family == "multigaussian":
        return mtl_path(X, np.asfortranarray(y), alphas=work.lams, tol=tol, **LIMITS)
    if work.family == "group":
        sizes = work.group_sizes
        groups = {"groups": [int(size) for size in sizes], "weights": np.sqrt(sizes)}
        return celer_path(X, y, "grouplasso", alphas=work.lams, tol=tol, prune=1, **groups, **LIMITS)
    return celer_path(X, y, "lasso", alphas=work.lams, l1_ratio=work.l1_ratio, tol=tol, prune=1, **LIMITS)


def coefficients(result):
    coef = result[1]
    return coef if coef.ndim == 2 else coef.transpose(1, 0, 2), None  # of several responses (K, p, L)


def cv(work, tol):
    how = {"cv": work.splits, "tol": tol, "n_jobs": work.threads, "fit_intercept": work.intercept, **LIMITS}
    if work.family == "multigaussian":
        return MultiTaskLassoCV(alphas=work.lams, **how).fit(work.X, work.y).coef_.T
    if work.family == "group":
        size = int(work.group_sizes[0])
        return GroupLassoCV(size, alphas=work.lams * np.sqrt(size), **how).fit(work.X, work.y).coef_
    return LassoCV(alphas=work.lams, **how).fit(work.X, work.y).coef_


def single(work, tol):
    return Lasso(work.lams[0], tol=tol, fit_intercept=work.intercept, **LIMITS).fit(work.X, work.y).coef_
