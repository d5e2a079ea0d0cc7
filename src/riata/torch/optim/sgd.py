"""ProxSGD: torch.optim.SGD with the proximal step of the rules."""

from __future__ import annotations

import torch

from riata.torch.optim.base import Proximal


class ProxSGD(Proximal, torch.optim.SGD):
    __doc__ = Proximal.__doc__
