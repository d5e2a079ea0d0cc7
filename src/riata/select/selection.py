"""The result of a selection: which features, at what λ, with what error, and a model that predicts."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata import scores
from riata.core.drawn import Drawn, Reported, Validated
from riata.core.problem import Problem
from riata.core.result_frame import ResultFrame
from riata.core.results import CVResult, Path
from riata.model.fingerprint import fingerprint, provenance
from riata.model.record import Model
from riata.select import criteria, families
from riata.select.data import Data
from riata.select.explain import Explanation, explain
from riata.select.options import Options, describe
from riata.select.out_of_fold import OutOfFold
from riata.select.response import response_of
from riata.select.summary import summary_text
from riata.select.swaps import Twins, twins
from riata.select.twins import LIKE
from riata.table.words import shown

Floats = NDArray[np.float64]

TOO_GOOD = 1e-4  # of the null loss: R² above 0.9999 is rare outside physics, and common where the target leaks


@dataclasses.dataclass(frozen=True, eq=False)
class Selection(Drawn, Reported, Validated):
    """What :func:`riata.select` found.

    Attributes
    ----------
    rule : "1se", "min", or "given" where λ was given;  lam, index : the chosen λ and its place in cv.lams
    path : Path on all rows;  cv : CVResult
    model : riata.model.Model, which predicts and can be saved
    features : list of str, selected, the largest |effect per standard deviation| first
    coef_table : list of dict with feature, coef (original units), coef_per_sd, in the same order; exp(coef) as
        "odds ratio", "rate ratio" or "hazard ratio" where that is what it is; of several classes or targets a row for
        each, named by output; and the group, where the penalty takes features by groups (the strongest group first)
    notes, warnings : lists of sentences
    null_loss : float, held-out loss (score) of the model without features, fitted to each training set
    choices : dict rule -> dict with lam, index, n_features, loss, se, for every rule
    largest_gap : float, largest gap_rel over all λ and folds, and the path on all rows (stationarity residual where the
        penalty is concave and no gap exists)
    problem : Problem, for riata.certify
    groups : label of each feature's group, or None where features are penalised one by one
    again : the same fits with another index and rule, for :meth:`choose`
    """

    rule: str
    lam: float
    index: int
    path: Path
    cv: CVResult
    model: Model
    features: list[str]
    coef_table: list[dict[str, Any]]
    notes: list[str]
    warnings: list[str]
    null_loss: float
    choices: dict[str, dict[str, Any]]
    largest_gap: float
    problem: Problem
    groups: tuple[str, ...] | None
    again: Callable[..., Selection] = dataclasses.field(repr=False)

    def choose(self, rule: str, noise: Any = None) -> Selection:
        """The selection by another rule, from the same fits: "min", "1se", "aic", "bic", … (see CVResult.index)."""
        return self.again(rule=rule, index=self.cv.index(rule, noise))

    def criteria(self, noise: Any = None) -> ResultFrame:
        """Every information criterion along the path, as columns lambda, df, aic, aicc, bic, …"""
        return criteria.table(self.cv, noise)

    def out_of_fold(self) -> OutOfFold:
        """Every row's prediction at the chosen λ by the fit that did not see it; see :meth:`CVResult.out_of_fold`.

        >>> import numpy as np, riata
        >>> rng = np.random.default_rng(0)
        >>> X = rng.standard_normal((80, 5))
        >>> y = X[:, 1] + rng.standard_normal(80)
        >>> found = riata.select(X, y, rule="min").out_of_fold()
        >>> bool(np.mean((y - found.prediction) ** 2) < np.var(y))
        True
        """
        found: OutOfFold = self.cv.out_of_fold(self.lam)
        return found

    def explain(self, feature: str) -> Explanation:
        """Why a feature is in the model or not, what took its place, and what an exchange would cost: print it."""
        return explain(self, feature)

    def twins(self, *, least: float = LIKE, most: int = 3) -> Twins:
        """What each selected feature stands in for, and the loss of swapping them: see :func:`riata.twins`."""
        return twins(self, least=least, most=most)

    def summary(self) -> str:
        """The result as plain text: verdict, features, λ_min beside λ_1se, certificate, notes."""
        return summary_text(self)

    def predict(self, X: Any, offset: Any = None, kind: str = "response") -> Any:
        """Predictions for the rows of a frame or array; see :meth:`riata.model.Model.predict`."""
        return self.model.predict(X, offset=offset, kind=kind)

    def save(self, where: str | os.PathLike[str]) -> None:
        """Write the model as JSON, whole or not at all."""
        self.model.save(where)

    def to_frame(self) -> ResultFrame:
        """The coefficient table as columns feature, coef, coef_per_sd, …, as :attr:`coef_table`."""
        keys = table_keys(families.ratio_of(self.model.family), self.path.outputs, self.groups)
        return ResultFrame({key: [row[key] for row in self.coef_table] for key in keys})

    def __repr__(self) -> str:
        size = f"{len(self.features)} of {self.path.n_features} features"
        return f"Selection(rule={self.rule!r}, lam={self.lam:.6g}, {size})"


def build(
    data: Data,
    options: Options,
    problem: Problem,
    cv: CVResult,
    index: int,
    *,
    label: str | None,
    argv: Sequence[str] | None,
    sentences: list[str],
) -> Selection:
    """Selection and its Model from a finished cross-validation."""
    path = cv.path
    rule = options.rule if options.lam is None else "given"
    table = coef_table(path, index, families.ratio_of(options.family), data.groups)
    names = list(dict.fromkeys(row["feature"] for row in table))
    choices = _choices(cv, rule, index)
    largest = float(max(np.max(cv.certificate, initial=0.0), np.max(path.certificate, initial=0.0)))
    null = null_loss(data, cv) if problem.loss is None else null_score(problem, cv)
    model = Model(
        family=options.family,
        rule=rule,
        lam=float(path.lams[index]),
        intercept=path.intercept[..., index].tolist(),
        coef=by_name(path, index, names),
        coef_per_sd=by_name(path, index, names, path.scale),
        features=tuple(path.feature_names),
        encoder=data.encoder,
        path=path_record(path),
        cv=cv_record(cv, choices, null),
        certificate={
            "kind": path.measure_of_error,
            "gap_rel": float(path.certificate[index]),
            "largest_path": float(np.max(path.certificate)),
            "largest": largest,
            "tol": options.tol,
            "status": str(path.status),
        },
        data=data_record(data, label),
        options=describe(options),
        provenance=provenance(argv),
        notes=tuple(data.notes),
        response=response_of(data, options, problem, path, index),
        outputs=None if path.outputs is None else tuple(path.outputs),
    )
    said = [*sentences, *suspicions(cv, null, table)]
    fitted: dict[str, Any] = {"problem": problem, "cv": cv, "label": label, "argv": argv, "sentences": sentences}
    return Selection(
        rule, model.lam, index, path, cv, model, names, table, list(data.notes), said, null, choices, largest, problem,
        data.groups, functools.partial(_rebuild, data, options, **fitted),
    )  # fmt: skip


def _choices(cv: CVResult, rule: str, index: int) -> dict[str, dict[str, Any]]:
    """The rules that go by held-out loss side by side, and the one that was asked for."""
    shown_rules = sorted({"min", "1se", rule} & cv.rules.keys())
    return {name: choice(cv, index if name == rule else cv.index(name)) for name in shown_rules}


def _rebuild(data: Data, options: Options, *, rule: str, **fitted: Any) -> Selection:
    return build(data, dataclasses.replace(options, rule=rule, lam=None), **fitted)


def table_keys(ratio: str | None, outputs: Any, groups: Any) -> list[str]:
    """The columns of the coefficient table; ``ratio`` names exp(coef)."""
    more = [*([ratio] if ratio else []), *(["group"] if groups else [])]
    return ["feature", *(["output"] if outputs else []), "coef", "coef_per_sd", *more]


def coef_table(path: Path, index: int, ratio: str | None = None, groups: Any = None) -> list[dict[str, Any]]:
    """Non-zero coefficients at one λ, the largest |effect per SD| first; groups and outputs together."""
    keys = table_keys(ratio, path.outputs, groups)
    strongest: dict[Any, float] = {}
    found = []
    for j, values in zip(path.active, path.coef_active[..., index], strict=True):
        group, rows = groups[j] if groups else j, []
        for k, w in enumerate(np.atleast_1d(values).tolist()):
            cells = [path.feature_names[j], *([path.outputs[k]] if path.outputs else []), w, float(w * path.scale[j])]
            cells += [float(np.exp(np.clip(w, -700, 700)))] if ratio else []
            rows += [dict(zip(keys, [*cells, *([group] if groups else [])], strict=True))] if w else []
        if rows:
            effect = max(abs(row["coef_per_sd"]) for row in rows)
            strongest[group] = max(effect, strongest.get(group, 0.0))
            found.append((group, effect, rows))
    found.sort(key=lambda one: (-strongest[one[0]], one[0], -one[1]))
    return [row for _, _, rows in found for row in rows]


def by_name(path: Path, index: int, names: Sequence[str], scale: Any = None) -> dict[str, Any]:
    """{feature: coefficient}, of several outputs {feature: coefficients}, times ``scale`` if that is given."""
    place = {path.feature_names[j]: (row, j) for row, j in enumerate(path.active)}
    out = {}
    for name in names:
        row, j = place[name]
        out[name] = (path.coef_active[row, ..., index] * (1.0 if scale is None else scale[j])).tolist()
    return out


def suspicions(cv: CVResult, null: float, table: list[dict[str, Any]]) -> list[str]:
    """A prediction that is too good: its columns may hold the target."""
    if not table or not np.isfinite(cv.cvm).any() or (cv.measure == "deviance" and not null > 0):
        return []
    best = 1.0 - float(np.nanmax(cv.cvm)) if cv.larger else float(np.nanmin(cv.cvm))
    null = 1.0 - null if cv.larger else null
    if not best < TOO_GOOD * null:
        return []
    top = list(dict.fromkeys(row["feature"] for row in table))[:4]
    of = "of the mean" if cv.measure in ("mse", "mae") else "without features"
    return [
        f"the prediction is almost perfect (error {best / null:.0e} of that {of}). Do these columns hold the "
        f"target, or what is known only after it (a leak)? {shown(top)}."
    ]


def choice(cv: CVResult, index: int) -> dict[str, Any]:
    """What one λ costs and gives."""
    return {
        "lam": float(cv.lams[index]),
        "index": index,
        "n_features": int(cv.path.df[index]),
        "loss": float(cv.cvm[index]),
        "se": float(cv.cvse[index]),
    }


def null_loss(data: Data, cv: CVResult) -> float:
    """Held-out loss of predicting the training mean (of y − offset), over the same folds and weights."""
    y = data.y if data.offset is None else data.y - data.offset
    s = np.ones(len(y)) if data.sample_weight is None else data.sample_weight
    total = weight = 0.0
    for row in np.atleast_2d(cv.foldid):
        for fold in np.unique(row[row >= 0]):
            out = row == fold
            mean = np.average(y[~out], weights=s[~out]) if cv.path.fit_intercept and s[~out].any() else 0.0
            error = y[out] - mean
            total += float(s[out] @ (np.abs(error) if cv.measure == "mae" else error**2))
            weight += float(s[out].sum())
    return total / weight if weight else float("nan")


def null_score(problem: Problem, cv: CVResult) -> float:
    """Held-out score of the model without features, over the same folds and weights; NaN where it has none."""
    score = scores.find(cv.measure, problem.family)
    s, loss = problem.sample_weight / problem.sample_weight.sum(), problem.loss
    total = weight = 0.0
    for row in np.atleast_2d(cv.foldid):
        for fold in np.unique(row[row >= 0]):
            held, train = np.where(row == fold, s, 0.0), np.where(row == fold, 0.0, s)
            intercept, _ = loss.null(problem.offset, train / train.sum(), problem.fit_intercept)
            value, w = score.of(loss, problem.offset + intercept, held, train), score.weight(loss, held)
            if w > 0 and np.isfinite(value):
                total, weight = total + w * value, weight + w
    return total / weight if weight else float("nan")


def path_record(path: Path) -> dict[str, Any]:
    """The path by name and without zeros; of several outputs, a list of numbers stands for each number."""
    coef = {}
    for j, row in zip(path.active, path.coef_active, strict=True):
        at = np.flatnonzero(row.reshape(-1, row.shape[-1]).any(axis=0))
        coef[path.feature_names[j]] = {"at": at.tolist(), "value": row[..., at].T.tolist()}
    return {
        "lams": path.lams.tolist(),
        "intercept": path.intercept.T.tolist(),
        "gap_rel": path.certificate.tolist(),
        "df": path.df.tolist(),
        "dev_ratio": path.dev_ratio.tolist(),
        "null_deviance": float(path.null_deviance),
        "sd": {path.feature_names[j]: float(path.scale[j]) for j in path.active},
        "coef": coef,
    }


def cv_record(cv: CVResult, choices: dict[str, Any], null: float) -> dict[str, Any]:
    """The CV curve, per fold, and what each rule chose."""
    return {
        "measure": cv.measure,
        "n_folds": int(cv.loss.shape[1]),
        "n_repeats": int(np.atleast_2d(cv.foldid).shape[0]),
        "lams": cv.lams.tolist(),
        "cvm": cv.cvm.tolist(),
        "cvse": cv.cvse.tolist(),
        "null_loss": null,
        "choices": choices,
        "fold_weight": cv.fold_weight.tolist(),
        "loss": cv.loss.tolist(),
        "gap_rel": np.max(cv.certificate, axis=1).tolist(),
    }


def data_record(data: Data, label: str | None) -> dict[str, Any]:
    """Which data: enough to tell whether another table is the same one."""
    return {
        "label": label,
        "target": data.target,
        "n_given": data.n_given,
        "n_samples": len(data.y),
        "n_features": int(data.X.shape[1]),
        "sha256": fingerprint(
            data.X, data.y if data.outcome is None else data.outcome, data.names, data.sample_weight, data.offset
        ),
    }
