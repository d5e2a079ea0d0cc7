"""mFDR: how many of the selected features would have been selected by chance, at every λ and for every feature."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from riata.core.drawn import Drawn
from riata.core.errors import InvalidOption
from riata.core.problem import Floats
from riata.core.result_frame import ResultFrame
from riata.inference.density import local_rate
from riata.inference.reading import read
from riata.inference.scores import Scores, fitted
from riata.path.fit import fit_path


@dataclasses.dataclass(frozen=True, eq=False)
class LocalMFDR:
    """What :meth:`MFDR.local` says of every feature at one λ.

    Attributes
    ----------
    lam : float
    coef : (n_features,) in units of y per unit of the column
    z : (n_features,) statistic, about N(0, 1) for a feature that has nothing to do with the target given the model
    rate : (n_features,) local mfdr, the probability that a feature with such a z is noise; NaN where not penalised
    selected : list of str, features with a non-zero coefficient
    feature_names : list of str
    """

    lam: float
    coef: Floats
    z: Floats
    rate: Floats
    selected: list[str]
    feature_names: list[str]

    def __repr__(self) -> str:
        return f"LocalMFDR({len(self.selected)} of {len(self.z)} features selected, lam={self.lam:.6g})"

    def to_frame(self) -> ResultFrame:
        """Columns feature, coef, z, mfdr, selected; the largest |z| first."""
        order = np.argsort(-np.nan_to_num(np.abs(self.z)), kind="stable")
        columns = {
            "feature": [self.feature_names[j] for j in order],
            "coef": self.coef[order].tolist(),
            "z": self.z[order].tolist(),
            "mfdr": self.rate[order].tolist(),
            "selected": (self.coef[order] != 0).tolist(),
        }
        return ResultFrame(columns)


@dataclasses.dataclass(frozen=True, eq=False)
class MFDR(Drawn):
    """Expected false selections along a path; made by :func:`mfdr`.

    Attributes
    ----------
    lams : (n_lams,)
    expected : (n_lams,) expected number of selected features that are noise, at most ``n_selected``
    n_selected : (n_lams,) penalised features with a non-zero coefficient
    rate : (n_lams,) expected / n_selected; 0 where nothing is selected
    level : the rate that ``lam`` and ``selected`` keep to
    lam : the smallest λ of which it and all larger ones have rate ≤ level
    selected : list of str, penalised features with a non-zero coefficient at ``lam``
    """

    lams: Floats
    expected: Floats
    n_selected: NDArray[np.intp]
    rate: Floats
    level: float
    lam: float
    selected: list[str]
    scores: Scores = dataclasses.field(repr=False)

    def local(self, lam: float | None = None, sigma: float | None = None) -> LocalMFDR:
        """Every feature's z and local mfdr at a λ, by default ``self.lam``.

            z_j = √n (g_j + v_j w_j) / (σ √v_j),    mfdr_j = min(1, φ(z_j) / f̂(z_j))

        g_j is the feature's score, v_j its information, φ the normal density and f̂ a kernel estimate of the density of
        all z: it wants some dozens of features. ``sigma`` is the noise of a Gaussian model, by default
        sqrt(RSS/(n − df − 1)).

        Reference: Breheny (2019), section 4; Miller & Breheny (2019) for likelihoods other than the Gaussian.
        """
        lam = self.lam if lam is None else float(lam)
        if not np.isfinite(lam):
            lam = float(self.lams[0])
        on = self.scores
        coef, intercept = on.path.at(lam)
        eta = on.eta(coef, intercept)
        noise = on.noise_of(eta, int(np.count_nonzero(coef))) if sigma is None else float(sigma)
        if not noise > 0:
            raise InvalidOption("There is no noise left to compare with.", got=noise, hint="a larger lam, or sigma=…")
        z = on.statistics(coef, eta, noise)
        rate = np.full(len(z), np.nan)
        seen = on.judged & np.isfinite(z)
        rate[seen] = local_rate(z[seen])
        names = on.path.feature_names
        return LocalMFDR(lam, coef, z, rate, [names[j] for j in np.flatnonzero(coef)], names)

    def to_frame(self) -> ResultFrame:
        """Columns lambda, expected_false, selected, mfdr."""
        columns = {
            "lambda": self.lams.tolist(),
            "expected_false": self.expected.tolist(),
            "selected": self.n_selected.tolist(),
            "mfdr": self.rate.tolist(),
        }
        return ResultFrame(columns)

    def __repr__(self) -> str:
        of = len(self.scores.judged)
        return f"MFDR({len(self.selected)} of {of} features, level={self.level:g}, lam={self.lam:.6g})"


def mfdr(fit: Any, level: float = 0.1) -> MFDR:
    """Of the features selected at each λ, how many are probably noise? An estimate without a single refit.

    A feature that is independent of the target enters where its correlation with the residual exceeds the penalty,
    which chance alone brings about with known probability. Summed over features,

        EF(λ) = Σ_j 2 Φ(−√n λ v_j / (τ √I_j)),    mFDR(λ) = min(EF, S) / S

    with S the number selected, v_j the penalty on the feature, I_j its information (1 for a standardised column of a
    Gaussian model) and τ² = RSS/(n − df − 1); of a Poisson model Pearson's dispersion where that is above 1, which
    takes up what the penalty shrinks away and counts that vary more than their mean; else 1. Unpenalised features count
    in neither sum. n is the number of rows: sample weights that differ are refused, for they have no scale.

    What it is about: *marginal* false discoveries, features independent of the target. A noise feature that is
    correlated with a real one is no false discovery here: for that see riata.knockoff_filter. EF counts
    every feature as if it were noise, so that it errs on the safe side. It assumes that noise features are not strongly
    correlated with each other, and one given λ: choosing the λ by its rate is an estimate and no guarantee.

    Parameters
    ----------
    fit : what riata.path or riata.select returned; family gaussian, binomial, poisson or cox, penalty "l1", "mcp",
        "scad" or "log"
    level : rate in (0, 1) for the attributes ``lam`` and ``selected``

    Returns
    -------
    MFDR, whose ``local(lam)`` judges single features

    Examples
    --------
    >>> import riata
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    >>> found = riata.mfdr(riata.path(X, y), level=0.1)
    >>> found.selected
    ['sex', 'bmi', 'bp', 's3', 's5']
    >>> row = found.local(5.0)
    >>> row.feature_names[abs(row.z).argmax()], round(float(abs(row.z).max()), 2)
    ('bmi', 11.08)

    References
    ----------
    Breheny (2019), Biostatistics 20, eq. 2.6; Miller & Breheny (2019), Biometrics 75 (binomial, Cox).
    """
    if not 0 < level < 1:
        raise InvalidOption("level must lie between 0 and 1.", got=level)
    path, problem = fitted(fit)
    scores = Scores(path, problem)
    judged = scores.judged
    on = (path.coef != 0)[judged]
    expected = np.minimum(_expected(scores), on.sum(axis=0))
    count = on.sum(axis=0)
    rate = np.where(count > 0, expected / np.maximum(count, 1), 0.0)
    above = np.flatnonzero(~(rate <= level))
    last = int(above[0]) - 1 if len(above) else len(rate) - 1
    names = [path.feature_names[j] for j in np.flatnonzero(judged)[on[:, last]]] if last >= 0 else []
    lam = float(path.lams[last]) if last >= 0 else float("inf")
    return MFDR(path.lams, expected, count, rate, float(level), lam, names, scores)


def mfdr_selection(X: Any, y: Any, *, level: float = 0.1, **options: Any) -> MFDR:
    """:func:`mfdr` of the lasso path of data: X, y and options as for :func:`riata.select`.

    >>> from sklearn.datasets import load_diabetes
    >>> mfdr_selection(*load_diabetes(return_X_y=True, as_frame=True, scaled=False)).selected
    ['sex', 'bmi', 'bp', 's3', 's5']
    """
    problem, _, o = read(X, y, **options)
    path = fit_path(
        problem, o.lams, n_lams=o.n_lams, lam_min_ratio=o.lam_min_ratio, tol=o.tol, threads=o.threads, warn=True
    )
    return mfdr(dataclasses.replace(path, problem=problem), level)


def _expected(scores: Scores) -> Floats:
    """EF at every λ; ∞ where the model leaves no row to estimate the noise from."""
    path, judged = scores.path, scores.judged
    etas = (
        scores.problem.offset[:, None]
        + path.intercept
        + scores.problem.design.columns(path.active) @ (path.coef_active)
    )
    tau = np.array([scores.noise_of(eta, int(df)) for eta, df in zip(etas.T, path.df, strict=True)])
    spread = np.sqrt(scores.information(etas)[judged])
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.sqrt(scores.n) * path.lams * scores.threshold[judged, None] / (tau * spread)
    return np.where(np.isnan(tau), np.inf, 2.0 * ndtr(-z).sum(axis=0))
