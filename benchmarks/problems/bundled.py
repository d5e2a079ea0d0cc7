"""Data that scikit-learn carries along: these run anywhere."""

import sklearn.datasets


def diabetes():
    """442 patients, 10 measurements, disease progression (Efron and others 2004)."""
    return sklearn.datasets.load_diabetes(return_X_y=True)


PROBLEMS = {"diabetes": diabetes}
