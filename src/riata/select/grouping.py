"""Which features a penalty takes together: by column of the table, by list, by name, by pattern.

A column of text is many features (one for each level), and so is a number with gaps (a second one marks them). They
belong together unless the caller says otherwise, so a group penalty on a table takes whole columns in or out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata import penalties
from riata.core.errors import InvalidOption, did_you_mean
from riata.select.data import Data, by_feature, features_named, sources
from riata.select.options import Options
from riata.table.words import shown

Members = dict[str, list[int]]  # the features of each group


def settle(data: Data, o: Options) -> tuple[dict[str, Any], tuple[str, ...] | None]:
    """(the penalty's options with groups as positions of features, label of each feature's group or None).

    Features that ``groups`` does not name stay with their column. Where one factor holds for a whole group,
    ``penalty_factor`` multiplies the group's weight, √size unless ``group_weights`` has it.
    """
    own = dict(o.penalty_options)
    if not isinstance(o.penalty, str) or "groups" not in penalties.find(o.penalty).options():
        return own, None
    members = _members(own.get("groups"), data)
    labels = np.empty(len(data.names), dtype=object)
    for label, features in members.items():
        labels[features] = label
    weights = own.get("group_weights")
    if len(members) == len(data.names) and weights is None:
        return own | {"groups": None}, None  # every feature by itself: its penalty_factor is its weight
    own["groups"] = members
    own["group_weights"] = _weights(weights, members, data, o)
    return own, tuple(labels)


def _members(spec: Any, data: Data) -> Members:
    """The features of every group that ``spec`` names, then the columns that it does not, each a group."""
    p = len(data.names)
    if spec is None:
        out: Members = {}
    elif not isinstance(spec, Mapping | str) and len(spec) == p and not isinstance(spec[0], list | tuple | np.ndarray):
        found, index = np.unique(np.asarray(spec), return_inverse=True)
        out = {str(label): np.flatnonzero(index == k).tolist() for k, label in enumerate(found.tolist())}
    else:
        out = _listed(spec, data)
    grouped = {j for features in out.values() for j in features}
    rest: Members = {}
    for j, column in enumerate(sources(data)):
        if j not in grouped:
            rest.setdefault(f"{column} (rest)" if column in out else column, []).append(j)
    return out | rest


def _listed(spec: Any, data: Data) -> Members:
    """Groups from {label: members} or a list of members; members are a position, a name or pattern, or several."""
    spec = [spec] if isinstance(spec, str) else spec
    named = (
        spec if isinstance(spec, Mapping) else {one if isinstance(one, str) else k: one for k, one in enumerate(spec)}
    )
    owner: dict[int, str] = {}
    out: Members = {}
    for label, wanted in named.items():
        for one in [wanted] if isinstance(wanted, str | int | np.integer) else wanted:
            for j in features_named(one, data, "groups") if isinstance(one, str) else [_position(one, data)]:
                if owner.setdefault(j, str(label)) != str(label):
                    raise InvalidOption(
                        f'the feature "{data.names[j]}" is in two groups.', got=f"{owner[j]} and {label}",
                        expected="groups that share no feature", hint="does a pattern mean more than it should?",
                    )  # fmt: skip
                out.setdefault(str(label), []).append(j)
    return {label: sorted(set(features)) for label, features in out.items()}


def _position(one: Any, data: Data) -> int:
    p = len(data.names)
    if not isinstance(one, int | np.integer) or not 0 <= one < p:
        raise InvalidOption("groups names no feature.", got=repr(one), expected=f"a name, a pattern, or 0 to {p - 1}")
    return int(one)


def _weights(given: Any, members: Members, data: Data, o: Options) -> Any:
    """What Groups.of takes: the weight of each group by its label, or one number."""
    factor = by_feature(o.penalty_factor, data, "penalty_factor", 1.0)
    if isinstance(given, Mapping):
        unknown = [str(label) for label in given if str(label) not in members]
        if unknown:
            raise InvalidOption(
                f'group_weights names "{unknown[0]}", which is no group.', got=unknown[0], expected=shown(members),
                hint=did_you_mean(unknown[0], members),
            )  # fmt: skip
        given = {str(label): float(v) for label, v in given.items()}
    elif isinstance(given, Sequence | np.ndarray):
        if len(given) != len(members):
            raise InvalidOption(
                "group_weights has not one number for each group.", got=f"{len(given)} numbers",
                expected=f"{len(members)}, or {{group: number}} for some of {shown(members)}",
            )  # fmt: skip
        given = dict(zip(members, given, strict=True))
    if factor is None or isinstance(given, int | float | np.number):
        return given
    return _with_factors(given or {}, np.broadcast_to(np.asarray(factor, dtype=float), len(data.names)), members, o)


def _with_factors(given: dict[str, float], factor: NDArray[Any], members: Members, o: Options) -> dict[str, float]:
    """Weights times the factor that a group's features share; ∞ leaves a feature out and says nothing of the others."""
    out = {}
    for label, features in members.items():
        found = np.unique(factor[features][np.isfinite(factor[features])])
        if len(found) > 1 and o.penalty == "group":
            raise InvalidOption(
                f'penalty_factor differs within the group "{label}", which is penalised as one.',
                got=shown(map(str, found)), expected="one factor for all of a group",
                hint=f'group_weights={{"{label}": …}} weighs the group.',
            )  # fmt: skip
        common = float(found[0]) if len(found) == 1 else 1.0
        out[label] = common * given.get(label, float(np.sqrt(len(features))))
    return out
