"""skein-glm: Rust, coordinate descent with strong rules and acceleration, threads over folds.

Its tolerance is absolute: it is multiplied by the standard deviation of y where that is a number. The other losses have
an outer loop with a tolerance of its own, which gets the same value. Its multinomial penalty is by rows only, which is
another problem than ours.
"""

import importlib.metadata

import numpy as np
import skein_glm
from skein_glm import ElasticNetPathCV, ElasticNetPathRegressor, ElasticNetRegressor

NAME = "skein-glm"
ENVIRONMENT = "skein"
REQUIRES = ["skein-glm==1.0.0", "scikit-learn"]
START = 5
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
FAMILIES = {
    "binomial": {"intercept", "cv"},
    "poisson": {"intercept", "cv"},
    "multigaussian": {"intercept", "cv"},
    "group": {"intercept", "cv"},
}
CLASSES = {
    "binomial": "LogisticLassoPathRegressor",
    "poisson": "PoissonLassoPathRegressor",
    "multigaussian": "MultiTaskLassoPathRegressor",
    "group": "GroupLassoPathRegressor",
}
SWEEPS = 1_000_000


def default(work):
    return 1e-6 / float(np.std(work.y))


def versions():
    return f"skein-glm {importlib.metadata.version('skein-glm')}"


def refuses(work):
    return "its sparse solver takes no sample weights" if work.sparse and work.weights is not None else ""


def options(work, tol):
    return {
        "alpha": work.l1_ratio,
        "tol": tol * float(np.std(work.y)),
        "max_iter": SWEEPS,
        "fit_intercept": work.intercept,
    }


def other(work, tol, suffix="", **more):
    """The class of a family, ready to be fitted."""
    name = CLASSES[work.family]
    made = getattr(skein_glm, name if not suffix else name[: name.index("Path")] + suffix)
    # of several responses its loss is a mean over them too
    lams = work.lams / work.y.shape[1] if work.family == "multigaussian" else work.lams
    how = {"lambdas": lams, "max_iter": SWEEPS, "fit_intercept": work.intercept, **more}
    if work.family in ("multigaussian", "group"):
        how["tol"] = tol * float(np.std(work.y))
    else:
        how |= {"tol": tol, "outer_tol": tol, "max_outer": 10_000}
    if work.family == "group":
        return made(work.groups.astype(np.int64), weights=np.sqrt(work.group_sizes), **how)
    return made(**how)


def path(work, tol):
    if work.family != "gaussian":
        return other(work, tol).fit(work.X, work.y)
    weights = None if work.weights is None else work.weights / work.weights.mean()
    model = ElasticNetPathRegressor(lambdas=work.lams, sample_weights=weights, **options(work, tol))
    return model.fit(work.X, work.y)


def coefficients(result):
    return np.asarray(result.coefs_).T, np.asarray(result.intercepts_).T


class Given:
    """Folds in the shape of scikit-learn's splitters."""

    def __init__(self, splits):
        self.splits = splits

    def get_n_splits(self, *_):
        return len(self.splits)

    def split(self, *_):
        return iter(self.splits)


def cv(work, tol):
    if work.family != "gaussian":
        return other(work, tol, "PathCV", cv=Given(work.splits)).fit(work.X, work.y).coef_.T
    model = ElasticNetPathCV(lambdas=work.lams, cv=Given(work.splits), n_jobs=work.threads, **options(work, tol))
    return model.fit(work.X, work.y).coef_


def single(work, tol):
    return ElasticNetRegressor(work.lams[0], **options(work, tol)).fit(work.X, work.y).coef_
