"""Groups of features and how strongly each is penalised."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidOption, did_you_mean


@dataclasses.dataclass(frozen=True, eq=False)
class Groups:
    """A partition of the features. The penalty at λ is then, with u = t∘w (t as in ``Problem``),

        λ Σ_g [ l1_ratio·( (1−share)·v_g ‖u_g‖₂ + share·Σ_{j∈g} v_j ‖u_j‖₁ ) + ½(1−l1_ratio)·v_g ‖u_g‖₂² ]

    With K outputs u_j is the row (u_j1, …, u_jK) of feature j and ‖u_g‖₂ runs over all rows of the group: groups of one
    feature are the row-wise penalty of multi-task and grouped multinomial models.

    Attributes
    ----------
    index : (n_features,) integers 0 … n_groups − 1
    factor : (n_groups,) v_g ≥ 0, used exactly as given (√size is the caller's choice)
    share : float in [0, 1], the part of the absolute values (sparse group lasso); their factors v_j are the
        problem's ``penalty_factor``, which otherwise only says what is excluded (∞)
    """

    index: NDArray[np.intp]
    factor: NDArray[np.float64]
    share: float = 0.0

    @staticmethod
    def of(spec: Any, names: Sequence[str] | None, p: int, weights: Any = None, share: float = 0.0) -> Groups:
        """Groups from what a person writes; features that are in none are groups of one.

        spec : (n_features,) labels, equal ones together; or a list of lists of positions or names; or
            {group: names or patterns ("gene_*")}; None: every feature by itself
        weights : v_g, a number, a list in the order of the groups, or {group: v}; by default √size
        """
        if spec is None:
            index, labels = np.arange(p), list(range(p))
        elif _is_labels(spec, p):
            found, index = np.unique(np.asarray(spec), return_inverse=True)
            labels = found.tolist()
        else:
            index, labels = _listed(spec, names, p)
        index = np.asarray(index, np.intp).reshape(-1)
        size = np.bincount(index)
        return Groups(index, _weights(weights, labels, np.sqrt(size)), float(share))


def _is_labels(spec: Any, p: int) -> bool:
    return not isinstance(spec, Mapping) and len(spec) == p and not isinstance(spec[0], list | tuple | np.ndarray)


def _listed(spec: Any, names: Sequence[str] | None, p: int) -> tuple[NDArray[np.intp], list[Any]]:
    """(group of each feature, labels of the groups) from lists of members."""
    members = dict(spec) if isinstance(spec, Mapping) else dict(enumerate(spec))
    if not all(isinstance(wanted, Iterable) for wanted in members.values()):
        raise InvalidOption(
            "groups must have one label for each feature, or be lists of features.", expected=f"{p} labels",
            got=f"{len(members)} labels",
        )  # fmt: skip
    index, labels = np.full(p, -1, np.intp), list(members)
    for g, wanted in enumerate(members.values()):
        for one in [wanted] if isinstance(wanted, str) else wanted:
            for j in _positions(one, names, p):
                if index[j] not in (-1, g):
                    label: Any = names[j] if names else j
                    raise InvalidOption(
                        f"Feature {label!r} is in two groups.", got=f"{labels[index[j]]!r}, {labels[g]!r}"
                    )
                index[j] = g
    alone = [int(j) for j in np.flatnonzero(index < 0)]
    index[alone] = len(labels) + np.arange(len(alone))
    return index, labels + [names[j] if names else j for j in alone]


def _positions(one: Any, names: Sequence[str] | None, p: int) -> list[int]:
    """The features that a position, a name or a pattern stands for."""
    if isinstance(one, str):
        found = [j for j, name in enumerate(names or ()) if name == one or fnmatch.fnmatchcase(name, one)]
        if not found:
            raise InvalidOption(f"No feature is called {one!r}.", got=one, hint=did_you_mean(one, names or ()))
        return found
    if not 0 <= int(one) < p:
        raise InvalidOption("There is no such feature to group.", expected=f"0 to {p - 1}", got=one)
    return [int(one)]


def _weights(weights: Any, labels: list[Any], default: NDArray[np.float64]) -> NDArray[np.float64]:
    """v_g of each group."""
    if isinstance(weights, Mapping):
        unknown = [key for key in weights if key not in labels]
        if unknown:
            raise InvalidOption(f"There is no group {unknown[0]!r} to weigh.", got=unknown[0])
        return np.array([float(weights.get(label, v)) for label, v in zip(labels, default, strict=True)])
    out = default if weights is None else np.broadcast_to(np.asarray(weights, np.float64), default.shape).copy()
    if np.isnan(out).any() or (out < 0).any():
        raise InvalidOption("Group weights must be numbers ≥ 0.", got=weights)
    return out
