"""Do R glmnet, scikit-learn and a general convex solver agree with the block solver?

glmnet's multinomial coefficients are stored at ``thresh=1e-14``; its objective must not be below ours by more than
rounding nor above by 1e-6 of the null deviance, and coefficients agree where they are unique (grouped, or elastic net;
an ungrouped lasso leaves a shift open where unpenalised ties occur).
"""

import json

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import MultiTaskElasticNet, MultiTaskLasso

from riata.certify import certify_many
from riata.core.blas import one_blas_thread
from riata.core.groups import Groups
from riata.losses import find
from riata.path import make_problem
from riata.solve.blocks import BlocksEngine

FITS = [
    ("sklearn_iris", "multinomial_lasso_std"),
    ("sklearn_iris", "multinomial_lasso_nostd"),
    ("sklearn_iris", "multinomial_enet05_std"),
    ("sklearn_iris", "multinomial_grouped_std"),
    ("glmnet_Multinomial", "multinomial_lasso_std"),
    ("glmnet_Multinomial", "multinomial_lasso_nostd"),
    ("glmnet_Multinomial", "multinomial_enet05_std"),
    ("glmnet_Multinomial", "multinomial_grouped_std"),
    ("glmnet_MultiGaussian", "mgaussian_lasso_std"),
    ("glmnet_MultiGaussian", "mgaussian_lasso_nostd"),
    ("glmnet_MultiGaussian", "mgaussian_enet05_std"),
    ("meats_tecator", "mgaussian_lasso_std"),
    ("meats_tecator", "mgaussian_lasso_nostd"),
]


def problem(X, y, family, groups, **options):
    loss = find(family).parse(y)
    offset = np.zeros(len(X) if loss.n_outputs == 1 else (len(X), loss.n_outputs))
    base = make_problem(X, np.zeros(len(X)), **options)
    return base.replace(loss=loss, groups=groups, offset=offset, family=family)


def rows(p):
    return Groups(np.arange(p), np.ones(p))


def solve(one, lams, goal=5e-12):
    with one_blas_thread():
        engine = BlocksEngine(one)
        engine.null_correlations()
        (out,) = engine.run(np.asarray(lams, float), goal, 20_000)
    coef = np.zeros((one.n_features, *out.coef_active.shape[1:]))
    coef[out.active] = out.coef_active
    return coef, out


@pytest.mark.parametrize(("name", "tag"), FITS)
def test_glmnet_paths(shared_data, name, tag):
    stored = np.load(shared_data / "golden" / "glmnet_ref" / f"{name}__{tag}.npz")
    assert json.loads(str(stored["meta"]))["args"] is not None
    data = np.load(shared_data / "data" / f"{name}.npz", allow_pickle=True)
    X, y = np.asarray(data["X"], float), data["y"]
    if "beta" in stored:
        beta = stored["beta"]
    else:
        beta = np.zeros(tuple(stored["beta_shape"]))
        beta[tuple(stored["beta_idx"])] = stored["beta_val"]
    family = "multigaussian" if "mgaussian" in tag else "multinomial"
    grouped = "grouped" in tag or family == "multigaussian"
    one = problem(
        X, y, family, rows(X.shape[1]) if grouped else None,
        l1_ratio=0.5 if "enet" in tag else 1.0, standardize="nostd" not in tag,
    )  # fmt: skip
    lams = stored["lambda"]
    coef, out = solve(one, lams)
    theirs, level = beta.transpose(1, 0, 2), stored["a0"]
    level = level - (level.mean(axis=0) if family == "multinomial" else 0.0)
    ours = certify_many(one, coef, out.intercept, lams)
    peer = certify_many(one, theirs, level, lams)
    loss, s = one.loss, one.sample_weight / one.sample_weight.sum()
    null = loss.null(one.offset, s)[1] - loss.saturated(s)
    difference = np.array([b.primal - a.primal for a, b in zip(ours, peer, strict=True)]) / null
    assert max(c.gap_rel for c in ours) < 1e-10
    assert difference.min() > -2e-11  # ours is proven to 1e-11
    assert difference.max() < 1e-6
    if grouped or "enet" in tag:
        sd = X.std(axis=0)[:, None, None]
        size = np.abs(sd * coef).max()
        assert np.abs(sd * (coef - theirs)).max() < 3e-3 * size
        assert np.median(np.abs(sd * (coef - theirs)).max(axis=(0, 1))) < 1e-5 * size


@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
def test_multi_task_lasso_of_scikit_learn(l1_ratio):
    X, y = load_iris(return_X_y=True)
    Y = np.column_stack([X[:, 3], X[:, 1] ** 2, y])
    X = np.column_stack([X[:, :3], X[:, :3] ** 2, np.sin(X[:, :3])])
    one = problem(X, Y, "multigaussian", rows(X.shape[1]), l1_ratio=l1_ratio, standardize=False)
    lams = np.array([0.3, 0.1, 0.02])
    coef, out = solve(one, lams)
    for k, lam in enumerate(lams):
        model = MultiTaskLasso(lam, tol=1e-12, max_iter=500_000)
        if l1_ratio < 1:
            model = MultiTaskElasticNet(lam, l1_ratio=l1_ratio, tol=1e-12, max_iter=500_000)
        model.fit(X, Y)
        assert np.allclose(coef[:, :, k], model.coef_.T, atol=1e-5)
        assert np.allclose(out.intercept[:, k], model.intercept_, atol=1e-5)


def convex(one, lam):
    """The optimal value by an interior-point solver."""
    cp = pytest.importorskip("cvxpy", reason="cvxpy is what solves these independently")
    X, loss = one.design.columns(np.arange(one.n_features)), one.loss
    n, K = len(X), loss.n_outputs
    W, b = cp.Variable((X.shape[1], K)), cp.Variable((1, K))
    eta = X @ W + np.ones((n, 1)) @ b
    if one.family == "multinomial":
        fit = (cp.sum(cp.log_sum_exp(eta, axis=1)) - cp.sum(cp.multiply(loss.y, eta))) / n
    elif one.family == "binomial":
        fit = (cp.sum(cp.logistic(eta)) - loss.y @ eta[:, 0]) / n
    elif one.family == "poisson":
        fit = (cp.sum(cp.exp(eta)) - loss.y @ eta[:, 0]) / n
    else:
        fit = cp.sum_squares(eta - loss.y.reshape(n, K)) / (2 * n)
    g = one.groups
    penalty = 0
    for k, v in enumerate(g.factor):
        block = W[np.flatnonzero(g.index == k), :]
        penalty += one.l1_ratio * (1 - g.share) * v * cp.norm(cp.vec(block, order="F"), 2)
        penalty += 0.5 * (1 - one.l1_ratio) * v * cp.sum_squares(block)
    penalty += one.l1_ratio * g.share * cp.sum(cp.abs(W))
    task = cp.Problem(cp.Minimize(fit + lam * penalty))
    task.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    return task.value


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")  # it says so at tolerances this tight
@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson", "multinomial", "multigaussian"])
@pytest.mark.parametrize(("share", "l1_ratio"), [(0.0, 1.0), (0.0, 0.5), (0.3, 1.0)])
def test_a_general_convex_solver(family, share, l1_ratio):
    rng = np.random.default_rng(11)
    X = rng.standard_normal((40, 15)) + rng.standard_normal((40, 1))
    eta = X[:, :4].sum(axis=1) - X[:, 5]
    y = {
        "gaussian": eta + rng.standard_normal(40),
        "binomial": (eta + rng.logistic(size=40) > 0) * 1,
        "poisson": rng.poisson(np.exp(0.2 * eta)),
        "multinomial": np.digitize(eta + rng.standard_normal(40), [-1, 1]),
        "multigaussian": np.column_stack([eta, -eta]) + rng.standard_normal((40, 2)),
    }[family]
    share = 0.0 if family.startswith("multi") else share
    groups = Groups(np.arange(15) // 3, np.full(5, np.sqrt(3.0)), share)
    one = problem(X, y, family, groups, l1_ratio=l1_ratio, standardize=False)
    with one_blas_thread():
        lams = BlocksEngine(one).lam_max() * np.array([0.5, 0.1])
    coef, out = solve(one, lams)
    for lam, c in zip(lams, certify_many(one, coef, out.intercept, lams), strict=True):
        best = convex(one, lam)
        assert abs(c.primal - best) < 1e-7 * max(1.0, abs(best))
