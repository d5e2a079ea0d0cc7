"""A callback for the Hugging Face Trainer: λ from step to step, a frozen support, and what is zero in the logs.

    from riata.torch.huggingface import SparsityCallback

The zeros themselves are the work of ``sparsify`` or of a proximal optimizer. With ``weight_decay`` give the Trainer an
optimizer made from ``riata.torch.parameter_groups``: its own would decay latent tensors, which is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from riata.core.errors import need
from riata.torch.plan import Plan

_transformers: Any = need("transformers", "huggingface")


class SparsityCallback(_transformers.TrainerCallback):  # type: ignore[misc]
    """Carries out a :class:`riata.torch.Plan` in ``transformers.Trainer(callbacks=[...])``.

    Parameters
    ----------
    plan : λ by steps, frozen support, refit; None to log only
    prefix : of the names in the logs
    log : called with each dictionary of scalars too; a callback cannot reach the reporters of the Trainer

    Notes
    -----
    Steps are ``state.global_step``. At each of the Trainer's logs ``penalty``, ``l1_norm``, ``lam/RULE`` and
    ``sparsity/RULE`` join that entry of ``state.log_history``, which is saved with checkpoints. Nothing else need be
    saved: λ is in the state of the model or optimizer, and a frozen support in the weights.

    Examples
    --------
    >>> plan = Plan(ramp(1000), freeze_at=5000)                                                   # doctest: +SKIP
    >>> trainer = transformers.Trainer(model, args, callbacks=[SparsityCallback(plan)])           # doctest: +SKIP
    """

    def __init__(
        self, plan: Plan | None = None, *, prefix: str = "riata/",
        log: Callable[[dict[str, float]], object] | None = None,
    ) -> None:  # fmt: skip
        self.plan, self.prefix, self.log = Plan() if plan is None else plan, prefix, log

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        optimizer = kwargs["optimizer"]
        while hasattr(optimizer, "optimizer"):  # that of accelerate, whose hooks do not run
            optimizer = optimizer.optimizer
        self.plan.begin(kwargs["model"], optimizer)

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.plan.before_step(state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        found = {self.prefix + name: value for name, value in self.plan.scalars().items()}
        if state.log_history:
            state.log_history[-1].update(found)
        if self.log is not None:
            self.log(found)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.plan.end()
