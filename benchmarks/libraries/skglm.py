"""skglm: working sets with Anderson acceleration, compiled by numba at the first call (which is never timed).

Its tolerance is absolute, a bound on the violation of the optimality conditions: it is multiplied by λ_max. Its
cross-validation draws its own shuffled folds and takes no others: the rows are permuted so that they are the given
ones. It runs in one process: with two, each compiles anew for every λ and fold, which took twice as long.

Two classes, counts and survival times go through the prox-Newton solver that its estimators have, λ after λ from the
last solution; classes are cross-validated on stratified folds of its own.
"""

import dataclasses
import importlib.metadata

import numpy as np
from skglm import Lasso
from skglm.cv import GeneralizedLinearEstimatorCV
from skglm.datafits import Cox, Logistic, Poisson, Quadratic, QuadraticGroup, QuadraticMultiTask, WeightedQuadratic
from skglm.penalties import L1, L2_1, L1_plus_L2, WeightedGroupL2
from skglm.solvers import AndersonCD, GroupBCD, MultiTaskBCD, ProxNewton
from skglm.utils.jit_compilation import compiled_clone
from sklearn.model_selection import KFold

NAME = "skglm"
ENVIRONMENT = "skglm"
REQUIRES = ["skglm==0.5", "scikit-learn", "numba"]
START = 4
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
FAMILIES = {
    "binomial": {"sparse", "intercept", "cv"},
    "poisson": {"intercept"},
    "cox": set(),
    "multigaussian": {"intercept"},
    "group": {"intercept"},
}
DATAFITS = {"binomial": Logistic, "poisson": Poisson, "cox": Cox}
LIMITS = {"max_iter": 1000, "max_epochs": 1_000_000}


def default(work):
    return 1e-4 / work.lams[0]


def versions():
    return f"skglm {importlib.metadata.version('skglm')}"


def warm(work):
    """Compile: up to a quarter of a minute, which would count as the time of the first call."""
    path(dataclasses.replace(work, lams=work.lams[4:5] if len(work.lams) > 4 else work.lams), 1e-2)


def step_by_step(work, tol):
    """λ after λ from the last solution, for solvers without a path of their own."""
    n, p = work.X.shape
    how = {"tol": tol * work.lams[0], "fit_intercept": work.intercept, "max_iter": 1000}
    if work.family == "group":
        ends, members = np.append(0, np.cumsum(work.group_sizes)).astype(np.int32), np.arange(p, dtype=np.int32)
        datafit, solver = QuadraticGroup(ends, members), GroupBCD(max_epochs=1_000_000, **how)
        penalty = WeightedGroupL2(1.0, np.sqrt(work.group_sizes), ends, members)
    else:
        datafit, penalty, solver = DATAFITS[work.family](), L1(1.0), ProxNewton(max_pn_iter=1_000_000, **how)
    datafit, penalty = compiled_clone(datafit), compiled_clone(penalty)
    y = 2 * work.y - 1 if work.family == "binomial" else np.asfortranarray(work.y)
    w, Xw = np.zeros(p + work.intercept), np.zeros(n)
    coef = np.empty((len(w), len(work.lams)))
    for k, lam in enumerate(work.lams):
        penalty.alpha = lam
        w = solver.solve(work.X, y, datafit, penalty, w, Xw)[0]
        coef[:, k] = w
    return coef[:p], coef[p] if work.intercept else None


def rows(work, tol):
    """Several responses."""
    solver = MultiTaskBCD(tol=tol * work.lams[0], fit_intercept=work.intercept, warm_start=True, **LIMITS)
    datafit, penalty = compiled_clone(QuadraticMultiTask()), compiled_clone(L2_1(1.0))
    coef = solver.path(work.X, np.asfortranarray(work.y), datafit, penalty, alphas=work.lams)[1].swapaxes(0, 1)
    p = work.X.shape[1]
    return coef[:p], coef[p] if work.intercept else None


def path(work, tol):
    if work.family != "gaussian":
        return rows(work, tol) if work.family == "multigaussian" else step_by_step(work, tol)
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
    if work.folds is None or work.family != "gaussian":
        return work
    shuffled = KFold(work.n_folds, shuffle=True, random_state=0).split(np.arange(len(work.y)))
    order = np.concatenate([test for _, test in shuffled])
    return work.permuted(order)


def cv(work, tol):
    how = {"tol": tol * work.lams[0], "fit_intercept": work.intercept, "warm_start": True}
    two = work.family == "binomial"
    solver = ProxNewton(max_iter=1000, max_pn_iter=1_000_000, **how) if two else AndersonCD(**LIMITS, **how)
    model = GeneralizedLinearEstimatorCV(
        Logistic() if two else Quadratic(), L1(1.0), solver, alphas=work.lams, cv=work.n_folds, n_jobs=1,
        random_state=0,
    )  # fmt: skip
    return model.fit(work.X, 2 * work.y - 1 if two else work.y).coef_


def single(work, tol):
    model = Lasso(work.lams[0], tol=tol * work.lams[0], fit_intercept=work.intercept, **LIMITS)
    return model.fit(work.X, work.y).coef_
