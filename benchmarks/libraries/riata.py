"""riata: its path function, LassoCV, and the cross-validation behind `riata.select` for the other families."""

import numpy as np

import riata
from riata.path import make_problem
from riata.select.cv import cross_validate

NAME = "riata"
ENVIRONMENT = ""
REQUIRES: list[str] = []
START = 6
LOOSEST = 6  # its tol is a bound on gap_rel itself
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}
FAMILIES = {
    "binomial": {"sparse", "intercept", "cv"},
    "multinomial": {"sparse", "intercept", "cv"},
    "poisson": {"sparse", "intercept", "cv"},
    "cox": {"sparse", "cv"},
    "multigaussian": {"sparse", "intercept", "cv"},
    "group": {"sparse", "intercept", "cv"},
}


def default(work):
    return 1e-8


def versions():
    return f"riata {riata.__version__}"


def minimised(work):
    """The options that say what is minimised."""
    options = {"fit_intercept": work.intercept, "standardize": False, "l1_ratio": work.l1_ratio}
    options |= {"sample_weight": work.weights}
    if work.family == "group":
        return options | {"penalty": "group", "groups": work.groups}
    return options | {"family": work.family} | ({"penalty": "group"} if work.family == "multigaussian" else {})


def path(work, tol):
    return riata.path(work.X, work.y, lams=work.lams, tol=tol, threads=work.threads, **minimised(work))


def coefficients(result):
    return result.coef, result.intercept


def passes(result):
    """Passes over X, full and partial."""
    stats = result.stats
    return stats["full_passes"] + stats["partial_passes"] if "partial_passes" in stats else ""


def cv(work, tol):
    if work.family != "gaussian":
        problem = make_problem(work.X, work.y, **minimised(work))
        found = cross_validate(problem, work.lams, foldid=work.folds[None], tol=tol, threads=work.threads)
        return np.ravel(found.path.at(found.path.lams[found.index("min")])[0])
    model = riata.LassoCV(
        alphas=work.lams, cv=work.splits, tol=tol, n_jobs=work.threads, fit_intercept=work.intercept, copy_X=False
    )
    return model.fit(work.X, work.y).coef_


def single(work, tol):
    return riata.Lasso(alpha=work.lams[0], tol=tol, fit_intercept=work.intercept).fit(work.X, work.y).coef_
