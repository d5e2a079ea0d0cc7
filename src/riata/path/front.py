"""riata.path: the whole lasso path in one call."""

from __future__ import annotations

from typing import Any

from riata.core.errors import InvalidOption
from riata.core.results import Path
from riata.path.build import make_problem
from riata.path.drive import MAX_ITER
from riata.path.fit import fit_path


def path(
    X: Any,
    y: Any,
    *,
    family: str = "gaussian",
    penalty: Any = "l1",
    lams: Any = None,
    n_lams: int = 100,
    lam_min_ratio: float | None = None,
    l1_ratio: float = 1.0,
    standardize: bool = True,
    fit_intercept: bool = True,
    sample_weight: Any = None,
    offset: Any = None,
    penalty_factor: Any = None,
    lower: Any = None,
    upper: Any = None,
    tol: float = 1e-8,
    max_iter: int = MAX_ITER,
    early_stop: bool = False,
    threads: int | None = None,
    feature_names: Any = None,
    **options: Any,
) -> Path:
    """Exact solutions of a sparse linear model over a grid of λ, each with a duality-gap certificate.

        minimise over (b, w)  (1/Σsᵢ) Σ sᵢ loss(yᵢ, oᵢ + b + xᵢᵀw) + λ Σⱼ vⱼ (l1_ratio |tⱼwⱼ| + ½(1−l1_ratio)(tⱼwⱼ)²)
        subject to            lowerⱼ ≤ wⱼ ≤ upperⱼ

    The Gaussian loss is ½(y − η)², the others are minus the logarithm of the likelihood. tⱼ is the weighted standard
    deviation of column j (divisor n) if ``standardize``, else 1. The intercept b is not penalised (Cox has none). λ is
    on scikit-learn's scale for ``alpha`` (1/(nC) in its LogisticRegression) and glmnet's for ``lambda``.

    Parameters
    ----------
    X : array, sparse matrix or data frame, shape (n_samples, n_features)
        Never changed, centred or copied. Column names are kept.
    y : array, shape (n_samples,); for "binomial" any two labels, or proportions with ``trials=``, or (n_samples, 2)
        successes and failures; for "cox" columns (time, event) or (start, stop, event), ``strata=`` and
        ``ties="breslow"`` or "efron"; for "huber" ``delta=``, where the loss becomes linear
    family : "gaussian", "binomial", "poisson", "huber" or "cox"; "multinomial" (labels) or "multigaussian" (y of shape
        (n_samples, K)), with a linear predictor for each class or column; or "sqrt", the square-root lasso,
        whose loss is the root of the mean squared error and whose λ does not depend on the noise
    penalty : "l1", "adaptive" (``pilot=``, ``gamma=``), "group" (``groups=``, ``group_weights=``), "sparse_group" (and
        ``share=``), "mcp", "scad" or "log" (``gamma=``), or a made one such as
        ``riata.penalties.mcp.MCP(gamma=2.5)``. For concave ones |tⱼwⱼ| gives way to p(|tⱼwⱼ|; λvⱼ)/λ, and ``tol``
        bounds the stationarity residual: no gap exists
    lams : λ ≥ 0 in any order; by default ``n_lams`` values from λ_max down
    n_lams, lam_min_ratio : size of the default grid and its smallest λ / λ_max
        (by default 1e-4 where n > p, else 1e-2)
    l1_ratio : from 1 (lasso) to 0 (ridge)
    sample_weight : (n_samples,) ≥ 0 on any scale; weight 2 is the row twice, weight 0 is the row gone
    offset : (n_samples,) added to the linear predictor
    penalty_factor : v, a number or (n_features,) ≥ 0, used as given; 0 is never penalised, inf is excluded
    lower, upper : bounds on the coefficients, a number or (n_features,); lower ≤ 0 ≤ upper
    tol : bound on the relative duality gap: gap / objective of the null model; it has no units
    max_iter : rounds of the inner solver per λ before it gives up with a warning
    early_stop : end the path once more than 99.9 % of the deviance is explained or a further λ explains hardly more
    threads : cores to use, by default all that the process may use; the result does not depend on it

    Returns
    -------
    Path

    Raises
    ------
    InvalidData, InvalidOption
        What was wrong, where, and what was expected.

    Examples
    --------
    >>> import riata
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    >>> p = riata.path(X, y)
    >>> len(p.lams), int(p.df[-1]), bool(p.gap_rel.max() < 1e-8)
    (100, 10, True)
    >>> coef, intercept = p.at(5.0)
    >>> [p.feature_names[j] for j in coef.nonzero()[0]]
    ['sex', 'bmi', 'bp', 's3', 's5']

    References
    ----------
    Tibshirani (1996), J. R. Stat. Soc. B 58; Friedman, Hastie & Tibshirani (2010), J. Stat. Softw. 33(1).
    """
    if not tol > 0:
        raise InvalidOption("tol must be a number > 0.", got=tol)
    problem = make_problem(
        X,
        y,
        sample_weight=sample_weight,
        offset=offset,
        penalty_factor=penalty_factor,
        lower=lower,
        upper=upper,
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
        standardize=standardize,
        family=family,
        penalty=penalty,
        feature_names=feature_names,
        **options,
    )
    found = fit_path(
        problem,
        lams,
        n_lams=n_lams,
        lam_min_ratio=lam_min_ratio,
        tol=tol,
        max_iter=max_iter,
        threads=threads,
        early_stop=early_stop,
        warn=True,
    )
    return found.with_problem(problem)
