"""skglm: working sets with Anderson acceleration, compiled by numba at the first call (which is never timed).

Its tolerance is absolute, a bound on the violation of the optimality conditions: it is multiplied by λ_max. Its
cross-validation draws its own shuffled folds and takes no others: the rows are permuted so that they are the given
ones. It runs in one process: with two, each compiles anew for every λ and fold, which took twice as long.
"""

import importlib.metadata

import numpy as np
from skglm import Lasso
from skglm.cv import GeneralizedLinearEstimatorCV
from skglm.datafits import Quadratic, WeightedQuadratic
from skglm.penalties import L1, L1_plus_L2
from skglm.solvers import AndersonCD
from skglm.utils.jit_compilation import compiled_clone
from sklearn.model_selection import KFold

NAME = "skglm"
ENVIRONMENT = "skglm"
REQUIRES = ["skglm==0.5", "scikit-learn", "numba"]
START = 4
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
LIMITS = {"max_iter": 1000, "max_epochs": 1_000_000}


def default(work):
    return 1e-4 / work.lams[0]


def versions():
    return f"skglm {importlib.metadata.version('skglm')}"


def path(work, tol):
    datafit = compiled_clone(Quadratic()) if work.weights is None else compiled_clone(WeightedQuadratic(work.weights))
    penalty = compiled_clone(L1(1.0) if work.l1_ratio == 1 else L1_plus_L2(1.0, work.l1_ratio))
    solver = AndersonCD(tol=tol * work.lams[0], fit_intercept=work.intercept, warm_start=True, **LIMITS)
    coef = solver.path(work.X, work.y, datafit, penalty, alphas=work.lams)[1]
    p = work.X.shape[1]
    return coef[:p], coef[p] if work.intercept else None


def coefficients(result):
    return result


def prepare(work):
    """The same rows in the order that makes its shuffled folds those of `work`."""
    if work.folds is None:
        return work
    shuffled = KFold(work.n_folds, shuffle=True, random_state=0).split(np.arange(len(work.y)))
    order = np.concatenate([test for _, test in shuffled])
    return work.permuted(order)


def cv(work, tol):
    solver = AndersonCD(tol=tol * work.lams[0], fit_intercept=work.intercept, warm_start=True, **LIMITS)
    model = GeneralizedLinearEstimatorCV(
        Quadratic(), L1(1.0), solver, alphas=work.lams, cv=work.n_folds, n_jobs=1, random_state=0
    )
    return model.fit(work.X, work.y).coef_


def single(work, tol):
    model = Lasso(work.lams[0], tol=tol * work.lams[0], fit_intercept=work.intercept, **LIMITS)
    return model.fit(work.X, work.y).coef_
