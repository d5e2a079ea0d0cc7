# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A few columns of a gathered, column-major array: combinations and correlations without copying them together."""

from scipy.linalg.cython_blas cimport daxpy, ddot


def combine(double[::1, :] Z, Py_ssize_t[::1] cols, double[::1] coef, double[::1] out):
    """out ← out − Z[:, cols] coef, skipping zeros."""
    cdef int n = <int> Z.shape[0], one = 1
    cdef Py_ssize_t i
    cdef double minus
    if n == 0:
        return
    with nogil:
        for i in range(cols.shape[0]):
            if coef[i] != 0.0:
                minus = -coef[i]
                daxpy(&n, &minus, &Z[0, cols[i]], &one, &out[0], &one)


def correlate(double[::1, :] Z, Py_ssize_t[::1] cols, double[::1] r, double[::1] out):
    """out ← Z[:, cols]ᵀ r."""
    cdef int n = <int> Z.shape[0], one = 1
    cdef Py_ssize_t i
    with nogil:
        for i in range(cols.shape[0]):
            out[i] = ddot(&n, &Z[0, cols[i]], &one, &r[0], &one) if n else 0.0
