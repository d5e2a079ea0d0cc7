"""scikit-learn's coordinate descent."""

import sklearn
from sklearn.linear_model import LassoCV, lasso_path

NAME = "scikit-learn"
SWEEPS = 1_000_000  # never the limit that stops it: `tol` is


def versions():
    """What the results file says about the versions."""
    return f"scikit-learn {sklearn.__version__}"


def path(X, y, lams, tol):
    """Coefficients (n_features, n_lams) along decreasing `lams`; the columns of X and y are centred."""
    return lasso_path(X, y, alphas=lams, tol=tol, max_iter=SWEEPS)[1]


def cv(X, y, lams, splits, tol, threads):
    """A fitted cross-validation over `lams` with the (train, test) pairs of `splits`."""
    return LassoCV(alphas=lams, cv=splits, tol=tol, n_jobs=threads, max_iter=SWEEPS).fit(X, y)
