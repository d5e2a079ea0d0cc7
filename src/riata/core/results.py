"""What a path and a cross-validation return: values, never changed after they are made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.drawn import Drawn
from riata.core.errors import InvalidData, InvalidOption
from riata.core.made import made
from riata.core.result_frame import ResultFrame
from riata.core.status import Status

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Path(Drawn):
    """Solutions over a decreasing grid of λ, each with its certificate.

    Attributes
    ----------
    lams : (n_lams,) decreasing
    active : (n_active,) indices of the features that are non-zero at some λ, increasing
    coef_active : (n_active, n_lams) their coefficients, in units of y per unit of the column
    intercept : (n_lams,)
    outputs : names of the K linear predictors, where there are several: coef_active is then (n_active, K, n_lams), coef
        (n_features, K, n_lams) and intercept (K, n_lams)
    gap_rel : (n_lams,) proven bound on duality gap / objective of the null model
    df : (n_lams,) number of features with a non-zero coefficient
    dev_ratio : (n_lams,) fraction of the null deviance explained
    null_deviance : float, 2 × the objective of the null model (weighted mean square of y − offset about its mean)
    scale, mean : (n_features,) weighted population standard deviation and mean of the columns
    feature_names : list of str
    status : how the solve ended; a sentence
    early_stopped : True where the path ends before the grid that was asked for
    stats : counts of the work done (rounds, full and partial passes over X) and the inner solver used
    penalty : name of the penalty
    penalty_factor : (n_features,) the factors that an adaptive penalty learnt, else None
    stationarity : (n_lams,) of a concave penalty, else None: largest distance of a feature's correlation from what its
        coefficient asks for, over sd(xⱼ)·sd(y) (of the loss's gradient at the null model). No duality gap exists then,
        and gap_rel is NaN.
    problem : the Problem that was solved, data included, for what is computed from both (riata.mfdr); of riata.path
        only, and never pickled
    """

    lams: Floats
    active: NDArray[np.intp]
    coef_active: Floats
    intercept: Floats
    gap_rel: Floats
    dev_ratio: Floats
    null_deviance: float
    scale: Floats
    mean: Floats
    feature_names: list[str]
    l1_ratio: float
    standardize: bool
    fit_intercept: bool
    status: Status
    early_stopped: bool
    stats: dict[str, Any]
    penalty: str = "l1"
    outputs: list[str] | None = None
    penalty_factor: Floats | None = None
    stationarity: Floats | None = None
    problem: Any = dataclasses.field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "problem": None}

    def with_problem(self, problem: Any) -> Path:
        """The same path, with the problem that it solves."""
        return made(Path, **{**self.__dict__, "problem": problem})

    def __repr__(self) -> str:
        count, most = len(self.lams), max(self.df.tolist(), default=0)
        ends = "s" if count != 1 else ""
        ends += f", {self.lams[0]:.4g}" if count else ""
        ends += f" to {self.lams[-1]:.4g}" if count > 1 else ""
        return (
            f"Path({count} lambda{ends}, up to {most:,} of {self.n_features:,} features, "
            f"{self.measure_of_error} ≤ {np.max(self.certificate, initial=0.0):.1e})"
        )

    @property
    def n_features(self) -> int:
        return len(self.scale)

    @property
    def measure_of_error(self) -> str:
        """What ``certificate`` holds, in words."""
        return "relative duality gap" if self.stationarity is None else "stationarity residual"

    @property
    def certificate(self) -> Floats:
        """(n_lams,) gap_rel, or ``stationarity`` where no gap exists."""
        return self.gap_rel if self.stationarity is None else self.stationarity

    @cached_property
    def df(self) -> NDArray[np.intp]:
        """(n_lams,) number of features with a non-zero coefficient."""
        on = self.coef_active if self.outputs is None else self.coef_active.any(axis=1)
        return np.asarray(np.count_nonzero(on, axis=0), np.intp)

    @cached_property
    def coef(self) -> Floats:
        """(n_features, n_lams) coefficients, dense, made when first asked for; (n_features, K, n_lams) of K outputs."""
        out = np.zeros((self.n_features, *self.coef_active.shape[1:]))
        out[self.active] = self.coef_active
        return out

    @property
    def coef_per_sd(self) -> Floats:
        """(n_features, n_lams) change of the prediction for one standard deviation of each column."""
        return self.coef * self.scale.reshape(-1, *[1] * (self.coef.ndim - 1))

    def _weights_at(self, lam: float) -> tuple[int, int, float]:
        """The two grid points around lam and the share of the second."""
        if not (np.isfinite(lam) and lam >= 0):
            raise InvalidOption("lam must be a number ≥ 0.", got=lam)
        if len(self.lams) == 0 or lam >= self.lams[0]:
            return 0, 0, 0.0
        if lam <= self.lams[-1]:
            last = len(self.lams) - 1
            return last, last, 0.0
        right = int(np.searchsorted(-self.lams, -lam))
        if self.lams[right] == lam:
            return right, right, 0.0
        left = right - 1
        return left, right, float((self.lams[left] - lam) / (self.lams[left] - self.lams[right]))

    def at(self, lam: float) -> tuple[Floats, Any]:
        """Coefficients (n_features,) and intercept at λ; (n_features, K) and (K,) for K outputs.

        On a grid point the certified solution; between two, their linear interpolation, which is exact where the
        support does not change in between; beyond either end, the solution at that end.
        """
        i, j, t = self._weights_at(float(lam))
        coef = np.zeros((self.n_features, *self.coef_active.shape[1:-1]))
        coef[self.active] = (1 - t) * self.coef_active[..., i] + t * self.coef_active[..., j]
        intercept = (1 - t) * self.intercept[..., i] + t * self.intercept[..., j]
        return coef, float(intercept) if self.outputs is None else intercept

    def predict(self, X: Any, lam: float | None = None, offset: Floats | None = None) -> Floats:
        """The linear predictor of the rows of an array X: (n_rows,) at one λ, or (n_rows, n_lams) for the whole path.

        With K outputs (n_rows, K) and (n_rows, K, n_lams); ``offset`` has the shape of the first.
        """
        if lam is None:
            flat = self.coef_active.reshape(len(self.active), int(np.prod(self.coef_active.shape[1:])))
            eta = (X[:, self.active] @ flat).reshape(-1, *self.coef_active.shape[1:]) + self.intercept
            return eta if offset is None else eta + np.asarray(offset)[..., None]
        coef, intercept = self.at(lam)
        eta = X @ coef + intercept
        return eta if offset is None else eta + np.asarray(offset)

    def to_frame(self) -> ResultFrame:
        """The non-zero coefficients as columns ``lambda``, ``feature``, ``coef``, ``coef_per_sd``;
        of several outputs, ``output`` as well."""
        if self.outputs is None:
            row, col = np.nonzero(self.coef_active.T)
            values, outputs = self.coef_active[col, row], {}
        else:
            row, at, col = np.nonzero(self.coef_active.T)
            values, outputs = self.coef_active[col, at, row], {"output": [self.outputs[k] for k in at]}
        which = self.active[col]
        columns = {
            "lambda": self.lams[row].tolist(),
            "feature": [self.feature_names[j] for j in which],
            **outputs,
            "coef": values.tolist(),
            "coef_per_sd": (values * self.scale[which]).tolist(),
        }
        return ResultFrame(columns)


@dataclasses.dataclass(frozen=True, eq=False)
class CVResult(Drawn):
    """Held-out loss over λ and folds, and the path on all the data.

    Attributes
    ----------
    path : Path on all the rows, at the same λ
    lams : (n_lams,)
    loss : (n_lams, n_folds) mean held-out loss of each fold (n_folds counts folds × repeats)
    fold_weight : (n_folds,) sum of the sample weights held out
    cvm : (n_lams,) mean of ``loss`` over the folds, weighted by fold_weight
    cvse : (n_lams,) its standard error, sqrt(Σ w (loss − cvm)² / Σ w / (n_folds − 1))
    gap_rel : (n_lams, n_folds) proven bound for every training fit; NaN where the penalty is concave
    stationarity : (n_lams, n_folds) of concave penalties, as in the path, else None
    foldid : (n_repeats, n_samples) fold of each row, −1 where a row is never held out
    measure : the score's name: "mse", "mae", "deviance", "auc", …
    larger : whether larger is better (AUC, accuracy, concordance)
    warnings : list of sentences
    evidence : what information criteria know of the path (riata.select.evidence); it holds the data and is not pickled
    predict_held_out : (lams, λ, outputs) → OutOfFold, which fits the training folds again; nor is it pickled
    """

    path: Path
    lams: Floats
    loss: Floats
    fold_weight: Floats
    cvm: Floats
    cvse: Floats
    gap_rel: Floats
    foldid: NDArray[np.intp]
    measure: str
    warnings: list[str]
    rules: dict[str, Callable[..., int]]
    larger: bool = False
    stationarity: Floats | None = None
    evidence: Any = None
    predict_held_out: Callable[..., Any] | None = dataclasses.field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "evidence": None, "predict_held_out": None}

    def __repr__(self) -> str:
        best = int(np.argmin(np.nan_to_num(self.risk, nan=np.inf)))
        return (
            f"CVResult({self.measure} of {len(self.fold_weight)} folds over {len(self.lams)} lambdas, best "
            f"{self.cvm[best]:.4g} ± {self.cvse[best]:.2g} at lam={self.lams[best]:.4g} with "
            f"{int(self.path.df[best]):,} of {self.path.n_features:,} features)"
        )

    @property
    def certificate(self) -> Floats:
        """(n_lams, n_folds) gap_rel, or ``stationarity`` where no gap exists."""
        return self.gap_rel if self.stationarity is None else self.stationarity

    @property
    def risk(self) -> Floats:
        """(n_lams,) cvm as something to make small."""
        return -self.cvm if self.larger else self.cvm

    def out_of_fold(self, lam: float) -> Any:
        """What is predicted for every row at λ by the training fold that left it out: riata.select.OutOfFold.

        The training folds are fitted again, as they were for ``loss``: with their own means, scales, imputed values
        and adaptive factors. So these predictions may be held against the target: residuals, calibration, ROC. A row
        that several splits hold out has the prediction of the first. λ need not be on the grid.

        Raises InvalidData after unpickling, which leaves the data behind.
        """
        if self.predict_held_out is None:
            raise InvalidData(
                "Out-of-fold predictions need the data, which are not pickled with a cross-validation.",
                got="a cross-validation without its data", hint="cross-validate again.",
            )  # fmt: skip
        return self.predict_held_out(self.lams, lam, self.path.outputs)

    def index(self, rule: str, noise: Any = None) -> int:
        """Index of the λ that ``rule`` chooses ("min", "1se", "bic", …); no fit is made again.

        ``noise`` is for information criteria of Gaussian models: the noise variance, or "ols", "reid" or "scaled" to
        estimate it once for all λ (riata.select.noise); by default it is another parameter of every model.
        """
        if rule not in self.rules:
            raise InvalidOption(f"There is no rule {rule!r}.", expected=" or ".join(sorted(self.rules)), got=rule)
        if noise is None:
            return int(self.rules[rule](self))
        if rule in ("min", "1se"):
            raise InvalidOption(f'The rule "{rule}" goes by held-out loss and takes no noise variance.', got=noise)
        return int(self.rules[rule](self, noise=noise))

    def lam(self, rule: str, noise: Any = None) -> float:
        """The λ that ``rule`` chooses; arguments as of :meth:`index`."""
        return float(self.lams[self.index(rule, noise)])
