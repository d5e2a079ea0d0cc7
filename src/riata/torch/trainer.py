"""Trainer: a training loop that knows about penalties, and stops, resumes and reports as one would want."""

from __future__ import annotations

import copy
import math
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from riata.core.errors import NotConverged
from riata.torch.history import History, Row, score
from riata.torch.latent import parameter_groups, sparsify
from riata.torch.penalised import Penalised, penalised
from riata.torch.plan import Plan, enforcers, scalars_of
from riata.torch.rules import Rules

Loader = Iterable[Any]
Loss = Callable[[Tensor, Tensor], Tensor]


class Trainer:
    """Minimises mean loss + Σ λ·R over the weights of a model.

    Parameters
    ----------
    model : changed in place
    loss : ``loss(output, target)``, the **mean** over the batch
    optimizer : a torch optimizer of the model's parameters, or a function that makes one from parameter groups, such as
        ``lambda groups: torch.optim.Adam(groups, lr=1e-3)``
    rules : who is penalised by what; the model is made sparse by ``sparsify``. None where it is already, or where the
        optimizer does it (``attach``, ``ProxAdam`` and its kin)
    scheduler : stepped after each epoch
    scaler : a ``torch.amp.GradScaler``
    autocast : a dtype for ``torch.autocast`` around the model and the loss
    accumulate : batches whose gradients make one step
    plan : λ by steps, and a frozen support at the end (riata.torch.Plan)
    log : called with each epoch's row, a dictionary of scalars; ``Scalars(writer)`` for TensorBoard and its like

    Examples
    --------
    >>> from riata.torch import L1, Batches
    >>> X = torch.randn(64, 5); net = nn.Linear(5, 1)
    >>> trainer = Trainer(net, nn.functional.mse_loss, torch.optim.Adam(net.parameters()), {"weight": L1(0.1)})
    >>> history = trainer.fit(Batches(X, X[:, :1], size=16, shuffle=True), epochs=2)
    """

    def __init__(
        self, model: nn.Module, loss: Loss, optimizer: Optimizer | Callable[[Any], Optimizer],
        rules: Rules | None = None, *, scheduler: Any = None, scaler: Any = None, autocast: torch.dtype | None = None,
        accumulate: int = 1, plan: Plan | None = None, log: Callable[[Row], object] | None = None,
    ) -> None:  # fmt: skip
        if rules is not None:
            sparsify(model, rules)
        self.model, self.loss = model, loss
        self.optimizer = optimizer if isinstance(optimizer, Optimizer) else optimizer(parameter_groups(model))
        self.scheduler, self.scaler, self.autocast, self.accumulate, self.log = (
            scheduler, scaler, autocast, accumulate, log,
        )  # fmt: skip
        self.history, self.plan, self.steps = History(), plan, 0
        self.where = next(iter(enforcers(model, [self.optimizer])), None)
        if plan is not None:
            plan.begin(model, self.optimizer)
        self.loader: Any = None

    @property
    def parts(self) -> list[Penalised]:
        """The penalised parameters; setting ``lam`` of one is a schedule."""
        return penalised(self.where) if self.where is not None else []

    def fit(
        self, train_loader: Loader, val_loader: Loader | None = None, epochs: int = 1, *,
        patience: int | None = None, checkpoint: Any = None, certificate: bool = False,
    ) -> History:  # fmt: skip
        """Train for ``epochs`` more epochs.

        Parameters
        ----------
        train_loader, val_loader : iterables of (input, target), on the model's device
        patience : stop after this many epochs without a smaller validation loss, and go back to the best; without
            ``val_loader`` the objective on the training data is watched
        checkpoint : a file that is written after every epoch; ``load`` it to resume, bit for bit
        certificate : compute the KKT residual on all training data at the end (costs one more pass)

        Warns
        -----
        NotConverged
            A loss that is not a number ended the training; the model is as it was after the last good epoch.
        UserWarning
            The loss is summed over the batch: λ is then smaller by its size than it seems.
        """
        self.loader = train_loader
        if not self.history.rows:
            self._look_at_loss(train_loader)
        first = len(self.history)
        best: tuple[float, int, Any] = (math.inf, -1, None)
        good = self._snapshot()
        self.history.stopped = f"all {epochs} epochs done"
        for _ in range(epochs):
            row = self._epoch(train_loader, val_loader)
            if row is None:
                self._restore(good)
                warnings.warn(f"The training stopped: {self.history.stopped}.", NotConverged, stacklevel=2)
                break
            self.history.rows.append(row)
            good = self._snapshot()
            if self.log is not None:
                self.log(row)
            if checkpoint is not None:
                self.save(checkpoint)
            if score(row) < best[0]:
                best = (score(row), len(self.history), good if patience else None)
            elif patience and len(self.history) - best[1] >= patience:
                self.history.stopped = f"no better for {patience} epochs; back to epoch {best[1]}"
                self._restore(best[2])
                break
        if certificate and len(self.history) > first:
            self.history.rows[-1]["kkt_residual"] = self.kkt_residual(train_loader)
        return self.history

    def kkt_residual(self, loader: Loader) -> float:
        """The largest distance from stationarity of a penalised weight, for the mean loss over all of ``loader``."""
        self.full_gradient(loader)
        found = max((float(part.kkt_residual()) for part in self.parts), default=math.nan)  # type: ignore[arg-type]
        self.optimizer.zero_grad()
        return found

    def full_gradient(self, loader: Loader) -> None:
        """Leave the gradient of the mean loss over all of ``loader`` in the parameters, in evaluation mode."""
        mode, rows = self.model.training, 0
        self.model.eval()
        self.optimizer.zero_grad()
        for x, y in loader:
            rows += len(x)
            (self.loss(self.model(x), y) * len(x)).backward()
        for p in self.model.parameters():
            if p.grad is not None:
                p.grad /= rows
        self.model.train(mode)

    def save(self, path: Any) -> None:
        """Write model, optimizer, scheduler, scaler, history and the states of the random generators to a file."""
        torch.save(self._snapshot() | {"history": self.history.state()}, path)

    def load(self, path: Any, loader: Any = None) -> Trainer:
        """Read what ``save`` wrote; ``loader`` is the training loader, whose own generator goes on where it was."""
        state = torch.load(path, weights_only=True)
        self.loader = loader if loader is not None else self.loader
        self._restore(state)
        self.history.rows, self.history.stopped = state["history"]["rows"], state["history"]["stopped"]
        return self

    def _epoch(self, train: Loader, val: Loader | None) -> Row | None:
        """One pass and its row; None when a loss was not a number."""
        started, total, rows = time.perf_counter(), torch.zeros(()), 0
        before = [part.zero_mask() for part in self.parts]
        self.model.train()
        count = 0
        for count, (x, y) in enumerate(train, 1):
            value = self._loss(x, y)
            if not bool(torch.isfinite(value.detach())):
                done = len(self.history)
                place = f"epoch {done + 1}, batch {count}"
                self.history.stopped = f"the loss became {float(value.detach()):g} in {place}; back to epoch {done}"
                return None
            self._backward(value, count)
            total = total.to(value.device) + value.detach() * len(x)
            rows += len(x)
        if count % self.accumulate:
            self._step()
        if self.scheduler is not None:
            self.scheduler.step()
        row = {"epoch": len(self.history) + 1.0, "train_loss": float(total) / max(rows, 1)}
        row["val_loss"] = math.nan if val is None else self.evaluate(val)
        row |= self._measures(before)
        return row | {"seconds": time.perf_counter() - started}

    def evaluate(self, loader: Loader) -> float:
        """The mean loss over a loader, in evaluation mode."""
        mode, total, rows = self.model.training, 0.0, 0
        self.model.eval()
        with torch.no_grad():
            for x, y in loader:
                total += float(self._loss(x, y)) * len(x)
                rows += len(x)
        self.model.train(mode)
        return total / max(rows, 1)

    def _loss(self, x: Tensor, y: Tensor) -> Tensor:
        if self.autocast is None:
            return self.loss(self.model(x), y)
        with torch.autocast(x.device.type, self.autocast):
            return self.loss(self.model(x), y)

    def _backward(self, value: Tensor, count: int) -> None:
        value = value / self.accumulate
        (value if self.scaler is None else self.scaler.scale(value)).backward()
        if count % self.accumulate == 0:
            self._step()

    def _step(self) -> None:
        if self.plan is not None:
            self.plan.before_step(self.steps)
        self.steps += 1
        if self.scaler is None:
            self.optimizer.step()
        else:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        self.optimizer.zero_grad()

    def _measures(self, before: list[Tensor]) -> Row:
        parts = self.parts
        changes = sum(int((a != p.zero_mask()).sum()) for a, p in zip(before, parts, strict=True))
        row = {"penalty": 0.0, "support_changes": float(changes)}
        return row if self.where is None else row | scalars_of(self.where)

    def _look_at_loss(self, loader: Loader) -> None:
        """Warn of a loss that doubles when a batch is given twice: it is a sum."""
        state, mode = torch.get_rng_state(), self.model.training
        own = getattr(loader, "generator", None)
        own_state = None if own is None else own.get_state()
        x, y = next(iter(loader), (None, None))
        if x is not None and isinstance(y, Tensor) and self.parts:
            self.model.eval()
            self.optimizer.zero_grad()
            out = self.model(x)
            one = self.loss(out, y)
            alike = isinstance(out, Tensor) and out.shape[:1] == y.shape[:1] and float(one.detach()) != 0.0
            two = self.loss(torch.cat([out, out]), torch.cat([y, y])) if alike else one
            if abs(float(two.detach()) - 2.0 * float(one.detach())) < 1e-3 * abs(float(one.detach())):
                one.backward()
                top = max((float(part.dual_norm()) for part in self.parts), default=0.0)  # type: ignore[arg-type]
                warnings.warn(_summed(len(x), top), UserWarning, stacklevel=3)
            self.optimizer.zero_grad()
            self.model.train(mode)
        torch.set_rng_state(state)
        if own is not None:
            own.set_state(own_state)

    def _snapshot(self) -> dict[str, Any]:
        own = getattr(self.loader, "generator", None)
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rng": torch.get_rng_state(),
            "steps": self.steps,
        }
        state["loader"] = None if own is None else own.get_state()
        state["cuda"] = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else None
        for name in ("scheduler", "scaler"):
            part = getattr(self, name)
            state[name] = None if part is None else part.state_dict()
        return copy.deepcopy(state)

    def _restore(self, state: Any) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))
        self.steps = state["steps"]
        for name in ("scheduler", "scaler"):
            if state[name] is not None:
                getattr(self, name).load_state_dict(state[name])
        torch.set_rng_state(state["rng"])
        if state["cuda"] is not None and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(state["cuda"])
        own = getattr(self.loader, "generator", None)
        if own is not None and state["loader"] is not None:
            own.set_state(state["loader"])


def _summed(size: int, top: float) -> str:
    return (
        "The loss doubles when a batch is given twice: it is a sum over the batch, and λ is the coefficient in the "
        f"*mean* loss + λ·R. In this batch of {size} rows the gradient reaches λ_max = {top:.3g}; for the mean it "
        f"would be {top / size:.3g}.\n\nhint: reduction='mean', or multiply λ by the batch size"
    )
