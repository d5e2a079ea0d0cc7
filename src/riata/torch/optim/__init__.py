"""Proximal optimizers: torch's own with the proximal step of the rules in them. One file an optimizer."""

from riata.torch.optim.adagrad import ProxAdagrad
from riata.torch.optim.adam import ProxAdam
from riata.torch.optim.adamw import ProxAdamW
from riata.torch.optim.sgd import ProxSGD

__all__ = ["ProxAdagrad", "ProxAdam", "ProxAdamW", "ProxSGD"]
