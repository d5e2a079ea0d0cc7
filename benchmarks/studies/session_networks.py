"""One contender of the study k_features on one data set, in a process of its own; prints what was measured.

usage: python -m benchmarks.studies.session_networks DATA LIBRARY SEED
"""

import contextlib
import csv
import importlib
import importlib.metadata
import os
import pathlib
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = pathlib.Path(os.environ.get("RIATA_SHARED") or ROOT.parent / "shared") / "data"
MOST = 50


def mice():
    """Protein levels of mice; missing ones are the column's mean."""
    with (FOLDER / "raw" / "mice_protein_NA.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    names = [name for name in rows[0] if name.endswith("_N")]
    X = np.array(
        [[float(row[name] or "nan") if row[name] not in ("NA", "?") else np.nan for name in names] for row in rows]
    )
    X = np.where(np.isnan(X), np.nanmean(X, 0), X)
    return X, np.array([row["class"] for row in rows])


def arrays(name):
    """X and y of a file."""
    with np.load(FOLDER / f"{name}.npz") as file:
        return file["X"], file["y"]


def coil20():
    """Pictures of 32×32, made 20×20 by averages."""
    import scipy.ndimage

    X, y = arrays("skf_COIL20")
    return np.stack([scipy.ndimage.zoom(x.reshape(32, 32), 20 / 32, order=1).ravel() for x in X]), y


LOADERS = {"mice": mice, "coil20": coil20, "isolet": lambda: arrays("skf_Isolet"), "mnist5k": lambda: arrays("mnist5k")}


def parts(data, seed):
    """Rows for training, validation and test, scaled, with classes from 0."""
    from sklearn.model_selection import train_test_split

    X, y = LOADERS[data]()
    y = np.unique(y, return_inverse=True)[1]
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, random_state=seed, stratify=y)
    low, spread = X.min(0), np.ptp(X, 0)
    scaled = lambda Z: ((Z - low) / np.where(spread > 0, spread, 1.0)).astype(np.float32)  # noqa: E731
    X, X_val, y, y_val = train_test_split(X, y, test_size=0.125, random_state=seed, stratify=y)
    return (scaled(X), y), (scaled(X_val), y_val), (scaled(X_test), y_test)


def with_riata(name, train, held, test, seed):
    """(columns, accuracy on the test rows)."""
    import torch

    import riata.torch as rt

    tensors = [(torch.from_numpy(X), torch.from_numpy(y)) for X, y in (train, held, test)]
    kind = {"riata SparseInputMLP": rt.SparseInputMLP, "riata LassoNet": rt.LassoNet}[name]
    hidden, classes = train[0].shape[1] // 3, int(train[1].max()) + 1
    path = rt.sparse_path(
        lambda features: kind(features, classes, (hidden,)), tensors[0], torch.nn.functional.cross_entropy,
        validation=tensors[1], features=MOST, seed=seed,
    )  # fmt: skip
    with torch.no_grad():
        right = path.model(tensors[2][0]).argmax(1) == tensors[2][1]
    return path.chosen.support.nonzero()[:, 0].numpy(), float(right.float().mean())


class Enough(Exception):
    """Few enough features are left."""


def first_of_path(net, train, held, most):
    """Columns of the first model with at most ``most`` features on LassoNet's own path, which ends there."""
    found = []

    def look(model, history):
        found[:] = [history[-1].selected.cpu().numpy().nonzero()[0]]
        if len(found[0]) <= most:
            raise Enough

    with contextlib.suppress(Enough):
        net.path(*train, X_val=held[0], y_val=held[1], callback=look)
    return found[0]


def with_lassonet(train, held, test, seed):
    """The same, with the defaults of LassoNet 0.0.21, in batches of 256 as in its paper; it ends as soon as it may."""
    import lassonet

    def make():
        options = {"hidden_dims": (hidden,), "batch_size": 256, "verbose": 0, "random_state": seed, "torch_seed": seed}
        return lassonet.LassoNetClassifier(**options)

    hidden = train[0].shape[1] // 3
    columns = first_of_path(make(), train, held, MOST)
    refit = make().fit(train[0][:, columns], train[1], X_val=held[0][:, columns], y_val=held[1], dense_only=True)
    return columns, float(np.mean(refit.predict(test[0][:, columns]) == test[1]))


def imported(package):
    """Load the package, and what torch loads at its first optimizer: a second of each process, whoever trains in it."""
    import torch

    importlib.import_module(package)
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])


def main(data, name, seed):
    import torch
    from sklearn.ensemble import ExtraTreesClassifier

    torch.set_num_threads(1)
    train, held, test = parts(data, int(seed))
    imported("lassonet" if name == "lassonet" else "riata.torch")
    start = time.perf_counter()
    if name == "lassonet":
        columns, accuracy = with_lassonet(train, held, test, int(seed))
    else:
        columns, accuracy = with_riata(name, train, held, test, int(seed))
    seconds = time.perf_counter() - start
    judge = ExtraTreesClassifier(50, random_state=0).fit(train[0][:, columns], train[1])
    judged = judge.score(test[0][:, columns], test[1])
    package = "lassonet" if name == "lassonet" else "riata"
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in (package, "torch"))
    print(
        f"seconds={seconds:.4g}", f"features={len(columns)}", f"accuracy={accuracy:.4f}", f"judged={judged:.4f}",
        f"versions={versions}", sep="\t",
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
