"""ProxAdamW: torch.optim.AdamW and a proximal step in its metric."""

from __future__ import annotations

import torch

from riata.torch.optim.base import Proximal


class ProxAdamW(Proximal, torch.optim.AdamW):
    """``ProxAdamW(model, rules, lr=…, …)``: exact zeros, and the minimiser of mean loss + Σ λR(w).

    The threshold of an entry is λ·lr/(√v̂ + ε); decoupled decay keeps torch's meaning and is no part of λR.
    The arguments beside ``model`` and ``rules`` are those of torch.optim.AdamW.
    """
