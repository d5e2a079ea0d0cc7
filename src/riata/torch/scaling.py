"""Standardised features within a fit, folded into the layer that reads them: the network takes X as it is.

    W z + b  with  z = (x − mean)/scale   is   W' x + b'  with  W' = W/scale, b' = b − W' mean

Features of one scale and mean 0 are what networks learn quickly from, and what makes a λ the same for each. Zeros, and
bounds within a column, are those of W. It takes a linear layer with a bias that reads the columns of X and nothing
else; whether a layer does is seen from the outputs of a folded network.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

State = dict[str, Tensor]
NEAR = 1e-3  # relative difference of outputs in float32 that is rounding


class Scaling:
    """Means and standard deviations of the columns of X, and the layer (by the name of its weight) that reads them."""

    def __init__(self, X: Tensor, weight: str) -> None:
        self.mean, spread = X.mean(0), X.std(0, correction=0)
        self.scale = torch.where(spread > 0, spread, torch.ones_like(spread))
        self.weight, self.bias = weight, weight.removesuffix("weight") + "bias"

    def apply(self, X: Tensor) -> Tensor:
        """Standardised columns."""
        return (X - self.mean) / self.scale

    def folded(self, state: State, columns: Tensor | None = None) -> State:
        """The state of a network for X (or for some columns of it), given that for standardised columns."""
        mean, scale = (self.mean, self.scale) if columns is None else (self.mean[columns], self.scale[columns])
        weight = state[self.weight] / scale
        return {**state, self.weight: weight, self.bias: state[self.bias] - weight @ mean}

    def unfolded(self, state: State) -> State:
        """The other way."""
        weight = state[self.weight]
        return {**state, self.weight: weight * self.scale, self.bias: state[self.bias] + weight @ self.mean}

    @torch.no_grad()
    def fits(self, model: nn.Module, X: Tensor) -> bool:
        """Whether the folded network does to X what ``model`` does to standardised rows."""
        name = self.weight.rpartition(".")[0]
        layer = model.get_submodule(name)
        if not (type(layer) is nn.Linear and layer.in_features == X.shape[-1] and layer.bias is not None):
            return False
        other = copy.deepcopy(model).eval()
        other.load_state_dict(self.folded(model.state_dict()))
        mode = model.training
        model.eval()
        wanted, got = model(self.apply(X)), other(X)
        model.train(mode)
        return bool((wanted - got).abs().max() <= NEAR * wanted.abs().max())
