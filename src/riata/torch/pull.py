"""The other half of the normal map: before any optimizer's step the pull of the penalty joins the latents' gradients.

One hook for all optimizers of the process (``register_optimizer_step_pre_hook``), set when the first model is made
sparse. It sees the gradients as the optimizer will: accumulated, unscaled, averaged over processes, clipped. A fused
optimizer under a loss scaler divides by ``grad_scale`` itself, so the pull is multiplied by it first; a closure, which
makes the gradients anew, is wrapped. Optimizers outside torch.optim.Optimizer do not call it, and get no penalty.
"""

from __future__ import annotations

from typing import Any

from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook

_hook: Any = None


def watch() -> None:
    """Set the hook, once."""
    global _hook
    if _hook is None:
        _hook = register_optimizer_step_pre_hook(_before_step)


def _before_step(optimizer: Optimizer, args: Any, kwargs: Any) -> Any:
    raise NotImplementedError
