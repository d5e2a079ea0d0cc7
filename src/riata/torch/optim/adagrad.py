"""ProxAdagrad: torch.optim.Adagrad and a proximal step in its metric."""

from __future__ import annotations

import torch

from riata.torch.optim.base import Proximal


class ProxAdagrad(Proximal, torch.optim.Adagrad):
    """``ProxAdagrad(model, rules, lr=…, …)``: exact zeros, and the minimiser of mean loss + Σ λR(w).

    The threshold of an entry is λ·lr/(√Σg² + ε).
    The arguments beside ``model`` and ``rules`` are those of torch.optim.Adagrad.
    """
