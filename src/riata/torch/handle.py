"""One parameter under a rule, whatever enforces it: what it weighs, what it pays, how far it is from stationary."""

from __future__ import annotations

import abc

from torch import Tensor

from riata.torch.penalties.base import Penalty
from riata.torch.sharded import whole


class Penalised(abc.ABC):
    """One parameter under a rule.

    Attributes
    ----------
    name, rule : str
        The parameter's name in the plain model, and the key of the rule that it is under.
    penalty : Penalty
        With the λ that it began with; the one in force is ``lam``.
    """

    name: str
    rule: str
    penalty: Penalty

    @property
    @abc.abstractmethod
    def lam(self) -> float:
        """λ in force. Setting it changes the penalty from the next step on and leaves the weights as they are."""

    @lam.setter
    @abc.abstractmethod
    def lam(self, value: float) -> None: ...

    @property
    @abc.abstractmethod
    def weight(self) -> Tensor:
        """The tensor that the model computes with, detached; its zeros are the exact ones."""

    @property
    @abc.abstractmethod
    def moved(self) -> Tensor:
        """The parameter that an optimizer moves: a latent tensor, or the weight itself."""

    @property
    @abc.abstractmethod
    def gradient(self) -> Tensor | None:
        """The gradient of the loss at ``weight`` from the last ``backward``, or None where there is none.

        It is read between ``backward`` and ``step``. With a loss scaler it is the scaled one until ``unscale_``.
        """

    def value(self) -> Tensor:
        """λ·R(weight)."""
        return self.penalty.value(whole(self.weight), self.lam)

    def kkt_residual(self) -> Tensor | None:
        """Distance from stationarity, in units of the gradient; a certificate where the gradient is of all the data."""
        grad = self.gradient
        return None if grad is None else self.penalty.kkt_residual(whole(self.weight), whole(grad), self.lam)

    def dual_norm(self) -> Tensor | None:
        """The λ from which on zero would be stationary under this gradient."""
        grad = self.gradient
        return None if grad is None else self.penalty.dual_norm(whole(grad))

    def zero_mask(self) -> Tensor:
        """Which units (entries, or groups in their order) are exactly zero."""
        return self.penalty.zero_mask(whole(self.weight))

    def __repr__(self) -> str:
        return f"<{self.name}: {self.penalty.at(self.lam).words()}, rule {self.rule}>"
