"""A callback for Lightning: λ from step to step, a frozen support, and what is zero in the logs.

    from riata.torch.lightning import SparsityCallback

The zeros themselves are the work of ``sparsify`` or of a proximal optimizer: a callback is called before a step of the
optimizer and after a batch, and a batch is not a step where gradients are accumulated.
"""

from __future__ import annotations

import importlib.util
from typing import Any

from riata.core.errors import need
from riata.torch.plan import Plan

_ONE = importlib.util.find_spec("lightning") is not None  # the package has two names, whose classes differ
_lightning: Any = need("lightning.pytorch" if _ONE else "pytorch_lightning", "lightning")


class SparsityCallback(_lightning.Callback):  # type: ignore[misc]
    """Carries out a :class:`riata.torch.Plan` in ``lightning.Trainer(callbacks=[...])``.

    Parameters
    ----------
    plan : λ by steps, frozen support, refit; None to log only
    prefix : of the names in the logs

    Notes
    -----
    Steps are ``trainer.global_step``: those of the optimizer, over all optimizers. After each training epoch
    ``penalty``, ``l1_norm``, ``lam/RULE`` and ``sparsity/RULE`` are logged. Nothing need be saved: a training that is
    resumed from a checkpoint has its λ in the state of the model or optimizer, and its support in the weights.

    Examples
    --------
    >>> plan = Plan(ramp(1000), freeze_at=5000)                                                   # doctest: +SKIP
    >>> trainer = lightning.Trainer(callbacks=[SparsityCallback(plan)])                           # doctest: +SKIP
    """

    def __init__(self, plan: Plan | None = None, *, prefix: str = "riata/") -> None:
        self.plan, self.prefix = Plan() if plan is None else plan, prefix

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        self.plan.begin(pl_module, trainer.optimizers)

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        self.plan.before_step(trainer.global_step)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        pl_module.log_dict({self.prefix + name: value for name, value in self.plan.scalars().items()})

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        self.plan.end()
