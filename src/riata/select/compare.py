"""Lasso, elastic net and ridge side by side over λ."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from riata.core.drawn import Drawn
from riata.core.results import CVResult
from riata.path.build import make_problem
from riata.path.grid import RIDGE_RATIO, default_ratio
from riata.select import target
from riata.select.cv import cross_validate
from riata.select.folds import make_folds
from riata.select.options import Options
from riata.table.encode import frame_row

RATIOS = {"lasso": 1.0, "elastic net": 0.5, "ridge": 0.0}


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison(Drawn):
    """``fits``: a cross-validated path by name, on the same folds; ``coef(name)`` (n_features, n_lams)."""

    fits: dict[str, CVResult]

    def coef(self, name: str) -> Any:
        """The coefficients of one model over its λ."""
        return self.fits[name].path.coef

    def to_frame(self) -> dict[str, list[Any]]:
        """Columns model, lambda, n_features, error, se, l1, l2 (norms of the coefficients per standard deviation)."""
        out: dict[str, list[Any]] = {k: [] for k in ("model", "lambda", "n_features", "error", "se", "l1", "l2")}
        for name, cv in self.fits.items():
            size = cv.path.coef_active * cv.path.scale[cv.path.active][:, None]
            columns = (cv.lams, cv.path.df, cv.cvm, cv.cvse, np.abs(size).sum(axis=0), np.sqrt((size**2).sum(axis=0)))
            out["model"] += [name] * len(cv.lams)
            for key, values in zip(list(out)[1:], columns, strict=True):
                out[key] += values.tolist()
        return out

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
    X, y, and options (family, folds, seed, measure, drop, …) : as for :func:`riata.select`
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
    o = Options.of(**options)
    data, o = target.read(X, y, o, frame_row)
    strata = target.kept_in_proportion(data, o)
    folds = make_folds(len(data.y), o.folds, seed=o.seed, foldid=data.per_row(o.foldid, "foldid"), strata=strata)
    fits = {}
    for name, ratio in (RATIOS if ratios is None else ratios).items():
        problem = make_problem(
            data.X, data.y if data.outcome is None else data.outcome, sample_weight=data.sample_weight,
            offset=data.offset, l1_ratio=ratio, standardize=o.standardize, fit_intercept=o.fit_intercept,
            family=o.family, feature_names=data.names, **target.options_of(data, o),
        )  # fmt: skip
        # λ_max grows as 1/l1_ratio and the scale on which a ridge acts does not: all grids end at the same λ
        end = (o.lam_min_ratio or default_ratio(*problem.design.shape)) * max(ratio, RIDGE_RATIO)
        fits[name] = cross_validate(
            problem, lams, foldid=folds, n_lams=o.n_lams, lam_min_ratio=end, tol=o.tol, measure=o.measure
        )
    return Comparison(fits)


def compare_l1_l2(X: Any, y: Any, lams: Any = None, **options: Any) -> Comparison:
    """:func:`compare` for the two ends, lasso and ridge: does sparsity cost accuracy on these data?"""
    return compare(X, y, lams, ratios={"lasso": 1.0, "ridge": 0.0}, **options)
