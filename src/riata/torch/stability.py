"""Stability selection of networks: features that sparse networks keep whatever half of the rows they are trained on.

One network that selects features says little about them: with other rows, other initial weights or another order of
batches it selects others. So networks are led from full to sparse on many halves of the rows, each with initial
weights of its own, and what counts is how often a feature is among the last q. The bounds on false selections are those
of riata.inference.stability_bounds: they need nothing of the method but that it chooses at most q features from a half.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from riata.core.errors import InvalidData, InvalidOption
from riata.inference.stability import Stability, half_samples, settle, stability_of
from riata.torch.climb import DENSE, Loss, ModelFn
from riata.torch.paths import SparsePath, sparse_path


def stability_selection(
    model_fn: ModelFn, data: tuple[Tensor, Tensor], loss: Loss, *, rules: Any = None, q: int | None = None,
    threshold: float | None = None, pfer: float | None = None, bound: str = "r-concave", n_pairs: int = 25,
    epochs: int = DENSE, feature_names: Sequence[str] | None = None, seed: int = 0,
) -> Stability:  # fmt: skip
    """Which features do networks keep whatever rows they learn from? With a bound on how many of them are false.

    On each of 2B = ``2·n_pairs`` halves of the rows, a half and its complement in turn, :func:`sparse_path` leads a
    network from full to sparse, and its last q features are noted; those noted in a share ≥ π of the halves are
    selected. Then

        E[selected features that are noise] ≤ PFER(q, π)

    where noise is a feature whose chance of being among the last q is at most q/p, no more than of a random choice.
    Give any two of ``q``, ``threshold`` (π) and ``pfer`` and the third follows; by default pfer = 1 and q is the
    smallest of n/8, 50 and what π = 0.75 allows. The time is that of 2B paths without refit.

    Parameters
    ----------
    model_fn, data, loss, rules, epochs : as for :func:`sparse_path`; the units that the rules count are the columns of
        X (``SparseInputMLP``, ``LassoNet``, ``GroupLasso(lam, group="input")`` on a first layer). Integer targets are
        classes, and are in proportion in both halves
    q : features taken from each half;  threshold : π in (0.5, 1];  pfer : expected number of false selections
    bound : "r-concave" (sharpest), "unimodal" or "worst", as for ``riata.stability_selection``
    n_pairs : B
    feature_names : of the columns of X; x0, x1, … by default
    seed : of the halves and of every network

    Returns
    -------
    riata.inference.stability.Stability
        ``selected``, ``frequency``, ``pfer``, ``to_frame()``, ``plot()``. Its ``clusters`` are empty.

    Raises
    ------
    InvalidOption
        All three of q, threshold and pfer; no q or threshold that keeps pfer; rules whose units are no features.

    Examples
    --------
    >>> import torch, riata.torch as rt
    >>> X = torch.randn(200, 30, generator=torch.Generator().manual_seed(0))
    >>> net = lambda features: rt.SparseInputMLP(features, 1, hidden=(8,))
    >>> found = rt.stability_selection(net, (X, 2 * X[:, :1] * X[:, 1:2]), torch.nn.functional.mse_loss, q=4,
    ...                                n_pairs=5, epochs=60)                                      # doctest: +SKIP
    >>> sorted(found.selected)                                                                    # doctest: +SKIP
    ['x0', 'x1']

    References
    ----------
    Meinshausen & Bühlmann (2010), J. R. Stat. Soc. B 72; Shah & Samworth (2013), ibid. 75, theorems 1 and 2 and eq. 8.
    """
    X, y = data
    rows, p = X.shape
    names = [f"x{j}" for j in range(p)] if feature_names is None else list(feature_names)
    if len(names) != p:
        raise InvalidData("feature_names has one name for each column of X.", expected=p, got=len(names))
    q, threshold, notes = settle(q, threshold, pfer, p, rows, n_pairs, bound)
    strata = None if y.is_floating_point() else y.reshape(rows, -1)[:, 0].cpu().numpy()
    chosen = []
    for number, weight in enumerate(half_samples(rows, np.arange(rows), n_pairs, "pairs", seed, None, strata)):
        half = torch.as_tensor(np.flatnonzero(weight), device=X.device)
        path = sparse_path(
            model_fn, (X[half], y[half]), loss, rules=rules, features=q, refit=False, epochs=epochs,
            seed=seed + 1 + number,
        )  # fmt: skip
        chosen.append(_last(path, q, p, X[half].std(dim=0)))
    return stability_of(chosen, names, q, threshold, bound=bound, notes=notes)


def _last(path: SparsePath, q: int, p: int, sd: torch.Tensor) -> np.ndarray:
    """The q features that left last; those that left in one step by the norms of their columns, per ``sd``."""
    if not path.units_are_features:
        raise InvalidOption(
            "Stability selection counts features, and the units of these rules are others: the neurons of two networks "
            "are not the same neurons.",
            got=f"{len(path.chosen.support)} units, {p} features", hint='GroupLasso(lam, group="input")',
        )  # fmt: skip
    before = next((point for point in reversed(path.points) if point.count >= q), path.points[0])
    size = torch.where(before.support, before.state[path.counted].norm(dim=0) * sd, -1.0)
    order = size.argsort(descending=True, stable=True)[: min(q, before.count)]
    return np.sort(order.cpu().numpy())
