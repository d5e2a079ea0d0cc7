"""ProxAdamW: torch.optim.AdamW with the proximal step of the rules."""

from __future__ import annotations

import torch

from riata.torch.optim.base import Proximal


class ProxAdamW(Proximal, torch.optim.AdamW):
    __doc__ = Proximal.__doc__
