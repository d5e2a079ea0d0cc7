"""skein-glm: Rust, coordinate descent with strong rules and acceleration, threads over folds.

Its tolerance is absolute: it is multiplied by the standard deviation of y.
"""

import importlib.metadata

import numpy as np
from skein_glm import ElasticNetPathCV, ElasticNetPathRegressor, ElasticNetRegressor

NAME = "skein-glm"
ENVIRONMENT = "skein"
REQUIRES = ["skein-glm==1.0.0", "scikit-learn"]
START = 5
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
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


def path(work, tol):
    weights = None if work.weights is None else work.weights / work.weights.mean()
    model = ElasticNetPathRegressor(lambdas=work.lams, sample_weights=weights, **options(work, tol))
    return model.fit(work.X, work.y)


def coefficients(result):
    return result.coefs_.T, result.intercepts_


class Given:
    """Folds in the shape of scikit-learn's splitters."""

    def __init__(self, splits):
        self.splits = splits

    def split(self, *_):
        return iter(self.splits)


def cv(work, tol):
    model = ElasticNetPathCV(lambdas=work.lams, cv=Given(work.splits), n_jobs=work.threads, **options(work, tol))
    return model.fit(work.X, work.y).coef_


def single(work, tol):
    return ElasticNetRegressor(work.lams[0], **options(work, tol)).fit(work.X, work.y).coef_
