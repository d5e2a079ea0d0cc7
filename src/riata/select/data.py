"""What a selection works on: X, y and their names, whether they came as a frame or as arrays."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidData, InvalidOption, did_you_mean
from riata.losses.targets import labels as target_labels
from riata.table.columns import RowLabel, is_frame
from riata.table.encode import Encoder, frame_row
from riata.table.words import count

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Data:
    """Numbers ready for the solver.

    Attributes
    ----------
    X : array, sparse matrix or memory map (n, p);  names : list of str
    y : float64 (n,);  target : its name
    sample_weight, offset : float64 (n,) or None
    rows : positions of the n rows among those given
    n_given : rows given
    encoder : Encoder or None
    design_for : train_mask -> X imputed from the training rows, or None where nothing was imputed
    carried : dict of column name -> values (folds, groups, …)
    notes : list of sentences
    levels : the words of a target of classes, of which y holds the places; or None
    outcome : what the loss takes, where that is not y: the columns of a target that has several
    parts : names of these columns, where each has a linear predictor or holds counts
    groups : label of each feature's group, where features are penalised by groups; or None
    """

    X: Any
    names: list[str]
    y: Floats
    target: str
    sample_weight: Floats | None
    offset: Floats | None
    rows: NDArray[np.int64]
    n_given: int
    encoder: Encoder | None
    design_for: Callable[[NDArray[np.bool_]], Any] | None
    carried: dict[str, NDArray[Any]]
    notes: list[str]
    levels: tuple[Any, ...] | None = None
    outcome: Any = None
    parts: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None

    def per_row(self, value: Any, what: str) -> NDArray[Any] | None:
        """Values for the kept rows of ``value``: the name of a carried column, or an array with one per row given."""
        if value is None:
            return None
        if isinstance(value, str):
            return self.carried[value]
        array = np.asarray(value)
        if array.ndim >= 1 and array.shape[-1] == self.n_given:
            return array[..., self.rows]
        raise InvalidData(
            f"{what} does not have one value per row.", expected=f"{self.n_given} values", got=f"shape {array.shape}"
        )


def prepare(
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    offset: Any = None,
    na: str = "error",
    drop: str | Sequence[str] = (),
    keep: str | Sequence[str] = (),
    categories: str | Sequence[str] = (),
    carry: Sequence[Any] = (),
    also: Sequence[str] = (),
    feature_names: Sequence[str] | None = None,
    row_label: RowLabel = frame_row,
    labels: bool = False,
) -> Data:
    """Data from a frame (encoded) or an array (taken as it is). Raises InvalidData, InvalidOption.

    With ``labels`` the target may be words; ``also`` names the columns of a frame that belong to it besides ``y``.
    """
    if is_frame(X):
        return _from_frame(X, y, sample_weight, offset, na, drop, keep, categories, carry, also, row_label, labels)
    for name, value in (("drop", drop), ("keep", keep), ("categories", categories)):
        if len(value):
            raise InvalidOption(
                f"{name} names columns, and X is an array without names.", got=value, expected="a frame"
            )
    for value in (y, sample_weight, offset, *carry):
        if isinstance(value, str):
            raise InvalidOption(
                f'"{value}" would be the name of a column, and X is an array without names.',
                got=type(X).__name__,
                expected="an array of values, or X as a frame",
            )
    return _from_array(X, y, sample_weight, offset, na, feature_names, labels)


def _from_frame(
    X: Any,
    y: Any,
    weight: Any,
    offset: Any,
    na: str,
    drop: Any,
    keep: Any,
    categories: Any,
    carry: Any,
    also: Sequence[str],
    label: RowLabel,
    labels: bool,
) -> Data:
    named = [name for name in carry if isinstance(name, str)]
    encoded = Encoder.fit(
        X,
        target=y,
        weights=weight,
        offset=offset,
        drop=drop,
        keep=keep,
        categories=categories,
        carry=named,
        also=also,
        na=na,
        row_label=label,
        labels=labels,
    )
    return Data(
        X=encoded.X,
        names=list(encoded.names),
        y=encoded.y,
        target=encoded.encoder.target or "y",
        sample_weight=encoded.sample_weight,
        offset=encoded.offset,
        rows=encoded.rows,
        n_given=encoded.n_given,
        encoder=encoded.encoder,
        design_for=encoded.design_for if encoded.has_imputed else None,
        carried=encoded.carried,
        notes=encoded.notes,
        levels=encoded.levels,
    )


def _from_array(
    X: Any, y: Any, weight: Any, offset: Any, na: str, feature_names: Sequence[str] | None, labels: bool
) -> Data:
    X = X if hasattr(X, "tocsc") or isinstance(X, np.ndarray) else np.asarray(X)
    if X.ndim != 2:
        raise InvalidData(
            "X is not a table.",
            expected="an array of shape (n_samples, n_features)",
            got=f"shape {X.shape}",
            hint="one feature is X.reshape(-1, 1)." if X.ndim == 1 else None,
        )
    if na != "error":
        raise InvalidOption(
            f'na="{na}" is for tables with named columns.',
            got=type(X).__name__,
            expected='na="error" with an array',
            hint="give a polars, pandas or pyarrow frame.",
        )
    names = [str(name) for name in feature_names] if feature_names is not None else [f"x{j}" for j in range(X.shape[1])]
    check_no_gaps(X, names)
    values, levels = _numbers(y, labels)
    return Data(
        X=X,
        names=names,
        y=values,
        target=getattr(y, "name", None) or "y",
        sample_weight=None if weight is None else np.asarray(weight, dtype=float),
        offset=None if offset is None else np.asarray(offset, dtype=float),
        rows=np.arange(X.shape[0]),
        n_given=X.shape[0],
        encoder=None,
        design_for=None,
        carried={},
        notes=[],
        levels=levels,
    )


def _numbers(y: Any, labels: bool) -> tuple[Floats, tuple[Any, ...] | None]:
    """y as numbers; of words, if they may be, the places in the sorted words, and these."""
    array = np.asarray(y)
    if labels and array.dtype.kind not in "fiub":
        found, code = target_labels(array)
        return code.astype(float), tuple(str(word) for word in found.tolist())
    try:
        return np.asarray(y, dtype=float), None
    except (TypeError, ValueError):
        raise InvalidData(
            "the target y does not hold numbers.",
            expected="a number in every row",
            got=f"values of type {array.dtype}",
            hint='family="binomial" models two classes, family="multinomial" several.',
        ) from None


def check_no_gaps(X: Any, names: Sequence[str]) -> None:
    """Raise InvalidData naming row and column of the first NaN or infinite entry of an array."""
    values = X.data if hasattr(X, "tocsc") else X
    if values.dtype.kind not in "fc" or np.isfinite(values).all():
        return
    if hasattr(X, "tocsc"):
        coo = X.tocoo()
        first = int(np.flatnonzero(~np.isfinite(coo.data))[0])
        row, col, value, total = int(coo.row[first]), int(coo.col[first]), coo.data[first], ~np.isfinite(coo.data)
    else:
        total = ~np.isfinite(X)
        row, col = (int(v) for v in np.argwhere(total)[0])
        value = X[row, col]
    raise InvalidData(
        f'X has {count(int(total.sum()), "value")} NaN or infinite, first at row {row}, column {col} ("{names[col]}").',
        expected="finite numbers",
        got=f"{value}",
        hint='give a frame and na="mean" or na="drop", or fill the gaps before.',
    )


def by_feature(value: Any, data: Data, what: str, default: float) -> Any:
    """One number per column of X from ``value``: an array as it is, or a mapping of names to numbers.

    A name may be a column of X (``sex=female``), a column of the table (``sex``: all its levels) or a pattern (``x*``).
    """
    if not isinstance(value, Mapping):
        return value
    out = np.full(len(data.names), float(default))
    for name, number in value.items():
        out[features_named(name, data, what)] = float(number)
    return out


def features_named(name: str, data: Data, what: str) -> list[int]:
    """The features that a name or pattern means, as :func:`by_feature` reads it; InvalidOption where there are none."""
    of = sources(data)
    hits = [j for j, own in enumerate(data.names) if name in (own, of[j])]
    hits = hits or [j for j, own in enumerate(data.names) if any(fnmatch.fnmatchcase(n, name) for n in (own, of[j]))]
    if not hits:
        raise InvalidOption(
            f'{what} names "{name}", which is not a feature.',
            got=name,
            expected="a column used as a feature",
            hint=did_you_mean(name, list(dict.fromkeys([*of, *data.names]))),
        )
    return hits


def sources(data: Data) -> list[str]:
    """The column of the table that each feature comes from."""
    if data.encoder is None:
        return list(data.names)
    return [step.column for step in data.encoder.steps for _ in step.names]
