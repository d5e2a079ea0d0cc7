"""riata."""

import riata

NAME = "riata"


def versions():
    """What the results file says about the versions."""
    return f"riata {riata.__version__}"


def path(X, y, lams, tol):
    """Coefficients (n_features, n_lams) along decreasing `lams`; the columns of X and y are centred."""
    return riata.path(X, y, lams=lams, tol=tol, standardize=False).coef


def cv(X, y, lams, splits, tol, threads):
    """A fitted cross-validation over `lams` with the (train, test) pairs of `splits`."""
    return riata.LassoCV(alphas=lams, cv=splits, tol=tol, n_jobs=threads).fit(X, y)
