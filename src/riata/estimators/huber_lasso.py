"""Numbers with outliers, at one alpha."""

from __future__ import annotations

from typing import Any

from riata.estimators.one_alpha import RULES, OneAlpha
from riata.estimators.robust import DELTA, RobustModel


class HuberLasso(OneAlpha, RobustModel):
    """Linear regression with Huber's loss and an L1 penalty: outliers in y count by their size, not its square.

        minimise over (b, w)   (1/S) Σᵢ sᵢ h(yᵢ − b − xᵢᵀw)
                               + alpha Σⱼ vⱼ ( l1_ratio |tⱼwⱼ| + ½(1 − l1_ratio)(tⱼwⱼ)² ),    S = Σ sᵢ
        h(r) = ½r² for |r| ≤ delta, else delta (|r| − ½delta)

    with sᵢ = `sample_weight`, vⱼ = `penalty_factor` and tⱼ the standard deviation of column j (1, if not
    `standardize`).

    Parameters
    ----------
    alpha : float >= 0, default=0.01
        Strength of the penalty. In units of y: from delta on every coefficient is 0.
    l1_ratio : float in [0, 1], default=1.0
        1 is the lasso, 0 is ridge.
    fit_intercept : bool, default=True
        Whether b is fitted; it is never penalised.
    standardize : bool, default=True
        Penalise the coefficient of each column as if it had unit variance; `coef_` stays in the units of X.
        Columns that do not vary get coefficient 0.
    penalty_factor : array-like of shape (n_features,), default=None
        Multiplies alpha for each feature, as given: 0 is never penalised, inf is left out.
    lower, upper : float or array-like of shape (n_features,), default=None
        Bounds on `coef_`, lower <= 0 <= upper.
    tol : float > 0, default=1e-8
        Bound on `gap_rel_`, the duality gap over the objective of the model without features.
    threads : int, default=None
        Threads for products with X; None leaves the choice to riata. The answer is the same, bit for bit.
    delta : float > 0, default=None
        Residual, in units of y, beyond which the loss is linear; from the largest residual on it is least squares.
        About 1.35 times the standard deviation of the noise costs 5 % of the precision if the noise is normal. None
        is 1.35 times that of y, by the median of its absolute deviations (times 1.4826), which no outlier moves.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        In units of y per unit of X[:, j].
    intercept_ : float
    delta_ : float
        The delta used.
    gap_rel_ : float
        A proven upper bound on the objective above minus its minimum, over the objective of the model without features.
    n_iter_ : int
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Raises
    ------
    InvalidParameter (ValueError, TypeError) for a parameter, InvalidData (ValueError) for the data.

    Warns
    -----
    FitNotConverged, once, if `tol` is missed; it is riata's NotConverged and scikit-learn's ConvergenceWarning.

    Examples
    --------
    >>> from riata import HuberLasso
    >>> model = HuberLasso(alpha=0.01, delta=0.5).fit([[0.0], [1.0], [2.0], [3.0], [4.0]], [0, 1, 2, 3, 100])
    >>> bool(model.predict([[5.0]])[0] < 6)
    True

    References
    ----------
    Huber, P. J. (1964). Robust estimation of a location parameter. Ann. Math. Statist. 35, 73-101.
    """

    _rules = RULES | DELTA

    def __init__(
        self,
        alpha: float = 0.01,
        l1_ratio: float = 1.0,
        *,
        fit_intercept: bool = True,
        standardize: bool = True,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        tol: float = 1e-8,
        threads: int | None = None,
        delta: float | None = None,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.tol = tol
        self.threads = threads
        self.delta = delta
