"""ProxSGD: torch.optim.SGD and a proximal step in its metric."""

from __future__ import annotations

import torch

from riata.torch.optim.base import Proximal


class ProxSGD(Proximal, torch.optim.SGD):
    """``ProxSGD(model, rules, lr=…, …)``: exact zeros, and the minimiser of mean loss + Σ λR(w).

    Momentum and Nesterov's momentum carry the penalty as they carry the loss (riata.torch.metric).
    The arguments beside ``model`` and ``rules`` are those of torch.optim.SGD.
    """
