"""One contender of the study recovery on one problem, in a process of its own; prints what was measured.

usage: python -m benchmarks.studies.session_recovery DATA LIBRARY SEED

The paths (ours and LassoNet's) go to the first model with at most as many features as are right. The others have no
path: they are trained at each λ of a grid, and at the λ that leaves the fewest features, but as many as are right, the
widest gates, or the largest weights, are the choice.
"""

import importlib.metadata
import itertools
import sys
import time

import numpy as np

from benchmarks.studies.session_networks import arrays, first_of_path

ROWS, HIDDEN, BATCH, PASSES, RATE = 2000, 100, 100, 200, 1e-3
# from a λ that keeps nearly all features of every problem to one that keeps none
GRIDS = {"stg": np.geomspace(0.01, 10.0, 10), "torchao": np.geomspace(1e-5, 1e-2, 10)}


def cube(generator):
    """(X, y, right): corners of a cube whose classes are drawn by lot, mixtures of its directions, noise."""
    corners = np.array(list(itertools.product((-2.0, 2.0), repeat=5)))
    classes = generator.permutation(np.arange(len(corners)) % 2)
    where = generator.integers(len(corners), size=ROWS)
    X = corners[where] + generator.standard_normal((ROWS, 5))
    X = np.hstack([X, X @ generator.uniform(-1.0, 1.0, (5, 15)), generator.standard_normal((ROWS, 480))])
    wrong = generator.random(ROWS) < 0.01
    return X, np.where(wrong, 1 - classes[where], classes[where]), np.arange(500) < 20


def madelon(generator):
    """The set of 2003. Which columns are right was never said, and the data tell: those that others make up."""
    X, y = arrays("skf_madelon")
    Z = (X - X.mean(0)) / X.std(0)
    explained = 1.0 - 1.0 / np.diag(np.linalg.inv(np.cov(Z.T)))  # of every column by all others: 0.98 and 0.22
    return X, (y > 0).astype(int), explained > 0.5


def xor(generator):
    """The class is the product of two of a hundred signs."""
    X = generator.choice([-1.0, 1.0], size=(ROWS, 100))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int), np.arange(100) < 2


PROBLEMS = {"cube": cube, "xor": xor, "madelon": madelon}


def parts(data, seed):
    """Rows for training, validation and test, of standard deviation 1, and which columns are right."""
    generator = np.random.default_rng(seed)
    X, y, right = PROBLEMS[data](generator)
    columns, rows = generator.permutation(X.shape[1]), generator.permutation(len(X))
    X, y = X[rows][:, columns].astype(np.float32), y[rows].astype(np.int64)
    X = (X - X.mean(0)) / X.std(0)
    cut = np.split(np.arange(len(X)), [7 * len(X) // 10, 8 * len(X) // 10])
    return [(X[rows], y[rows]) for rows in cut], np.flatnonzero(right[columns])


def with_riata(name, train, held, k, seed):
    """Columns of the first network with at most k features."""
    import torch

    import riata.torch as rt

    kind = {"riata SparseInputMLP": rt.SparseInputMLP, "riata LassoNet": rt.LassoNet}[name]
    tensors = [(torch.from_numpy(X), torch.from_numpy(y)) for X, y in (train, held)]
    path = rt.sparse_path(
        lambda features: kind(features, 2, (HIDDEN,)), tensors[0], torch.nn.functional.cross_entropy,
        validation=tensors[1], features=k, refit=False, seed=seed,
    )  # fmt: skip
    return path.chosen.support.nonzero()[:, 0].numpy()


def with_lassonet(name, train, held, k, seed):
    """The same, with the defaults of LassoNet 0.0.21."""
    import lassonet

    net = lassonet.LassoNetClassifier(hidden_dims=(HIDDEN,), verbose=0, random_state=seed, torch_seed=seed)
    return first_of_path(net, train, held, k)


def strongest(grid, weights_at, k):
    """The k strongest at the λ that leaves the fewest features but k or more; where there is none, the most.

    ``weights_at(lam)`` gives (which are left, how strong each is).
    """
    found = [weights_at(float(lam)) for lam in grid]
    enough = [pair for pair in found if np.count_nonzero(pair[0]) >= k]
    pick = min if enough else max
    left, strength = pick(enough or found, key=lambda pair: np.count_nonzero(pair[0]))
    order = np.argsort(-np.where(left, strength, -np.inf), kind="stable")
    return np.sort(order[: min(k, np.count_nonzero(left))])


def with_stg(name, train, held, k, seed):
    """Stochastic gates with Adam and the width of the noise that its authors use."""
    import collections.abc

    import torch

    for word in collections.abc.__all__:  # where the package of 2020 looks for them
        setattr(collections, word, getattr(collections.abc, word))
    from stg import STG

    def gates(lam):
        torch.manual_seed(seed)
        model = STG(
            "cpu", input_dim=train[0].shape[1], output_dim=2, hidden_dims=[HIDDEN], activation="relu", sigma=0.5,
            lam=lam, optimizer="Adam", learning_rate=RATE, batch_size=BATCH, task_type="classification",
        )  # fmt: skip
        model.fit(*train, nr_epochs=PASSES, verbose=False, shuffle=True)
        return model.get_gates("prob") > 0, model.get_gates("raw")

    return strongest(GRIDS["stg"], gates, k)


def with_torchao(name, train, held, k, seed):
    """Pruning-aware training: groups of the columns of the first layer, AdamW below."""
    import torch
    from torchao.prototype.pat.optim import PruneOptimizer

    X, y = (torch.from_numpy(part) for part in train)

    def columns(lam):
        torch.manual_seed(seed)
        net = torch.nn.Sequential(torch.nn.Linear(X.shape[1], HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 2))
        rest = [p for p in net.parameters() if p is not net[0].weight]
        pruned = {"group_type": "Dim1Grouper", "prox_type": "ProxGroupLasso", "weight_decay": 0.0}
        groups = [{"params": [net[0].weight], **pruned}, {"params": rest}]
        optimizer = PruneOptimizer(torch.optim.AdamW(groups, lr=RATE, weight_decay=1e-2), reg_lambda=lam)
        for _ in range(PASSES):
            for rows in torch.randperm(len(X)).split(BATCH):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(net(X[rows]), y[rows]).backward()
                optimizer.step()
        size = net[0].weight.detach().norm(dim=0).numpy()
        return size > 0, size

    return strongest(GRIDS["torchao"], columns, k)


WAYS = {"lassonet": with_lassonet, "stg": with_stg, "torchao": with_torchao}


def main(data, name, seed):
    import torch
    from sklearn.ensemble import ExtraTreesClassifier

    torch.set_num_threads(1)
    (train, held, test), right = parts(data, int(seed))
    start = time.perf_counter()
    columns = WAYS.get(name, with_riata)(name, train, held, len(right), int(seed))
    seconds = time.perf_counter() - start
    hits = len(np.intersect1d(columns, right))
    judged = 0.5
    if len(columns):
        judge = ExtraTreesClassifier(50, random_state=0).fit(train[0][:, columns], train[1])
        judged = judge.score(test[0][:, columns], test[1])
    package = name if name in WAYS else "riata"
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in (package, "torch"))
    print(
        f"seconds={seconds:.4g}", f"features={len(columns)}", f"right={hits / max(len(columns), 1):.3f}",
        f"found={hits / len(right):.3f}", f"judged={judged:.4f}", f"versions={versions}", sep="\t",
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
