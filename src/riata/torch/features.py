"""What a network makes of its features: importances read off its first layer, and a table of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from riata.core.errors import InvalidOption
from riata.core.result_frame import ResultFrame
from riata.torch.compaction import Pick


@dataclasses.dataclass(frozen=True)
class FeatureReport:
    """Importance of every feature, largest first; what was left out has importance 0.

    Attributes
    ----------
    names, importance : in that order; importances are shares, and sum to 1
    selected : how many are not zero
    """

    names: list[str]
    importance: list[float]
    selected: int

    def to_frame(self) -> ResultFrame:
        """Columns ``feature``, ``importance``, ``selected``."""
        chosen: list[object] = [value > 0.0 for value in self.importance]
        return ResultFrame(feature=list(self.names), importance=list(self.importance), selected=chosen)

    def __str__(self) -> str:
        rows = list(zip(self.names, self.importance, strict=True))[: self.selected]
        width = max((len(name) for name, _ in rows), default=0)
        top = max(self.importance, default=0.0)
        lines = [f"{self.selected} of {len(self.names)} features are read"]
        lines += [f"{name:<{width}}  {value:6.1%}  {'█' * round(20 * value / top)}" for name, value in rows]
        return "\n".join(lines)


@torch.no_grad()
def feature_importances(model: nn.Module, scale: Tensor | None = None) -> Tensor:
    """‖column‖₂ of the first linear layer for every feature: 0 exactly where the network does not read it.

    For a :class:`riata.torch.LassoNet` it is the norm of the skip weights, which bounds the others. Columns are
    comparable where features have one scale; otherwise give ``scale``, their standard deviations.
    """
    layer = next((m for m in model.modules() if isinstance(m, nn.Linear)), None)
    if layer is None:
        raise InvalidOption("Importances are read off a first linear layer.", got=type(model).__name__)
    weight, outputs = layer.weight, getattr(model, "outputs", None)
    size = (weight if outputs is None else weight[:outputs]).norm(dim=0)
    pick = next((m for m in model.modules() if isinstance(m, Pick)), None)
    if pick is not None:  # a compacted model: features that went have no column
        size = size.new_zeros(int(pick.index.max()) + 1).index_copy(0, pick.index, size)
    return size if scale is None else size * scale.to(size)


def feature_report(
    model: nn.Module, feature_names: Sequence[str] | None = None, *, scale: Tensor | None = None
) -> FeatureReport:
    """The features of a network by importance (:func:`feature_importances`).

    >>> net = nn.Linear(3, 1)
    >>> _ = net.weight.data.copy_(torch.tensor([[0.0, 3.0, -1.0]]))
    >>> feature_report(net, ["a", "b", "c"]).names
    ['b', 'c', 'a']
    """
    size = feature_importances(model, scale).double().cpu()
    names = [f"x{j}" for j in range(len(size))] if feature_names is None else [str(name) for name in feature_names]
    if len(names) != len(size):
        raise InvalidOption("feature_names name every feature.", expected=len(size), got=len(names))
    share = size / size.sum().clamp(min=torch.finfo(size.dtype).tiny)
    order = share.argsort(descending=True, stable=True).tolist()
    return FeatureReport([names[j] for j in order], share[order].tolist(), int((size > 0).sum()))
