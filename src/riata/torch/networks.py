"""Networks that are made to be sparse: SparseMLP, SparseInputMLP, LassoNet. Each knows the rules that suit it.

``net.rules(lam)`` are rules for ``sparsify``, a proximal optimizer or a :class:`riata.torch.Trainer`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from torch import Tensor, nn

from riata.core.errors import InvalidOption
from riata.torch.penalties import L1, ElasticNet, GroupLasso, Hierarchical, Penalty

Activation = Callable[[], nn.Module]
RIDGE = 1e-4  # on the layers above a first layer whose columns are selected; ten times as much found fewer of them


def _layers(sizes: Sequence[int], activation: Activation, dropout: float) -> list[nn.Module]:
    """What follows a first layer of sizes[0] units: activation, dropout, linear, and so on."""
    found: list[nn.Module] = []
    for before, after in itertools.pairwise(sizes):
        found += [activation(), *([nn.Dropout(dropout)] if dropout else []), nn.Linear(before, after)]
    return found


def _sizes(hidden: Sequence[int]) -> list[int]:
    if not hidden or not all(isinstance(k, int) and k > 0 for k in hidden):
        raise InvalidOption("hidden holds the number of units of each hidden layer.", expected="(100,)", got=hidden)
    return list(hidden)


class SparseMLP(nn.Module):
    """A multi-layer perceptron of which single weights, or whole neurons, are to become zero.

    Parameters
    ----------
    features, outputs : sizes of input and output
    hidden : units of each hidden layer
    activation, dropout : between the layers

    Examples
    --------
    >>> net = SparseMLP(20, 1, hidden=(64, 32))
    >>> sorted(net.rules(1e-3))
    ['body.1.weight', 'body.3.weight', 'first.weight']
    """

    def __init__(
        self, features: int, outputs: int, hidden: Sequence[int] = (100,), *,
        activation: Activation = nn.ReLU, dropout: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        sizes = _sizes(hidden)
        self.first = nn.Linear(features, sizes[0])
        self.body = nn.Sequential(*_layers([*sizes, outputs], activation, dropout))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.first(x))

    def _linear(self) -> list[str]:
        return [name for name, module in self.named_modules() if isinstance(module, nn.Linear)]

    def rules(self, lam: float, *, neurons: bool = False) -> dict[str, Penalty]:
        """L1 on every weight; with ``neurons``, groups of the weights into each hidden neuron, which ``compact`` cuts.

        Every layer is penalised, the last one by L1: were one left out, it would grow, and the others shrink for free.
        """
        *hidden, last = self._linear()
        first: Penalty = GroupLasso(lam, group="output") if neurons else L1(lam)
        return {**{f"{name}.weight": first for name in hidden}, f"{last}.weight": L1(lam)}


class SparseInputMLP(SparseMLP):
    """A multi-layer perceptron that reads few of its features: groups of the first layer's columns become zero.

    To penalise the first layer alone is no penalty at all: W₁ → cW₁, b₁ → cb₁ with the next layer divided by c leaves
    the function of a ReLU network as it is, and the penalty as small as one likes. So the layers above get a ridge,
    which grows as the first layer shrinks.
    """

    def rules(self, lam: float, *, ridge: float = RIDGE) -> dict[str, Penalty]:  # type: ignore[override]
        """λ Σⱼ ‖W₁[:, j]‖₂ and ½·ridge·‖W‖² for each layer above."""
        if not ridge > 0.0:
            raise InvalidOption(
                "Without a ridge on the layers above, the first layer's penalty vanishes by rescaling the layers, and "
                "λ selects nothing.",
                expected="ridge > 0", got=ridge,
            )  # fmt: skip
        first, *above = self._linear()
        columns = GroupLasso(lam, group="input", size_weight=None)
        return {f"{first}.weight": columns, **{f"{name}.weight": ElasticNet(ridge, l1_ratio=0.0) for name in above}}


class LassoNet(nn.Module):
    """A network beside a linear skip connection; a feature takes part only as far as its skip weights let it.

    output = S x + body(W x + c),    penalty  λ Σⱼ ‖Sⱼ‖₂   subject to   |W_kj| ≤ M‖Sⱼ‖₂

    One layer ``first`` holds S (its first rows) and W, as ``Hierarchical`` wants it.

    Parameters
    ----------
    features, outputs : sizes of input and output
    hidden : units of each hidden layer; the first is the number of rows of W
    body : what maps W x + c to the outputs, any module; by default a perceptron with ``hidden`` layers. ``units`` is
        then the number of its inputs
    M : how much more than its skip weights a feature may weigh in the network

    References
    ----------
    Lemhadri, Ruan, Abraham & Tibshirani (2021), J. Mach. Learn. Res. 22.
    """

    def __init__(
        self, features: int, outputs: int, hidden: Sequence[int] = (100,), *, body: nn.Module | None = None,
        units: int | None = None, M: float = 10.0, activation: Activation = nn.ReLU, dropout: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        if (body is None) != (units is None):
            raise InvalidOption("body and units come together: units is the number of inputs of body.", got=units)
        sizes = _sizes(hidden) if units is None else [units]
        self.outputs, self.M = outputs, M
        self.first = nn.Linear(features, outputs + sizes[0])
        self.body = nn.Sequential(*_layers([*sizes, outputs], activation, dropout)) if body is None else body

    def forward(self, x: Tensor) -> Tensor:
        both = self.first(x)
        return both[..., : self.outputs] + self.body(both[..., self.outputs :])

    def rules(self, lam: float) -> dict[str, Penalty]:
        """The hierarchical penalty on the first layer."""
        return {"first.weight": Hierarchical(lam, M=self.M, skip=self.outputs)}
