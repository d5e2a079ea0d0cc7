"""Which features matter: a path, cross-validation, a choice of λ and a report, in one call."""

from __future__ import annotations

import dataclasses
import warnings as python_warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from riata.core.errors import InvalidOption, did_you_mean
from riata.core.problem import Problem
from riata.core.results import CVResult
from riata.path.fit import default_grid
from riata.select.cv import cross_validate
from riata.select.options import Options
from riata.select.ready import Progress, Ready, ready
from riata.select.response import output_names
from riata.select.rules import rules
from riata.select.selection import Selection, build
from riata.table.columns import RowLabel
from riata.table.encode import frame_row


def select(X: Any, y: Any, *, rule: str = "1se", **options: Any) -> Selection:
    """Fit a lasso path, cross-validate it, choose λ, and say which features matter.

        minimise over (b, w)  (1/Σsᵢ) Σᵢ sᵢ loss(yᵢ, oᵢ + b + xᵢᵀw) + λ Σⱼ vⱼ (l1_ratio |tⱼwⱼ| + ½(1−l1_ratio)(tⱼwⱼ)²)

    with tⱼ the standard deviation of column j, and the loss ½(y − η)² or that of another ``family``.
    Standardising and mean imputation are learnt inside every training
    fold; coefficients come back in the units of the columns.

    Parameters
    ----------
    X : polars, pandas or pyarrow frame; or array, sparse matrix of shape (n_samples, n_features)
    y : name of a column of the frame X, or array (n_samples,). Of several columns the names, a pattern (``dose_*``) or
        an array: for "multigaussian" as many as there are to predict; for "cox" (time, event) or (start, stop, event),
        event being 1 or 0, or ``status=2`` where 2 marks it; for "binomial" counts of the two outcomes
    family : "gaussian"; "binomial": two labels of any kind, or proportions; "multinomial": several labels; "poisson":
        counts; "huber": numbers with outliers; "sqrt": numbers, with a λ that does not depend on their noise; "cox":
        survival times; "multigaussian": several numbers at once; "auto": what the target's values suggest, and the
        notes say which and why
    exposure : name or array ("poisson"): what each count is a count of; log(exposure) joins the offset
    strata, ties : name or array, and "breslow" or "efron" ("cox")
    delta : where the loss becomes linear, in units of y ("huber"); by default 1.35 robust standard deviations of y
    rule : "1se" (the sparsest model within one standard error of the best) or "min" (the best), by held-out loss; or an
        information criterion, "aic", "aicc", "bic", "ebic", "hbic", "cp", "gcv". ``choose`` of the result takes another
    lam : float, optional
        Use this λ instead of a rule; cross-validation is reported all the same.
    folds, repeats, seed : shuffled folds (classes and events in proportion), how often, and the seed. Or one of
    foldid (name or array of fold numbers), fold_groups (name or array: rows of one value are never split), cv
        (scikit-learn splitter)
    na : "error", "drop" or "mean" (frames): what to do about missing values
    drop, keep, categories : names or patterns of columns to leave out, to use alone, to one-hot encode (frames)
    sample_weight, offset : name or array
    penalty_factor, lower, upper : array with one value per column of X, or {name: value}
    positive : True for lower = 0
    lams, n_lams, lam_min_ratio, l1_ratio, standardize, fit_intercept, tol, max_iter, threads : as in riata.path
    penalty, and its own options by name : "l1"; "adaptive" (``gamma``, ``pilot``; factors learnt inside every training
        fold); "group" and "sparse_group" (``groups``, ``group_weights``, ``share``); "mcp", "scad" or "log"
        (``gamma``); or a made one such as ``riata.penalties.mcp.MCP(gamma=2.5)``
    groups : {label: names or patterns} or a list of them, or a label for each feature; a name may be that of a column,
        which means all its levels. Columns that are in none, and all of them by default, are groups by themselves
    measure : the held-out score of riata.scores: "mse" (gaussian's), "deviance" (the others'), "mae", "auc",
        "accuracy", "c_index"
    feature_names : names for the columns of an array

    Returns
    -------
    Selection

    Raises
    ------
    InvalidOption, InvalidData : naming the row, the column and what was got

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((80, 5))
    >>> sel = riata.select(X, 3 * X[:, 1] + rng.standard_normal(80), feature_names=list("abcde"))
    >>> sel.features
    ['b']
    >>> labels = np.digitize(X[:, 3] + X[:, 0], [-1, 1])
    >>> riata.select(X, labels, family="multinomial", penalty="group", rule="min").features[:2]
    ['x3', 'x0']
    """
    return run(X, y, Options.of(rule=rule, **options))


def run(
    X: Any,
    y: Any,
    options: Options,
    *,
    row_label: RowLabel = frame_row,
    label: str | None = None,
    argv: Sequence[str] | None = None,
    progress: Progress = lambda stage: None,
) -> Selection:
    """:func:`select` for callers who also have a file's name, its lines, a command and someone who watches."""
    _check_rule(options.rule)
    progress("encoding")
    got = ready(X, y, options, row_label)
    problem, fitted, sentences = _solve(got, progress)
    progress("choosing")
    index = _index(fitted, got.options)
    return build(got.data, got.options, problem, fitted, index, label=label, argv=argv, sentences=sentences)


def _solve(got: Ready, progress: Progress) -> tuple[Problem, CVResult, list[str]]:
    """Path and cross-validation; warnings of any missed tolerance are returned and issued by no one else."""
    o, problem, lams = got.options, got.problem, got.options.lams
    if o.lam is not None:
        grid = default_grid(problem, o.n_lams, o.lam_min_ratio) if lams is None else np.asarray(lams, dtype=float)
        lams = np.unique(np.append(grid, o.lam))[::-1]
    foldid = got.folds()
    progress(f"solving {len(lams) if lams is not None else o.n_lams} lambdas for all folds at once")
    with python_warnings.catch_warnings(record=True) as caught:
        python_warnings.simplefilter("always")
        fitted = cross_validate(
            problem, lams, foldid=foldid, measure=o.measure, design_for=got.design_for(progress), warn=True, **got.how()
        )
    sentences = [str(w.message) for w in caught]
    for w in caught:
        python_warnings.warn(w.message, w.category, stacklevel=4)
    names = output_names(got.data, problem.loss)
    if names is not None:
        fitted = dataclasses.replace(fitted, path=dataclasses.replace(fitted.path, outputs=names))
    if fitted.path.penalty_factor is not None:  # what the rows taught, for who certifies
        problem = problem.replace(penalty=None, penalty_factor=fitted.path.penalty_factor)
    return problem, fitted, list(dict.fromkeys([*fitted.warnings, *sentences]))


def _check_rule(rule: str) -> None:
    """Before an hour of work and not after it."""
    if rule not in rules():
        names = sorted(rules())
        raise InvalidOption(
            f'there is no rule "{rule}".', expected=" or ".join(names), got=rule, hint=did_you_mean(str(rule), names)
        )


def _index(fitted: CVResult, o: Options) -> int:
    if o.lam is None:
        return fitted.index(o.rule)
    return int(np.argmin(np.abs(np.asarray(fitted.lams) - o.lam)))
