"""sparse_path: from a full network to the empty one along λ, and a refit of what was selected.

Zeros come with shrinkage: a network under the λ that leaves k features is no good network of k features. So a path is
for choosing, and the chosen features are given to a fresh network without penalty (without it LassoNet's published
accuracies are not reached either).

Nor does it choose well: under a λ that leaves few features a network is so small that it can hardly tell them apart. So
few features are chosen in rounds, each on networks of its own; all but the last leave seven in ten.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from riata.core.errors import InvalidOption
from riata.core.result_frame import ResultFrame
from riata.torch.climb import DENSE, Climb, Loss, ModelFn, PathPoint

SHARE = 0.7  # of its features that a round leaves, while twice the number wanted is there


@dataclasses.dataclass(frozen=True)
class SparsePath:
    """What :func:`sparse_path` found.

    Attributes
    ----------
    points : round after round, by increasing λ
    chosen : the one that was asked for
    model : of all features; the refit on the chosen support, or the chosen point's own
    val_loss : of ``model``
    counted : name of the parameter whose units are counted
    units_are_features : whether these are the columns of X
    """

    points: list[PathPoint]
    chosen: PathPoint
    model: nn.Module
    val_loss: float
    counted: str
    units_are_features: bool

    def to_frame(self) -> ResultFrame:
        """Columns ``round``, ``lambda``, ``units``, ``val_loss``, a row for each point."""
        rows = [(float(p.round), p.lam, float(p.count), p.val_loss) for p in self.points]
        names = ("round", "lambda", "units", "val_loss")
        return ResultFrame(zip(names, map(list, zip(*rows, strict=True)), strict=True))

    @property
    def leaves_at(self) -> Tensor:
        """For every unit the largest λ at which it was in: an importance. ∞ where it never left.

        λ of a later round counts from where the one before ended.
        """
        last, end, now = torch.zeros(len(self.chosen.support), dtype=torch.float64), 0.0, 0.0
        for before, point in zip([self.points[0], *self.points], self.points, strict=False):
            end = end if point.round == before.round else now
            now = end + point.lam
            last[point.support.cpu()] = now
        last[self.points[-1].support.cpu()] = math.inf
        return last


def sparse_path(
    model_fn: ModelFn, data: tuple[Tensor, Tensor], loss: Loss, *, rules: Any = None, features: int | None = None,
    zeros: float | None = None, lams: Sequence[float] | None = None, validation: Any = 0.125, refit: bool = True,
    epochs: int = DENSE, standardize: bool = True, seed: int = 0,
) -> SparsePath:  # fmt: skip
    """Follow a network from full to empty, choose a point, refit what it selects.

    Parameters
    ----------
    model_fn : makes a network for a number of input features
    data : (X, y), rows first
    loss : ``loss(output, target)``, a mean
    rules : ``rules(lam)`` gives the rules at λ; None asks the network (``SparseInputMLP``, ``LassoNet``). The first
        parameter that they penalise is the one whose units are counted. What has no zeros (a ridge) keeps its λ
    features : choose so many units (fewer where they go together). Where they are columns of X and at most half of
        them, in rounds: each drives λ until 0.7 of its columns are left, and the next one begins anew with these, if
        ``model_fn`` makes networks that differ in the columns of that parameter alone
    zeros : or until this part of the units is zero. With neither the smallest validation loss chooses
    lams : increasing λ; by default a geometric grid that is made on the way
    validation : (X, y), or the part of the rows that is held out
    refit : a fresh network of the selected features, without penalty (of two, one of which is trained with noise on
        its inputs, the better on the validation rows). Where units are no features, the chosen point's zeros stay
        zero in the refit
    epochs : passes of the refit, and of the two starts together; the weights are those of the pass with the smallest
        validation loss
    standardize : fit on columns of mean 0 and standard deviation 1, where X is a matrix and the counted parameter that
        of the linear layer that reads it. λ is of that scale; the networks and states that come back take X as it is
    seed : of the split, the initial weights and the order of rows; torch's global generator is left as it was

    Examples
    --------
    >>> X = torch.randn(200, 10); y = X[:, :1] - X[:, 1:2]
    >>> net = lambda features: SparseInputMLP(features, 1, hidden=(8,))                           # doctest: +SKIP
    >>> sparse_path(net, (X, y), nn.functional.mse_loss, features=2).chosen.count                 # doctest: +SKIP
    2
    """
    _check(features, zeros)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        run = Climb(model_fn, data, loss, validation, epochs)
        run.start(rules, standardize, None if lams is None else float(lams[0]))
        most = features if zeros is None else math.floor((1.0 - zeros) * run.units)
        if lams is not None:
            points = run.grid(lams)
        else:
            points = run.climb(most) if features is None else _in_rounds(run, features, rules)
        chosen = _chosen(points, most)
        model, val_loss = run.finished(chosen, refit)
        return SparsePath(points, chosen, model, val_loss, run.first.name, run.are_features(chosen))


def _check(features: int | None, zeros: float | None) -> None:
    if features is not None and zeros is not None:
        raise InvalidOption("features and zeros are two ways to say where the path ends.", got=(features, zeros))
    if features is not None and features < 1:
        raise InvalidOption("features is how many are left.", expected="at least 1", got=features)
    if zeros is not None and not 0.0 < zeros < 1.0:
        raise InvalidOption("zeros is the part of the units that is zero.", expected="between 0 and 1", got=zeros)


def _in_rounds(run: Climb, features: int, rules: Any) -> list[PathPoint]:
    """Down to so many units; the network has been started."""
    columns = torch.arange(run.X.shape[-1], device=run.X.device)
    own, points = run, run.climb(_goal(run, features, columns))
    for round in itertools.count(1):
        goal = _goal(run, features, columns)
        last = _chosen(points, goal)
        if goal == features or last.count <= features or last.count > goal:
            return points
        columns = last.support.nonzero()[:, 0]
        own = run.narrowed(columns)
        own.start(rules, False)
        points += [run.widened(point, columns, round) for point in own.climb(_goal(run, features, columns))]
    raise AssertionError  # rounds have an end: each leaves fewer


def _goal(run: Climb, features: int, columns: Tensor) -> int:
    """How many units a round on these columns leaves."""
    part = int(SHARE * len(columns))
    return part if 2 * features <= len(columns) and features < part and run.narrows(part) else features


def _chosen(points: list[PathPoint], most: int | None) -> PathPoint:
    """The last round's first with at most so many units; of the smallest validation loss where no number is given."""
    if most is None:
        return min(points, key=lambda point: point.val_loss)
    now = [point for point in points if point.round == points[-1].round]
    return next((point for point in now if point.count <= most), now[-1])
