"""ProxAdam: torch.optim.Adam with the proximal step of the rules."""

from __future__ import annotations

import torch

from riata.torch.optim.base import Proximal


class ProxAdam(Proximal, torch.optim.Adam):
    __doc__ = Proximal.__doc__
