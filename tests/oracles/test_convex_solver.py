"""Does a general interior-point solver find the same minimum, for every scalar loss under every convex penalty?

Our objective must be within 1e-7 of its value, from either side: the model is written down anew here.
"""

import numpy as np
import pytest

from riata.certify import certify
from riata.path import fit_path, lam_grid, make_problem
from riata.penalties import penalties

cp = pytest.importorskip("cvxpy", reason="cvxpy is what solves these independently")

FAMILIES = {
    "gaussian": {},
    "binomial": {},
    "poisson": {},
    "huber": {"delta": 0.8},
    "cox": {},
    "cox, Efron's ties": {"ties": "efron"},
    "sqrt": {},
}
PENALTIES = {
    "l1": {},
    "elastic net": {"l1_ratio": 0.4},
    "factors, one without penalty": {"penalty_factor": np.r_[0.0, np.linspace(0.5, 2.0, 7)]},
    "positive": {"lower": 0.0},
    "box": {"lower": -0.2, "upper": 0.15},
    "adaptive": {"penalty": "adaptive"},
}


def target(family, X):
    rng = np.random.default_rng(4)
    eta = X[:, 0] - X[:, 1] + 0.5 * X[:, 2]
    n = len(X)
    if family == "binomial":
        return (eta + rng.logistic(size=n) > 0).astype(float)
    if family == "poisson":
        return rng.poisson(np.exp(0.4 * eta)).astype(float)
    if family.startswith("cox"):
        return np.column_stack([np.ceil(5 * rng.exponential(np.exp(-eta))), rng.random(n) < 0.7])
    return eta + rng.standard_t(3, size=n)


def fit_of(family, y, eta, s):
    """The loss as a convex expression; s sums to 1."""
    if family == "gaussian":
        return 0.5 * (s @ cp.square(y - eta))
    if family == "sqrt":
        return cp.norm(cp.multiply(np.sqrt(s), y - eta), 2)
    if family == "binomial":
        return s @ cp.logistic(eta) - (s * y) @ eta
    if family == "poisson":
        return s @ cp.exp(eta) - (s * y) @ eta
    if family == "huber":
        return 0.5 * (s @ cp.huber(y - eta, 0.8))
    time, event = y[:, 0], y[:, 1] > 0
    terms = -(s * event) @ eta
    for t in np.unique(time[event]):
        dead, risk = np.flatnonzero(event & (time == t)), np.flatnonzero(time >= t)
        mass = s[dead].sum()
        if "Efron" in family:
            for k in range(len(dead)):
                share = np.where(np.isin(risk, dead), 1.0 - k / len(dead), 1.0)
                terms += mass / len(dead) * cp.log_sum_exp(eta[risk] + np.log(s[risk] * share))
        else:
            terms += mass * cp.log_sum_exp(eta[risk] + np.log(s[risk]))
    return terms


def best(problem, family, y, lam):
    """The smallest objective by the interior-point solver."""
    X = problem.design.columns(np.arange(problem.n_features))
    s = problem.sample_weight / problem.sample_weight.sum()
    sd = np.sqrt(s @ (X - s @ X) ** 2)
    w, b = cp.Variable(X.shape[1]), cp.Variable()
    t, v = cp.multiply(sd, w), problem.penalty_factor
    penalty = problem.l1_ratio * (v @ cp.abs(t)) + 0.5 * (1 - problem.l1_ratio) * (v @ cp.square(t))
    limits = [w[j] >= problem.lower[j] for j in range(len(v)) if np.isfinite(problem.lower[j])]
    limits += [w[j] <= problem.upper[j] for j in range(len(v)) if np.isfinite(problem.upper[j])]
    limits += [w[j] == 0 for j in range(len(v)) if np.isinf(v[j])]
    if family.startswith("cox"):
        limits.append(b == 0)
    task = cp.Problem(cp.Minimize(fit_of(family, y, X @ w + b, s) + lam * penalty), limits)
    task.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    return task.value


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")  # it says so at tolerances this tight
@pytest.mark.parametrize("penalty", sorted(PENALTIES))
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_minimum_of_a_general_convex_solver(family, penalty):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((40, 8)) + rng.standard_normal((40, 1))
    y = target(family, X)
    problem = make_problem(
        X,
        y,
        family=family.split(",")[0],
        sample_weight=rng.integers(1, 4, 40),
        **FAMILIES[family],
        **PENALTIES[penalty],
    )
    top = fit_path(problem, n_lams=2).lams[0]
    for lam in (0.4 * top, 0.05 * top):
        path = fit_path(problem, [lam], tol=1e-10)
        plain = problem
        if problem.penalty is not None:
            factor = path.penalty_factor
            plain = problem.replace(penalty=None, penalty_factor=np.where(np.isinf(factor), 1e6, factor))
        found = certify(plain, path.coef[:, 0], path.intercept[0], lam)
        value = best(plain, family, y, lam)
        assert abs(found.primal - value) < 1e-7 * max(1.0, abs(value)), (found.primal, value)


def test_every_convex_penalty_is_here():
    convex = {name for name, kind in penalties().items() if kind.convex and kind.separable}  # groups: test_blocks.py
    assert convex <= set(PENALTIES)


def test_the_grid_starts_where_the_other_solver_finds_nothing():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((40, 8))
    problem = make_problem(X, target("binomial", X), family="binomial")
    top = lam_grid(problem, 2)[0]
    nothing = certify(problem, np.zeros(8), fit_path(problem, [2 * top]).intercept[0], top).primal
    assert abs(best(problem, "binomial", target("binomial", X), top) - nothing) < 1e-8
