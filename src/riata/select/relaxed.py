"""The relaxed lasso: the lasso chooses the features, and its shrinkage is undone as far as cross-validation likes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.core.errors import InvalidOption
from riata.core.problem import Floats, Problem
from riata.core.result_frame import ResultFrame
from riata.core.results import Path
from riata.path.build import make_problem
from riata.path.fit import fit_path
from riata.select import target
from riata.select.folds import make_folds
from riata.select.options import Options
from riata.table.encode import frame_row

GAMMAS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclasses.dataclass(frozen=True, eq=False)
class Relaxed:
    """Cross-validated over λ and γ together.

    Attributes
    ----------
    path : the lasso on all rows;  gammas : (n_gammas,) increasing
    coef_refit, intercept_refit : (n_features, n_lams) and (n_lams,) least squares on the features of each λ
    loss : (n_gammas, n_lams, n_folds) mean squared error on the rows held out
    cvm, cvse : (n_gammas, n_lams) mean over the folds by their weight, and its standard error
    """

    path: Path
    gammas: Floats
    coef_refit: Floats
    intercept_refit: Floats
    loss: Floats
    cvm: Floats
    cvse: Floats

    def __repr__(self) -> str:
        g, k = self.index("min")
        best = f"{self.cvm[g, k]:.4g} ± {self.cvse[g, k]:.2g} at gamma={self.gammas[g]:g}, lam={self.path.lams[k]:.4g}"
        return f"Relaxed(best mean squared error {best} with {int(self.path.df[k]):,} features)"

    def index(self, rule: str = "1se") -> tuple[int, int]:
        """(place of γ, place of λ): "min", the best; "1se", the largest λ, then γ, within one standard error."""
        g, k = np.unravel_index(int(np.nanargmin(self.cvm)), self.cvm.shape)
        if rule == "min":
            return int(g), int(k)
        if rule != "1se":
            raise InvalidOption(f"There is no rule {rule!r} here.", expected="min or 1se", got=rule)
        fine = self.cvm <= self.cvm[g, k] + self.cvse[g, k]
        first = int(np.flatnonzero(fine.any(axis=0))[0])
        return int(np.flatnonzero(fine[:, first])[-1]), first

    def at(self, lam_index: int, gamma: float) -> tuple[Floats, float]:
        """Coefficients (n_features,) and intercept: γ·lasso + (1 − γ)·least squares on its features."""
        coef = gamma * self.path.coef[:, lam_index] + (1 - gamma) * self.coef_refit[:, lam_index]
        return coef, float(gamma * self.path.intercept[lam_index] + (1 - gamma) * self.intercept_refit[lam_index])

    def choose(self, rule: str = "1se") -> dict[str, Any]:
        """lam, gamma, n_features, loss, se, coef, intercept of a rule's choice."""
        g, k = self.index(rule)
        coef, intercept = self.at(k, float(self.gammas[g]))
        return {
            "lam": float(self.path.lams[k]), "gamma": float(self.gammas[g]), "n_features": int(self.path.df[k]),
            "loss": float(self.cvm[g, k]), "se": float(self.cvse[g, k]), "coef": coef, "intercept": intercept,
        }  # fmt: skip

    def to_frame(self) -> ResultFrame:
        """Columns gamma, lambda, n_features, loss, se."""
        count = len(self.gammas)
        columns = {
            "gamma": np.repeat(self.gammas, len(self.path.lams)).tolist(),
            "lambda": np.tile(self.path.lams, count).tolist(),
            "n_features": np.tile(self.path.df, count).tolist(),
            "loss": self.cvm.ravel().tolist(),
            "se": self.cvse.ravel().tolist(),
        }
        return ResultFrame(columns)


def relaxed_lasso(X: Any, y: Any, *, gammas: Any = GAMMAS, **options: Any) -> Relaxed:
    """The lasso, with its coefficients moved towards least squares on the features that it selects.

        w(λ, γ) = γ · w_lasso(λ) + (1 − γ) · w_OLS(features selected at λ),       0 ≤ γ ≤ 1

    λ and γ are chosen together by cross-validation. γ = 0 is the post-lasso. A refit uses about twice as many degrees
    of freedom as it has features (the choice counts too), so that information criteria which count features are wrong
    for it, as are p-values from it; riata.select.freedom.by_simulation gives the number.

    Parameters
    ----------
    X, y, and options (lams, folds, foldid, seed, drop, …) : as for :func:`riata.select`; gaussian
    gammas : mixtures to try

    Returns
    -------
    Relaxed

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 5))
    >>> riata.relaxed_lasso(X, X[:, 1] + 0.3 * rng.standard_normal(100)).choose()["n_features"]
    1

    References
    ----------
    Meinshausen (2007), Comput. Stat. Data Anal. 52; Hastie, Tibshirani & Tibshirani (2020), Stat. Sci. 35.
    """
    mix = np.unique(np.asarray(gammas, np.float64))
    if not (len(mix) and (mix >= 0).all() and (mix <= 1).all()):
        raise InvalidOption("gammas mix least squares (0) and the lasso (1).", expected="numbers in [0, 1]", got=gammas)
    o = Options.of(**options)
    data, o = target.read(X, y, o, frame_row)
    if o.family != "gaussian":
        raise InvalidOption("relaxed_lasso knows the gaussian family.", got=o.family)
    problem = make_problem(
        data.X, data.y, sample_weight=data.sample_weight, offset=data.offset, l1_ratio=o.l1_ratio,
        fit_intercept=o.fit_intercept, standardize=o.standardize, feature_names=data.names,
    )  # fmt: skip
    folds = make_folds(len(data.y), o.folds, seed=o.seed, foldid=data.per_row(o.foldid, "foldid"))[0]
    path = fit_path(problem, o.lams, n_lams=o.n_lams, lam_min_ratio=o.lam_min_ratio, tol=o.tol)
    loss, weight = [], []
    for f in range(int(folds.max()) + 1):
        held = folds == f
        loss.append(_held_out(problem.train_on(~held), path.lams, held, problem, mix, o.tol))
        weight.append(problem.sample_weight[held].sum())
    return _result(path, mix, refit(problem, path), np.stack(loss, axis=-1), np.array(weight))


def refit(problem: Problem, path: Path) -> tuple[Floats, Floats]:
    """(n_active, n_lams) and (n_lams,): weighted least squares on the features of each λ, once for each set."""
    s = problem.sample_weight / problem.sample_weight.sum()
    X, y = problem.design.columns(path.active), problem.y - problem.offset
    mean, middle = (s @ X, s @ y) if problem.fit_intercept else (np.zeros(X.shape[1]), 0.0)
    root = np.sqrt(s)
    scale = np.where(path.scale[path.active] > 0, path.scale[path.active], 1.0)
    Z, z = (X - mean) / scale * root[:, None], (y - middle) * root
    coef = np.zeros(path.coef_active.shape)
    on = path.coef_active != 0
    for k in range(on.shape[1]):
        if k and (on[:, k] == on[:, k - 1]).all():
            coef[:, k] = coef[:, k - 1]
        elif on[:, k].any():
            coef[on[:, k], k] = np.linalg.lstsq(Z[:, on[:, k]], z)[0]
    coef = coef / scale[:, None]
    return coef, middle - mean @ coef


def _held_out(train: Problem, lams: Floats, held: Any, problem: Problem, mix: Floats, tol: float) -> Floats:
    """(n_gammas, n_lams) mean squared error on the rows held out."""
    path = fit_path(train, lams, tol=tol)
    coef, intercept = refit(train, path)
    X = problem.design.columns(path.active)[held]
    y, s = (problem.y - problem.offset)[held][:, None], problem.sample_weight[held] / problem.sample_weight[held].sum()
    lasso, ols = y - X @ path.coef_active - path.intercept, y - X @ coef - intercept
    return np.array([s @ (gamma * lasso + (1 - gamma) * ols) ** 2 for gamma in mix])


def _result(path: Path, mix: Floats, fit: tuple[Floats, Floats], loss: Floats, weight: Floats) -> Relaxed:
    share = weight / weight.sum()
    cvm = loss @ share
    cvse = np.sqrt((loss - cvm[..., None]) ** 2 @ share / (len(weight) - 1))
    coef = np.zeros((path.n_features, len(path.lams)))
    coef[path.active] = fit[0]
    return Relaxed(path, mix, coef, fit[1], loss, cvm, cvse)
