"""How a penalty cuts the coefficients into blocks: groups of features, rows of outputs, or single entries.

    λ Σ_g [ l1_g ‖u_g‖ + ½ l2_g ‖u_g‖² + Σ_{j∈g} s_j |u_j| ],     u = t∘w

Groups of one feature and one output are plain absolute values, and a group whose norm has no weight falls apart into
such. What carries no penalty at all is free: it is fitted with the intercept.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidOption
from riata.core.problem import Problem

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclasses.dataclass(eq=False)
class Layout:
    """Blocks of one lane: block g holds all outputs of the features listed[first[g]:first[g + 1]].

    Where ``by_entry``, block j·K + k is the single coefficient (feature j, output k) and the lists are not used.
    """

    outputs: int
    by_entry: bool
    first: NDArray[np.intc]
    listed: NDArray[np.intc]
    l1: Floats  # (n_blocks,) weights at λ = 1, ∞ for what may never enter
    l2: Floats
    s: Floats  # (n_features,); empty where no block has one
    free: Ints  # features without penalty

    @property
    def n_blocks(self) -> int:
        return len(self.l1)

    def members(self, blocks: Ints) -> tuple[Ints, Ints, Ints]:
        """(sizes, features, outputs) of the members of some blocks, a row of outputs after the other."""
        K = self.outputs
        if self.by_entry:
            return np.ones(len(blocks), np.intp), blocks // K, blocks % K
        sizes = (self.first[blocks + 1] - self.first[blocks]).astype(np.intp)
        start = np.repeat(self.first[blocks] - np.cumsum(sizes) + sizes, sizes)
        features = self.listed[start + np.arange(sizes.sum())].astype(np.intp)
        return sizes * K, np.repeat(features, K), np.tile(np.arange(K), len(features))

    def columns(self, blocks: Ints) -> Ints:
        """Features of some blocks, increasing."""
        return np.unique(self.members(blocks)[1])


def layout(problem: Problem, excluded: NDArray[np.bool_], outputs: int) -> Layout:
    """The blocks of a problem where some features are excluded."""
    v = np.where(excluded, np.inf, problem.penalty_factor)
    if problem.groups is None:
        return _entries(v, float(problem.l1_ratio), outputs)
    return _grouped(problem.groups, v, float(problem.l1_ratio), outputs)


def _entries(v: Floats, ratio: float, outputs: int) -> Layout:
    p, free = len(v), np.flatnonzero(v == 0)
    closed = np.isinf(v) | (v == 0)
    v = np.where(closed, 0.0, v)
    l1, l2 = np.where(closed, np.inf, ratio * v), np.where(closed, 0.0, (1.0 - ratio) * v)
    empty = np.zeros(0)
    first, listed = np.arange(p + 1, dtype=np.intc), np.arange(p, dtype=np.intc)
    return Layout(outputs, outputs > 1, first, listed, np.repeat(l1, outputs), np.repeat(l2, outputs), empty, free)


def _grouped(groups: Any, v: Floats, ratio: float, outputs: int) -> Layout:
    p, share = len(v), float(groups.share)
    index, factor = np.asarray(groups.index), np.asarray(groups.factor, np.float64)
    alive = ~np.isinf(v) & ~np.isinf(factor[index])
    factor = np.where(np.isinf(factor), 0.0, factor)
    s = ratio * share * np.where(alive, v, 0.0)
    norm, ridge = ratio * (1.0 - share) * factor, (1.0 - ratio) * factor
    count = np.bincount(index[alive], minlength=len(factor))
    single = ((norm == 0) | (count == 1))[index] & alive
    if outputs > 1 and share > 0 and not np.all(single[alive]):
        raise InvalidOption("Sparse groups of several features go with one output.", got=f"{outputs} outputs")
    free = np.flatnonzero(alive & single & (norm[index] + ridge[index] + s == 0))
    keep = alive.copy()
    keep[free] = False
    own = np.where(single, len(factor) + np.arange(p), index)  # singles become groups of their own
    order = np.argsort(own, kind="stable")
    order = order[keep[order]]
    _, start = np.unique(own[order], return_index=True)
    first = np.append(start, len(order)).astype(np.intc)
    head = order[start]
    lone = single[head]
    l1 = norm[index[head]] + np.where(lone, s[head], 0.0)
    l2 = ridge[index[head]]
    inside = np.where(single | ~keep, 0.0, s)
    return Layout(outputs, False, first, order.astype(np.intc), l1, l2, inside if inside.any() else np.zeros(0), free)
