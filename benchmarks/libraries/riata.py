"""riata."""

import riata

NAME = "riata"
ENVIRONMENT = ""
REQUIRES: list[str] = []
START = 6
LOOSEST = 6  # its tol is a bound on gap_rel itself
CAN = {"sparse", "enet", "weights", "intercept", "cv", "single"}


def default(work):
    return 1e-8


def versions():
    return f"riata {riata.__version__}"


def path(work, tol):
    return riata.path(
        work.X,
        work.y,
        lams=work.lams,
        l1_ratio=work.l1_ratio,
        sample_weight=work.weights,
        fit_intercept=work.intercept,
        standardize=False,
        tol=tol,
        threads=work.threads,
    )


def coefficients(result):
    return result.coef, result.intercept


def passes(result):
    """Passes over X, full and partial."""
    return result.stats["full_passes"] + result.stats["partial_passes"]


def cv(work, tol):
    model = riata.LassoCV(
        alphas=work.lams, cv=work.splits, tol=tol, n_jobs=work.threads, fit_intercept=work.intercept, copy_X=False
    )
    return model.fit(work.X, work.y).coef_


def single(work, tol):
    return riata.Lasso(alpha=work.lams[0], tol=tol, fit_intercept=work.intercept).fit(work.X, work.y).coef_
