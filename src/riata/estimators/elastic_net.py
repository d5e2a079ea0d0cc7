"""The elastic net at one alpha."""

from __future__ import annotations

from typing import Any

from riata.estimators.options import real
from riata.estimators.single import RULES, SingleAlpha


class ElasticNet(SingleAlpha):
    """Linear regression with an L1 and an L2 penalty; a drop-in for scikit-learn's class of that name.

        minimise over (b, w)   1/(2 Σ sᵢ) Σᵢ sᵢ (yᵢ − b − xᵢᵀw)²
                               + alpha Σⱼ vⱼ ( l1_ratio tⱼ |wⱼ| + ½ (1 − l1_ratio) tⱼ² wⱼ² ),     lowerⱼ ≤ wⱼ ≤ upperⱼ

    with sᵢ = `sample_weight` (1 if none), vⱼ = `penalty_factor` (1 if none), tⱼ = 1, or the standard deviation of
    column j if `standardize`. Each column of a two-dimensional y is a problem of its own.

    Parameters
    ----------
    alpha : float >= 0, default=1.0
        Strength of the penalty. 0 is least squares.
    l1_ratio : float in [0, 1], default=0.5
        1 is the lasso, 0 is ridge regression with penalty alpha/2 ||w||². glmnet calls it alpha, and alpha lambda.
    fit_intercept, precompute, copy_X, max_iter, tol, warm_start, positive, random_state, selection
        As in :class:`riata.Lasso`: precompute, copy_X, random_state and selection have no effect, and tol=1e-8 bounds
        the relative duality gap.
    standardize, penalty_factor, lower, upper, threads
        As in :class:`riata.Lasso`; not in scikit-learn.

    Attributes
    ----------
    coef_, intercept_, sparse_coef_, dual_gap_, gap_rel_, n_iter_, n_features_in_, feature_names_in_
        As in :class:`riata.Lasso`.

    Raises
    ------
    InvalidParameter (ValueError, TypeError) for a parameter, InvalidData (ValueError) for the data.

    Warns
    -----
    FitNotConverged, once, if `tol` is missed; it is riata's NotConverged and scikit-learn's ConvergenceWarning.

    Examples
    --------
    >>> from riata import ElasticNet
    >>> model = ElasticNet(alpha=0.5, l1_ratio=0.5).fit([[-1.0], [0.0], [1.0]], [-1.0, 0.0, 1.0])
    >>> print(model.coef_.round(6))
    [0.454545]

    References
    ----------
    Zou, H. and Hastie, T. (2005). Regularization and variable selection via the elastic net.
    J. R. Statist. Soc. B 67, 301-320.
    """

    _rules = {**RULES, "l1_ratio": real(0, 1)}  # noqa: RUF012

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        precompute: Any = False,
        max_iter: int | None = 1000,
        copy_X: bool = True,
        tol: float = 1e-8,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        standardize: bool = False,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.threads = threads
