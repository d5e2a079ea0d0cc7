"""sparsify and bake: latent weights in, plain weights out."""

from __future__ import annotations

from typing import Any

from torch import nn

from riata.torch.rules import Rules


def sparsify(model: nn.Module, rules: Rules, *, width: float | None = None) -> nn.Module:
    """Make the penalised weights of ``model`` latent, in place: exact zeros under any torch optimizer.

    The weights are what they were; training drives those that the penalty excludes to exactly zero and keeps them
    there. Everything else of a training loop stays as it is: optimizer, scheduler, loss scaler, accumulation, compile.

    Parameters
    ----------
    model : changed and returned
    rules : who is penalised by what (riata.torch.rules)
    width : γλ, how far a latent value travels between "just zero" and "in the middle of zero", in units of the weight;
        by default a tenth of the standard deviation of the weight as it is

    Raises
    ------
    InvalidOption
        Rules that do not fit; weights that are shared between modules or parametrized already.
    """
    raise NotImplementedError


def bake(model: nn.Module) -> nn.Module:
    """Turn latent weights into plain parameters, in place: the same outputs, zeros and all; the model is returned."""
    raise NotImplementedError


def parameter_groups(model: nn.Module, *, weight_decay: float = 0.0) -> list[dict[str, Any]]:
    """Parameter groups for an optimizer: ``weight_decay`` on ordinary weights; none on latents, biases and norms."""
    raise NotImplementedError
