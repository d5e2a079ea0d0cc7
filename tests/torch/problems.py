"""Linear models under every penalty at once, their reference solutions, and a training loop on the whole data.

One model holds a block of weights for each penalty. The blocks do not touch each other, so that one run of an optimizer
solves all problems, and each is compared with its own reference: riata.path where it has the penalty, else a proximal
gradient method in NumPy that shares no code with riata.torch.
"""

import functools
import math

import numpy as np
import torch
from torch import nn

import riata
import riata.torch as rt

GROUPS = [0, 0, 1, 1, 2, 2, 3, 3]
TRUE = np.array([2.0, -1.5, 0.0, 0.0, 0.5, 1.5, 0.0, 0.0])
SCALES = np.array([1.0, 1.2, 0.9, 1.0, 1.6, 0.8, 1.0, 1.1])
K, M = 3, 0.5  # units of the network part of the hierarchical penalty, and its bound


def labels(shape):
    """Pairs of neighbouring entries of one row."""
    return torch.tensor(GROUPS).reshape(shape)


PENALTIES = {
    "l1": rt.L1(0.3),
    "elastic_net": rt.ElasticNet(0.4, l1_ratio=0.6),
    "group": rt.GroupLasso(0.3, group=labels),
    "rows": rt.GroupLasso(0.4, group="input", size_weight=None),
    "sparse_group": rt.SparseGroup(0.35, group=labels, share=0.4),
    "mcp": rt.MCP(0.3, gamma=4.0),
    "scad": rt.SCAD(0.3, gamma=5.0),
    "lhalf": rt.LHalf(0.25),
    "hierarchical": rt.Hierarchical(0.5, M=M, skip=1),
}
OUTPUTS = {"rows": K, "hierarchical": 1 + K}


@functools.cache
def data():
    """(X, {name: Y}): one response for each output of each block."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((80, 8)) * SCALES
    Y = {}
    for name in PENALTIES:
        m = OUTPUTS.get(name, 1)
        B = TRUE[:, None] * (1.0 if m == 1 else rng.uniform(0.5, 1.5, (1, m)))
        Y[name] = X @ B + 0.5 * rng.standard_normal((80, m))
    return X, Y


@functools.cache
def reference(name):
    """The minimiser, shape (outputs, features)."""
    X, Y = data()
    penalty, y = PENALTIES[name], Y[name]
    options = {
        "elastic_net": {"l1_ratio": 0.6},
        "group": {"penalty": "group", "groups": GROUPS},
        "sparse_group": {"penalty": "sparse_group", "groups": GROUPS, "share": 0.4},
        "rows": {"penalty": "group", "family": "multigaussian"},
        "mcp": {"penalty": "mcp", "gamma": 4.0},
        "scad": {"penalty": "scad", "gamma": 5.0},
    }
    if name in ("lhalf", "hierarchical"):
        return proximal_gradient(name, X, y).T
    path = riata.path(
        X, y if name == "rows" else y[:, 0], lams=[penalty.lam], standardize=False, fit_intercept=False, tol=1e-12,
        **options.get(name, {}),
    )  # fmt: skip
    return np.asarray(path.coef)[..., 0].reshape(8, -1).T if name != "rows" else rows_of(path)


def rows_of(path):
    """(outputs, features) whatever axis the path keeps outputs on."""
    coef = np.asarray(path.coef)[..., 0]
    return coef if coef.shape == (K, 8) else coef.T


def proximal_gradient(name, X, y, steps=40_000):
    """Plain proximal gradient from least squares, with proximal steps written from their definitions."""
    n = len(X)
    G, q = X.T @ X / n, X.T @ y / n
    step = 0.5 / np.linalg.norm(G, 2)
    w = np.linalg.solve(G, q)
    prox = half_by_search if name == "lhalf" else hierarchical_by_search
    for _ in range(steps):
        new = prox(w - step * (G @ w - q), step * PENALTIES[name].lam)
        if np.abs(new - w).max() < 1e-13:
            break
        w = new
    return new


def half_by_search(z, width):
    """argmin ½(u − z)² + width√|u|: the larger root of u − |z| + width/(2√u) = 0 by Newton, against u = 0."""
    size = np.abs(z)
    u = size.copy()
    for _ in range(50):
        u = np.maximum(u - (u - size + 0.5 * width / np.sqrt(u)) / (1.0 - 0.25 * width * u**-1.5), 1e-9)
    better = 0.5 * (u - size) ** 2 + width * np.sqrt(u) < 0.5 * size**2
    return np.where(better & (u > 1e-8), np.sign(z) * u, 0.0)


def hierarchical_by_search(z, width):
    """argmin ½‖w − z‖² + width|b| subject to |W| ≤ M|b|, for rows (b, W): the bound found by bisection of its slope."""
    out = np.zeros_like(z)
    for j, row in enumerate(z):
        v, u = row[0], np.abs(row[1:])

        def slope(theta, v=v, u=u):
            return theta - abs(v) + width - M * np.maximum(u - M * theta, 0.0).sum()

        low, high = 0.0, abs(v) + M * u.sum() + 1.0
        if slope(0.0) >= 0.0:
            continue
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if slope(middle) < 0.0 else (low, middle)
        out[j, 0] = math.copysign(high, v)
        out[j, 1:] = np.clip(row[1:], -M * high, M * high)
    return out


def model():
    """Blocks of weights, begun near least squares so that all runs find the same minimum of a concave penalty."""
    X, Y = data()
    blocks = nn.ModuleDict()
    for name in PENALTIES:
        block = nn.Linear(8, OUTPUTS.get(name, 1), bias=False, dtype=torch.float64)
        fit = 0.8 * np.linalg.lstsq(X, Y[name], rcond=None)[0].T
        if name == "hierarchical":  # within the constraint
            fit[1:] = np.clip(fit[1:], -M * np.abs(fit[:1]), M * np.abs(fit[:1]))
        with torch.no_grad():
            block.weight.copy_(torch.from_numpy(fit))
        blocks[name] = block
    return blocks


RULES = {f"{name}.weight": penalty for name, penalty in PENALTIES.items()}


@functools.cache
def moments():
    """X'X/n and, for each block, X'Y/n."""
    X, Y = data()
    n = len(X)
    return torch.from_numpy(X.T @ X / n), {name: torch.from_numpy((X.T @ y / n).T.copy()) for name, y in Y.items()}


def loss(blocks):
    """Σ over blocks of the mean squared error, ½(1/n)‖Y − XW'‖² less a constant."""
    G, q = moments()
    weights = [(name, block.weight) for name, block in blocks.items()]
    return sum(((0.5 * (w @ G) - q[name]) * w).sum() for name, w in weights)


def train(blocks, optimizer, steps):
    """Full-batch steps under a learning rate that falls to zero along a cosine."""
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(blocks).backward()
        optimizer.step()
        schedule.step()
    return {name: block.weight.detach().numpy() for name, block in blocks.items()}
