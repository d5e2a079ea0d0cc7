"""ProxAdagrad: torch.optim.Adagrad with the proximal step of the rules."""

from __future__ import annotations

import torch

from riata.torch.optim.base import Proximal


class ProxAdagrad(Proximal, torch.optim.Adagrad):
    __doc__ = Proximal.__doc__
