"""Out-of-fold predictions: for every row, what a model says that was fitted without it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from riata.core.errors import InvalidOption
from riata.core.problem import Floats, Problem
from riata.core.result_frame import ResultFrame
from riata.path.blocks import is_blocks
from riata.path.fit import fit_path, together
from riata.select.folds import Ints, Masks
from riata.solve.engine import engine


@dataclasses.dataclass(frozen=True, eq=False)
class OutOfFold:
    """Every row's prediction at one λ by the training fold that did not hold it.

    Attributes
    ----------
    lam : the λ
    fold : (n_samples,) which training fold left the row out, −1 where none did
    eta : (n_samples,) linear predictor, offset included, or (n_samples, n_outputs); NaN where fold is −1. Cox models
        have no intercept: there it is less its mean over the training rows, so that folds can be compared
    prediction : the same on the scale of the target: means, probabilities, rates, relative hazards
    outputs : names of the columns where there are several, else None
    """

    lam: float
    fold: Ints
    eta: Floats
    prediction: Floats
    outputs: list[str] | None

    def __repr__(self) -> str:
        held = int(np.count_nonzero(self.fold >= 0))
        return f"OutOfFold({held:,} of {len(self.fold):,} samples, lam={self.lam:.6g})"

    def to_frame(self) -> ResultFrame:
        """Columns fold and prediction (of several outputs their names), a row for each sample."""
        if self.outputs is None:
            return ResultFrame(fold=self.fold.tolist(), prediction=self.prediction.tolist())
        columns = dict(zip(self.outputs, self.prediction.T.tolist(), strict=True))
        return ResultFrame({"fold": self.fold.tolist(), **columns})


class Fit(NamedTuple):
    """One training fold at one λ: its number, its weights, the rows that it leaves out, and its model."""

    number: int
    train: Floats
    test: NDArray[np.bool_]
    active: NDArray[np.intp]
    coef: Floats
    intercept: Any
    design: Any


@dataclasses.dataclass(frozen=True, eq=False)
class FoldFits:
    """What fits the training folds of a cross-validation again, at one λ. It holds the data and is not pickled.

    Attributes
    ----------
    problem : as it was before anything was learnt from all rows
    folds : (repeats, n_samples) or (train, test) weights, as of riata.select.cv.cross_validate
    design_for : train mask → Design, or None
    how : tol, max_iter, threads, tricks
    """

    problem: Problem
    folds: Ints | Masks
    design_for: Callable[[NDArray[np.bool_]], Any] | None
    how: dict[str, Any]

    def __call__(self, lams: Floats, lam: float, outputs: list[str] | None) -> OutOfFold:
        """The predictions at λ, as :meth:`riata.core.results.CVResult.out_of_fold` gives them."""
        eta, fold = self.at(lams, float(lam))
        loss = self.problem.loss
        return OutOfFold(float(lam), fold, eta, eta if loss is None else loss.mean(eta), outputs)

    def at(self, lams: Floats, lam: float) -> tuple[Floats, Ints]:
        """(η, fold) at λ, on the way down the grid that cross-validation walked; of repeats the first counts."""
        if not (np.isfinite(lam) and lam >= 0):
            raise InvalidOption("lam must be a number ≥ 0.", got=lam)
        grid = np.append(lams[lams > lam], lam)
        own = self.problem.offset
        eta, fold = np.full(own.shape, np.nan), np.full(self.problem.n_samples, -1, np.intp)
        in_step = not isinstance(self.folds, list) and self.design_for is None and together(self.problem)
        if in_step and not is_blocks(self.problem) and self.how["tricks"].get("lockstep", True):
            found = self._in_step(grid, np.asarray(self.folds)[0])
        else:
            found = self._one_by_one(grid)
        for fit in found:
            new = fit.test & (fold < 0)
            here = own + fit.design.columns(fit.active) @ fit.coef + fit.intercept
            if not (self.problem.loss is None or self.problem.loss.has_intercept):
                here -= fit.train @ here / fit.train.sum()
            eta[new], fold[new] = here[new], fit.number
        return eta, fold

    def _in_step(self, grid: Floats, folds: Ints) -> list[Fit]:
        """All training folds of the first repeat together, as cross-validation solved them."""
        n_folds = int(folds.max()) + 1
        groups = np.where(folds < 0, n_folds, folds).astype(np.intp)
        how = self.how
        with engine(self.problem, groups, n_folds, threads=how["threads"], tricks=how["tricks"]) as run:
            lanes = run.run(grid, 0.5 * how["tol"], how["max_iter"], None, keep=True)[1:]
        s = self.problem.sample_weight
        return [
            Fit(f, np.where(folds == f, 0.0, s), folds == f, lane.active, lane.coef_active[..., -1],
                lane.intercept[..., -1], self.problem.design)
            for f, lane in enumerate(lanes)
        ]  # fmt: skip

    def _one_by_one(self, grid: Floats) -> list[Fit]:
        """Each training fold on its own; those that hold out no new row are left alone."""
        masks = self.folds if isinstance(self.folds, list) else [
            (row != f, row == f) for row in np.asarray(self.folds)[:1] for f in range(int(row.max()) + 1)
        ]  # fmt: skip
        seen, found = np.zeros(self.problem.n_samples, bool), []
        for k, (train, test) in enumerate(masks):
            held = np.asarray(test) > 0
            if seen[held].all():
                continue
            seen |= held
            part = self.problem.replace(sample_weight=self.problem.sample_weight * train)
            if self.design_for is not None:
                part = part.replace(design=self.design_for(train))
            path = fit_path(part, grid, warn=False, **self.how)
            last = (path.coef_active[..., -1], path.intercept[..., -1])
            found.append(Fit(k, part.sample_weight, held, path.active, *last, part.design))
        return found
