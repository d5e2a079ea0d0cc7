"""Lasso, elastic net and ridge side by side over λ."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from riata.core.drawn import Drawn
from riata.core.result_frame import ResultFrame
from riata.core.results import CVResult
from riata.path.grid import RIDGE_RATIO, default_ratio
from riata.select.cv import cross_validate
from riata.select.options import Options
from riata.select.ready import Progress, Ready, ready, stated

RATIOS = {"lasso": 1.0, "elastic net": 0.5, "ridge": 0.0}


def repeats(cv: CVResult) -> int:
    """How many times the rows were divided into folds."""
    rows, folds = len(np.atleast_2d(cv.foldid)), cv.loss.shape[1]
    return rows if rows < folds else 1  # from a splitter whose sets overlap each row of ``foldid`` is one fold


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison(Drawn):
    """``fits``: a cross-validated path by name, on the same folds; ``coef(name)`` (n_features, n_lams)."""

    fits: dict[str, CVResult]

    def coef(self, name: str) -> Any:
        """The coefficients of one model over its λ."""
        return self.fits[name].path.coef

    def to_frame(self) -> ResultFrame:
        """Columns model, lambda, n_features, error, se, l1, l2 (norms of the coefficients per standard deviation)."""
        out = ResultFrame({k: [] for k in ("model", "lambda", "n_features", "error", "se", "l1", "l2")})
        for name, cv in self.fits.items():
            each = cv.path.coef_active  # (n_active, n_lams), with an axis of outputs between where there are several
            size = each * cv.path.scale[cv.path.active].reshape(-1, *[1] * (each.ndim - 1))
            rest = tuple(range(each.ndim - 1))
            columns = (cv.lams, cv.path.df, cv.cvm, cv.cvse, np.abs(size).sum(rest), np.sqrt((size**2).sum(rest)))
            out["model"] += [name] * len(cv.lams)
            for key, values in zip(list(out)[1:], columns, strict=True):
                out[key] += values.tolist()
        return out

    @property
    def best(self) -> str:
        """The model with the best held-out error at its best λ."""
        return min(self.fits, key=lambda name: float(np.nanmin(self.fits[name].risk)))

    def largest_gap(self, name: str) -> float:
        """The largest gap_rel of a model over all λ, of its folds and of its fit on all rows."""
        cv = self.fits[name]
        return float(max(cv.path.certificate.max(), cv.certificate.max()))

    def behind(self, name: str) -> tuple[float, float]:
        """How much worse than the best model this one is, each at its best λ, and the standard error of that.

        The difference is taken fold by fold, so what makes a fold hard for both cancels; as for any cross-validation
        the folds share training rows, which this standard error leaves out. Repeats make folds, but no rows: it is that
        of one division into folds.
        """
        mine, least = self.fits[name], self.fits[self.best]
        away = mine.loss[int(np.nanargmin(mine.risk))] - least.loss[int(np.nanargmin(least.risk))]
        known = np.isfinite(away)
        away, weight = away[known], mine.fold_weight[known]
        mean = float(np.average(away, weights=weight))
        spread = float(np.average((away - mean) ** 2, weights=weight))
        alone = len(away) / repeats(mine)
        return -mean if mine.larger else mean, float(np.sqrt(spread / max(alone - 1, 1)))

    def __repr__(self) -> str:
        best = {name: int(np.nanargmin(cv.risk)) for name, cv in self.fits.items()}
        said = [
            f"{name}: {self.fits[name].cvm[k]:.4g} ± {self.fits[name].cvse[k]:.2g} with {self.fits[name].path.df[k]} "
            f"of {self.fits[name].path.n_features} features"
            for name, k in best.items()
        ]
        return f"<{next(iter(self.fits.values())).measure} at the best lambda — {'; '.join(said)}>"


def compare(X: Any, y: Any, lams: Any = None, *, ratios: dict[str, float] | None = None, **options: Any) -> Comparison:
    """What the mixture of ℓ1 and ℓ2 does: sparsity, held-out error and coefficients over λ, on the same folds.

        λ Σⱼ ( l1_ratio |tⱼwⱼ| + ½ (1 − l1_ratio) (tⱼwⱼ)² )     l1_ratio 1 (lasso), ½ (elastic net), 0 (ridge)

    Parameters
    ----------
    X, y, and options (family, folds, fold_groups, measure, na, penalty_factor, …) : as for :func:`riata.select`
    lams : the same λ for all; by default each has its own grid, from its own λ_max (0.001 stands for l1_ratio 0) to the
        end that all share
    ratios : {name: l1_ratio} in place of these three

    Returns
    -------
    Comparison

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((60, 4))
    >>> found = riata.compare(X, X[:, 1] + rng.standard_normal(60), lams=[0.5, 0.1])
    >>> found.to_frame()["n_features"]
    [1, 1, 1, 3, 4, 4]
    """
    return side_by_side(ready(X, y, Options.of(lams=lams, **options)), ratios)


def side_by_side(
    given: Ready, ratios: Mapping[str, float] | None = None, progress: Progress = lambda stage: None
) -> Comparison:
    """:func:`compare` of data that are encoded; ``progress`` is told what is being done."""
    o, foldid, fits = given.options, given.folds(), {}
    for name, ratio in (RATIOS if ratios is None else ratios).items():
        progress(f"solving {name}")
        got = stated(given.data, dataclasses.replace(o, l1_ratio=ratio))
        how = got.how()
        if o.lams is None:
            # λ_max grows as 1/l1_ratio and the scale on which a ridge acts does not: all grids end at the same λ
            least = o.lam_min_ratio or default_ratio(*got.problem.design.shape)
            how["lam_min_ratio"] = least * max(ratio, RIDGE_RATIO)
        fits[name] = cross_validate(
            got.problem, o.lams, foldid=foldid, measure=o.measure, design_for=got.design_for(progress), **how
        )
    return Comparison(fits)


def compare_l1_l2(X: Any, y: Any, lams: Any = None, **options: Any) -> Comparison:
    """:func:`compare` for the two ends, lasso and ridge: does sparsity cost accuracy on these data?"""
    return compare(X, y, lams, ratios={"lasso": 1.0, "ridge": 0.0}, **options)
