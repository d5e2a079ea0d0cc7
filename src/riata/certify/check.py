"""The one question asked of every solution, whatever its loss and penalty: how far from the minimum is it, provably?"""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.certify import gaussian, smooth, stationary
from riata.certify.gaussian import Certificate
from riata.core.errors import InvalidOption

Array = np.ndarray


def certify_many(problem: Any, coef: Array, intercept: Array, lams: Array) -> list[Certificate]:
    """``certify`` for several solutions of one problem, for the price of about two passes over X.

    Parameters
    ----------
    problem : riata.core.problem.Problem
    coef : (n_features, L), with K outputs (n_features, K, L); intercept : (L,) or (K, L); lams : (L,)
    """
    penalty = getattr(problem, "penalty", None)
    if penalty is not None and not penalty.convex:
        return stationary.certify_many(problem, coef, intercept, lams)
    if penalty is not None:
        raise InvalidOption(
            f"The factors of penalty {penalty.name!r} are learnt from the rows.", got="a problem without them",
            hint="certify(riata.path.learnt(problem), ...).",
        )  # fmt: skip
    chosen = gaussian if problem.loss is None and problem.groups is None else smooth
    return chosen.certify_many(problem, coef, intercept, lams)


def certify(problem: Any, coef: Array, intercept: Any, lam: float) -> Certificate:
    """Independent proof of how good (coef, intercept) is at λ = ``lam``.

        minimise over (b, w)  F(o + b + Xw) + lam sum_j v_j (l1_ratio |t_j w_j| + ½(1 - l1_ratio)(t_j w_j)²)

    with F the loss of the problem: (1/S) sum_i s_i ½(y_i - eta_i)² where it has none. The linear predictor, a dual
    feasible point, the duality gap and the stationarity residual are recomputed in float64 with plain NumPy and
    SciPy: no kernel, nothing a solver left behind. Under a concave penalty there is the stationarity residual alone.

    Parameters
    ----------
    problem : riata.core.problem.Problem
    coef : (n_features,), or (n_features, K) for K outputs, on the caller's scale
    intercept : float, or (K,); lam : float, >= 0, finite

    Returns
    -------
    Certificate

    Examples
    --------
    >>> import numpy as np
    >>> from riata.path import make_problem
    >>> problem = make_problem(np.array([[1.0], [-1.0]]), np.array([2.0, -2.0]), standardize=False)
    >>> certify(problem, np.array([1.5]), 0.0, 0.5).gap_rel
    0.0
    >>> certify(problem, np.array([1.0]), 0.0, 0.5).gap_rel
    0.0625

    References
    ----------
    DESIGN, section 5; the algebra is in ``riata.certify.dual`` and ``riata.certify.candidate``.
    """
    coef = np.asarray(coef, dtype=np.float64)
    return certify_many(problem, coef[..., None], np.asarray(intercept, np.float64)[..., None], np.array([lam]))[0]
