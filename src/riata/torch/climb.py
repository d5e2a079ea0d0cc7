"""One network under a growing λ: the two starts, the fits on the way, and the refit of what is left.

λ grows; every fit starts where the one before ended and takes a few passes, as it need not converge: it is asked which
units go, and in which order.

Where it starts matters more than all the rest. A dense network that has learnt the noise by heart has no gradient left
that could tell a feature from it, and no λ mends that; where there is little noise a dense network has it best. So two
are trained from the same initial weights, one without penalty and one under 3 % of the λ at which all would go, and the
path starts at the one with the smaller validation loss.
"""

from __future__ import annotations

import copy
import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import prune
from torch.optim import Optimizer

from riata.core.errors import InvalidData, InvalidOption
from riata.torch.batches import Batches
from riata.torch.compaction import Pick
from riata.torch.latent import parameter_groups
from riata.torch.optim import ProxAdam
from riata.torch.penalised import penalised, selecting
from riata.torch.scaling import Scaling
from riata.torch.trainer import Trainer

LOW, THINNED = 1e-3, 0.03  # of the λ at which zero is stationary: where a path starts, dense and penalised
GROWTH, LEAP = 1.2, 2.0  # of λ from step to step; the second while next to nothing goes
FEW = 0.03  # of the units that are left: next to nothing
STEPS, MOST = 60, 80  # optimizer steps at each λ, and λs at most
HALVINGS = 5  # between two λ of the path, and of the steps at them, towards a wanted number of features
BISECTIONS = 50  # of the last proximal step, to as many units as are wanted
DENSE = 60  # passes without penalty; of the two starts half as many each
ROWS, WIDER = (32, 256), 3  # rows in a step where a network is new: n/12 between these; on the path so many times that
RATE = 3e-3  # of the first step at each λ
PEAK, RISE = 1e-2, 0.2  # of the learning rate where a path starts, and the part of the passes until it is there
REFIT = 2e-2  # peak of the learning rate of a refit
# Weight decay of two refits, and noise on their inputs: numbers want none of it, classes that are learnt by heart do.
REFITS = ((0.1, 0.0), (0.3, 0.4))


ModelFn = Callable[[int], nn.Module]
Loss = Callable[[Tensor, Tensor], Tensor]


@dataclasses.dataclass(frozen=True)
class PathPoint:
    """One λ: what is left, and how well it does before any refit.

    Attributes
    ----------
    lam : λ of the first penalised parameter
    support : mask of its units (features, where they are columns) that are not zero
    val_loss : mean loss on the validation rows
    state : of the model with plain weights, for ``model.load_state_dict``
    round : the round of the path that it is of (see :func:`sparse_path`)
    """

    lam: float
    support: Tensor
    val_loss: float
    state: dict[str, Tensor] = dataclasses.field(repr=False)
    round: int = 0

    @property
    def count(self) -> int:
        """Units that are not zero."""
        return int(self.support.sum())


class Climb:
    """The model, its optimizer, and the data, on their way."""

    def __init__(
        self, model_fn: ModelFn, data: tuple[Tensor, Tensor], loss: Loss, validation: Any, epochs: int
    ) -> None:
        X, y = data
        if len(X) != len(y) or not bool(torch.isfinite(X).all()):
            raise InvalidData("X and y have rows in common, and X is finite.", got=(tuple(X.shape), tuple(y.shape)))
        if isinstance(validation, float):
            order = torch.randperm(len(X)).to(X.device)
            held = max(1, round(validation * len(X)))
            validation, X, y = (X[order[:held]], y[order[:held]]), X[order[held:]], y[order[held:]]
        self.model_fn, self.loss, self.X, self.y, self.validation = model_fn, loss, X, y, validation
        self.epochs = epochs
        self.scaling: Scaling | None = None
        self.batch = min(max(len(X) // 12, ROWS[0]), ROWS[1])

    def batches(self, columns: Tensor | None = None, noise: float = 0.0) -> tuple[Batches, tuple[Tensor, Tensor]]:
        """A loader of the training rows, and the validation rows."""
        (X, y), (Xv, yv) = (self.X, self.y), self.validation
        if columns is not None:
            X, Xv = X[:, columns], Xv[:, columns]
        return Batches(X, y, size=self.batch, shuffle=True, noise=noise), (Xv, yv)

    def dense(self, model: nn.Module, columns: Tensor | None = None) -> float:
        """Train from here without penalty, in either way of REFITS; the smaller validation loss."""
        start, found = copy.deepcopy(model.state_dict()), []
        for decay, noise in REFITS:
            model.load_state_dict(start)
            loss = self._train(model, _adam(model, decay), self.epochs, self.batches(columns, noise), REFIT)
            found.append((loss, copy.deepcopy(model.state_dict())))
        loss, state = min(found, key=lambda one: one[0])
        model.load_state_dict(state)
        return loss

    def _train(
        self, model: nn.Module, optimizer: Optimizer, passes: int,
        rows: tuple[Batches, tuple[Tensor, Tensor]] | None = None, peak: float = PEAK,
    ) -> float:  # fmt: skip
        """One cycle of the learning rate; the weights are those of the best pass, whose validation loss comes back."""
        train, held = rows or self.batches()
        best, kept = math.inf, copy.deepcopy(model.state_dict())
        for epoch in range(passes):
            for number, pair in enumerate(train, 1):
                for group in optimizer.param_groups:
                    group["lr"] = peak * _cycle((epoch + number / len(train)) / passes)
                self._step(model, optimizer, pair)
            loss = self.score(model, held)
            if loss < best:
                best, kept = loss, copy.deepcopy(model.state_dict())
        model.load_state_dict(kept)
        return best if best < math.inf else self.score(model, held)

    def _step(self, model: nn.Module, optimizer: Optimizer, pair: tuple[Tensor, ...]) -> None:
        model.train()
        optimizer.zero_grad()
        self.loss(model(pair[0]), pair[1]).backward()
        optimizer.step()

    def start(self, rules: Any, standardize: bool, first: float | None = None) -> None:
        """The better of the dense network and one that was penalised from its first step, not above λ = ``first``."""
        self.model = self.model_fn(self.X.shape[-1]).to(self.X)
        make = getattr(self.model, "rules", None) if rules is None else rules
        if not callable(make):
            raise InvalidOption(
                "rules(lam) gives the rules at λ; this network has none of its own.", got=type(self.model).__name__,
                expected='a function such as lambda lam: {"0.weight": GroupLasso(lam, group="input")}',
            )  # fmt: skip
        if standardize and self.X.ndim == 2:
            self._standardize(penalised(self.model, make(1.0))[0].name)
        other, passes = copy.deepcopy(self.model), max(1, self.epochs // 2)
        loss = self._train(self.model, _adam(self.model), passes)
        top = max(self._top(other, make(1.0)), self._top(self.model, make(1.0))) or 1.0
        thinned = THINNED * top if first is None else min(THINNED * top, first)
        self.make, self.fallback = make, (self.model, LOW * top)
        if self._train(other, self._proximal(other, make(thinned)), passes) < loss:
            self._begin(other, thinned)
        else:
            self._begin(*self.fallback)

    def _begin(self, model: nn.Module, lam: float) -> None:
        """Be at this network and this λ."""
        self.model, self.optimizer = model, self._proximal(model, self.make(lam))
        self.parts = selecting(penalised(self.optimizer))
        self.first, self.factor = self.parts[0], [part.lam / self.parts[0].lam for part in self.parts]

    @staticmethod
    def _proximal(model: nn.Module, rules: Any) -> ProxAdam:
        return ProxAdam(model, rules, lr=RATE, fused=_can_fuse(model))

    def _standardize(self, weight: str) -> None:
        scaling = Scaling(self.X, weight)
        if scaling.fits(self.model, self.validation[0]):
            self.scaling = scaling
            self.X, self.validation = scaling.apply(self.X), (scaling.apply(self.validation[0]), self.validation[1])

    def _top(self, model: nn.Module, rules: Any) -> float:
        """λ at which zero is stationary for the first penalised weight, the rest being what it is in this network.

        (With the rest refitted the gradient would be zero, and λ_max a matter of nothing.) It is 0 where nothing comes
        back through the layers above: a new last layer may be zero, and units may be off that no feature turns on.
        """
        blank = copy.deepcopy(model)
        part = penalised(blank, rules)[0]
        with torch.no_grad():
            part.weight.zero_()
        Trainer(blank, self.loss, torch.optim.SGD(blank.parameters(), lr=0.0)).full_gradient(self.batches()[0])
        return float(part.dual_norm())  # type: ignore[arg-type]

    def fit(self, lam: float, steps: int = STEPS) -> PathPoint:
        """Some steps at λ from where the last fit ended, ever smaller: noise leaves when they do not shake any more."""
        for part, factor in zip(self.parts, self.factor, strict=True):
            part.lam = lam * factor
        for number, pair in enumerate(itertools.islice(self._stream(), steps)):
            self.optimizer.param_groups[0]["lr"] = RATE * _fall(number / steps)
            self._step(self.model, self.optimizer, pair)
        return self._point(lam)

    def _point(self, lam: float) -> PathPoint:
        """The network as it is."""
        state, support = copy.deepcopy(self.model.state_dict()), ~self.first.zero_mask().reshape(-1)
        state = state if self.scaling is None else self.scaling.folded(state)
        return PathPoint(lam, support, self.score(self.model), state)

    def _stream(self) -> Iterator[tuple[Tensor, ...]]:
        train = Batches(self.X, self.y, size=WIDER * self.batch, shuffle=True)
        while True:
            yield from train

    def grid(self, lams: Sequence[float]) -> list[PathPoint]:
        """A point for each λ given."""
        if any(b <= a for a, b in itertools.pairwise(lams)):
            raise InvalidOption("lams grow: the path goes from full to empty.", got=list(lams))
        return [self.fit(lam) for lam in lams]

    @property
    def units(self) -> int:
        """How many are counted."""
        return self.first.zero_mask().numel()

    def climb(self, most: int | None) -> list[PathPoint]:
        """Points at growing λ until at most so many units are left, or none; then nearer to it by halving."""
        points = [self.fit(self.first.lam)]
        if most is None:
            return [*points, *self._grow(points[0], 0)]
        if points[0].count <= most and self.first.lam > self.fallback[1]:  # too far: from the dense network then
            self._begin(*self.fallback)
            points = [self.fit(self.first.lam)]
        if points[0].count <= most:
            return points
        kept = self._state()
        for point in self._grow(points[0], most):
            points.append(point)
            if point.count > most:
                kept = self._state()
        if points[-1].count > most:
            return points
        *points, end = points
        for halving in range(HALVINGS):
            if points[-1].count - end.count <= 1:
                break
            self._go_back(kept)
            middle = self.fit(math.sqrt(points[-1].lam * end.lam), max(1, STEPS >> halving + 1))
            if middle.count <= most:
                end = middle
            else:
                points.append(middle)
                kept = self._state()
        self._go_back(kept)
        return [*points, *self._thinned(points[-1], end, most), end]

    def _grow(self, point: PathPoint, most: int) -> Iterator[PathPoint]:
        """Points at growing λ after this one, until at most so many units are left."""
        gone = 0
        for _ in range(MOST - 1):
            if point.count <= most:
                return
            before = point
            point = self.fit(before.lam * (LEAP if gone <= FEW * before.count else GROWTH))
            gone = before.count - point.count
            yield point

    def _thinned(self, before: PathPoint, end: PathPoint, most: int) -> list[PathPoint]:
        """Between two points where too many units go at once: as many as are wanted, from the one before.

        Those that stay are the last that one proximal step would bring to zero, the longer the fewer.
        """
        penalty, w = self.first.penalty, self.first.weight
        step = min(1.0, 0.5 * penalty.max_step)

        def left(lam: float) -> Tensor:
            return penalty.prox(w, step, lam)

        def count(lam: float) -> int:
            return int((~penalty.zero_mask(left(lam))).sum())

        low, high = 0.0, self.first.lam
        while count(high) > most and high < math.inf:
            low, high = high, 2.0 * high
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if count(middle) <= most else (middle, high)
        if not end.count < count(high) <= most:
            return []
        with torch.no_grad():
            w.mul_(left(high) != 0)
        return [self._point(before.lam)]

    def narrows(self, features: int) -> bool:
        """Whether networks of fewer features differ from this one in the columns of the counted weight alone."""
        own, name = self.model.state_dict(), self.first.name
        if self.X.ndim != 2 or own[name].ndim != 2 or self.units != self.X.shape[1]:
            return False
        wanted = {key: tuple(value.shape) for key, value in own.items()}
        wanted[name] = (wanted[name][0], features)
        return {key: tuple(value.shape) for key, value in self.model_fn(features).state_dict().items()} == wanted

    def narrowed(self, columns: Tensor) -> Climb:
        """The same rows with fewer columns, as they are scaled here."""
        held = (self.validation[0][:, columns], self.validation[1])
        return Climb(self.model_fn, (self.X[:, columns], self.y), self.loss, held, self.epochs)

    def widened(self, point: PathPoint, columns: Tensor, round: int) -> PathPoint:
        """A point of a narrowed one, for X as it was given here."""
        weight, support = point.state[self.first.name], torch.zeros(self.X.shape[1], dtype=torch.bool)
        wide = weight.new_zeros(len(weight), len(support))
        wide[:, columns] = weight
        support = support.to(columns.device)
        support[columns] = point.support
        state = {**point.state, self.first.name: wide}
        state = state if self.scaling is None else self.scaling.folded(state)
        return dataclasses.replace(point, support=support, state=state, round=round)

    def _state(self) -> Any:
        return copy.deepcopy((self.model.state_dict(), self.optimizer.state_dict()))

    def _go_back(self, state: Any) -> None:
        self.model.load_state_dict(state[0])
        self.optimizer.load_state_dict(copy.deepcopy(state[1]))

    def at(self, point: PathPoint) -> nn.Module:
        """The plain network of a point, for X as it was given."""
        model = copy.deepcopy(self.model)
        model.load_state_dict(point.state)
        return model.eval()

    def finished(self, point: PathPoint, refit: bool) -> tuple[nn.Module, float]:
        """The network that comes back, for X as it was given, and its validation loss."""
        columns = point.support.nonzero()[:, 0]
        if not refit or not len(columns):
            return self.at(point), point.val_loss
        if self.are_features(point):
            model = self.model_fn(len(columns)).to(self.X)
            loss = self.dense(model, columns)
            return nn.Sequential(Pick(columns, -1), self._folded(model, columns)).eval(), loss
        model, loss = self._masked(point)
        return self._folded(model).eval(), loss

    def _folded(self, model: nn.Module, columns: Tensor | None = None) -> nn.Module:
        if self.scaling is not None:
            model.load_state_dict(self.scaling.folded(model.state_dict(), columns))
        return model

    def _masked(self, point: PathPoint) -> tuple[nn.Module, float]:
        """The network of a point, trained on without penalty while its zeros stay zero."""
        model = self.at(point)
        if self.scaling is not None:
            model.load_state_dict(self.scaling.unfolded(point.state))
        for part in self.parts:
            module, _, leaf = part.name.rpartition(".")
            prune.custom_from_mask(model.get_submodule(module), leaf, self._mask(point, part.name))
        loss = self.dense(model)
        for part in self.parts:
            module, _, leaf = part.name.rpartition(".")
            prune.remove(model.get_submodule(module), leaf)
        return model, loss

    def are_features(self, point: PathPoint) -> bool:
        """Whether the units are the columns of X: those of the first penalised weight."""
        weight = point.state[self.first.name]
        if weight.ndim != 2 or weight.shape[1] != self.X.shape[1]:
            return False
        return torch.equal((weight != 0).any(0), point.support)

    @staticmethod
    def _mask(point: PathPoint, name: str) -> Tensor:
        return (point.state[name] != 0).to(point.state[name])

    def score(self, model: nn.Module, held: tuple[Tensor, Tensor] | None = None) -> float:
        """Mean loss on the validation rows."""
        X, y = self.validation if held is None else held
        model.eval()
        with torch.no_grad():
            return float(self.loss(model(X), y))


def _cycle(done: float) -> float:
    """The learning rate, of its peak, when this part of the passes is done: up along a line, down along a cosine."""
    return done / RISE if done < RISE else _fall((done - RISE) / (1.0 - RISE))


def _fall(done: float) -> float:
    """From 1 to 0 along a cosine."""
    return 0.5 + 0.5 * math.cos(math.pi * done)


def _adam(model: nn.Module, decay: float = 0.0) -> Optimizer:
    return torch.optim.AdamW(parameter_groups(model, weight_decay=decay), fused=_can_fuse(model))


def _can_fuse(model: nn.Module) -> bool:
    """Whether torch has one kernel for the step of all parameters of this model."""
    kinds = {p.device.type for p in model.parameters()}
    return kinds <= {"cpu", "cuda"} and all(p.is_floating_point() for p in model.parameters())
