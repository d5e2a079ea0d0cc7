"""From X, y and options to a checked problem and its folds: what a selection, a table's path and a comparison share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from riata.core.problem import Problem
from riata.design import as_design
from riata.path.build import make_problem
from riata.select import families, folds, grouping, target
from riata.select.data import Data, by_feature
from riata.select.options import Options
from riata.table.columns import RowLabel
from riata.table.encode import frame_row

Progress = Callable[[str], None]


@dataclasses.dataclass(frozen=True, eq=False)
class Ready:
    """``data``; ``options`` with the family settled; ``problem``, which is what they ask to be solved."""

    data: Data
    options: Options
    problem: Problem

    def folds(self) -> Any:
        """Which rows are held out together: from a splitter, from the caller's folds, or shuffled."""
        data, o = self.data, self.options
        together = data.per_row(o.fold_groups, "fold_groups")
        if o.cv is not None:
            cv = o.cv if hasattr(o.cv, "split") else folds.of_rows_kept(o.cv, data.rows, data.n_given)
            return folds.from_splitter(cv, data.X, data.y, together)
        foldid = data.per_row(o.foldid, "foldid")
        return folds.make_folds(
            len(data.y), o.folds, seed=o.seed, foldid=foldid, groups=together, repeats=o.repeats,
            strata=target.kept_in_proportion(data, o),
        )  # fmt: skip

    def design_for(self, progress: Progress = lambda stage: None) -> Callable[[Any], Any] | None:
        """The design of each training fold, or None where nothing is learnt from the rows."""
        made, names, done = self.data.design_for, self.data.names, [0]
        if made is None:
            return None

        def design(train_mask: Any) -> Any:
            done[0] += 1
            progress(f"imputing and solving fold {done[0]}")
            return as_design(made(train_mask), names=names)

        return design

    @property
    def has_intercept(self) -> bool:
        """Whether there is a constant term; a proportional hazards model has none."""
        loss = self.problem.loss
        return self.problem.fit_intercept and (loss is None or loss.has_intercept)

    def how(self) -> dict[str, Any]:
        """The keywords of a solve."""
        o = self.options
        more = {} if o.max_iter is None else {"max_iter": o.max_iter}
        return {"n_lams": o.n_lams, "lam_min_ratio": o.lam_min_ratio, "tol": o.tol, "threads": o.threads, **more}


def ready(X: Any, y: Any, options: Options, row_label: RowLabel = frame_row) -> Ready:
    """Encode, settle family and groups, check. InvalidData or InvalidOption names row, column and what was got."""
    families.check(options.family)
    return stated(*target.read(X, y, options, row_label))


def stated(data: Data, o: Options) -> Ready:
    """The problem that the options ask for on these data; the family is settled."""
    own, labels = grouping.settle(data, o)
    data = dataclasses.replace(data, groups=labels)
    problem = make_problem(
        data.X, data.y if data.outcome is None else data.outcome, sample_weight=data.sample_weight, offset=data.offset,
        penalty_factor=by_feature(o.penalty_factor, data, "penalty_factor", 1.0),
        lower=0.0 if o.positive else by_feature(o.lower, data, "lower", -np.inf),
        upper=by_feature(o.upper, data, "upper", np.inf),
        l1_ratio=o.l1_ratio, fit_intercept=o.fit_intercept, standardize=o.standardize, family=o.family,
        penalty=o.penalty, feature_names=data.names, **own, **target.options_of(data, o),
    )  # fmt: skip
    return Ready(data, o, problem)
