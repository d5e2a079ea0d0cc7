# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""From means and variances of columns to the canonical scale (see riata.solve.scaling), column after column.

Numbers of extreme size overflow to infinity without a word: whoever calls looks for it.
"""

from libc.math cimport fabs, hypot, sqrt, INFINITY

include "units.pxi"


def merge(const double[:, :] mean, const double[:, :] m2, const double[::1] total, Py_ssize_t without,
          const double[::1] whole, double share, double[:, ::1] out):
    """Means and deviations over several groups of rows, all but ``without`` (-1: all): (their weight, suspects).

    They and the roots of the variances are the first rows of ``out``; see merge_groups.
    """
    cdef list suspects = []
    cdef double weight = merge_groups(mean, m2, total, without, whole, share, out, suspects)
    return weight, suspects


def sure_norm(double centre, double square, double whole, double least, double share, bint centred):
    """Root mean square deviation of a target from its sums, or -1 where they lack digits; see norm_if_sure."""
    return norm_if_sure(centre, square, whole, least, share, centred)


def bounded(const double[::1] lower, const double[::1] upper):
    """Whether any bound is finite."""
    cdef Py_ssize_t j
    for j in range(lower.shape[0]):
        if lower[j] > -INFINITY or upper[j] < INFINITY:
            return True
    return False


def canonical(double[:, ::1] block, const double[::1] factor, double l1_ratio, bint standardize, bint centred,
              unsigned char[::1] excluded):
    """From means and deviations in rows 0 and 2 of ``block`` to norms and the weights of the penalties; see to_units."""
    to_units(block, factor, l1_ratio, standardize, centred, excluded)


def box(const double[::1] lower, const double[::1] upper, const double[::1] norm, double sigma, double[::1] lo,
        double[::1] up):
    """Bounds on the canonical scale."""
    cdef Py_ssize_t j
    for j in range(norm.shape[0]):
        lo[j], up[j] = lower[j] * norm[j] / sigma, upper[j] * norm[j] / sigma


def unscale(const double[:, :] u, const Py_ssize_t[::1] active, const double[::1] norm, const double[::1] mean,
            const double[::1] lower, const double[::1] upper, double sigma, double[:, ::1] coef, double[::1] level,
            double[::1] gap, const double[::1] length, double rounding):
    """w = u sigma/d inside the caller's bounds, and from the levels of the predictor m'w is taken away.

    Rows of coef belong to the ``active`` features, those of u to these or to all. Un-scaling may miss a bound by the
    last bit; without bounds both are None. The rounding in the sums behind a gap grows with the terms that cancel in
    them: rounding (1 + length).
    """
    cdef Py_ssize_t i, j, k, row, L = level.shape[0]
    cdef double scale, m
    for i in range(active.shape[0]):
        j = active[i]
        row = i if u.shape[0] == active.shape[0] else j     # the same where all are active
        scale, m = sigma / norm[j], mean[j]
        for k in range(L):
            coef[i, k] = u[row, k] * scale
        if lower is not None:
            for k in range(L):
                coef[i, k] = min(max(coef[i, k], lower[j]), upper[j])
        if m != 0.0:
            for k in range(L):
                level[k] -= m * coef[i, k]
    for k in range(L):
        gap[k] += rounding * (1.0 + length[k])


def ever(const double[:, :] U, Py_ssize_t[::1] rows):
    """The rows with a number that is not zero, in order; their count."""
    cdef Py_ssize_t i, k, count = 0
    for i in range(U.shape[0]):
        for k in range(U.shape[1] - 1, -1, -1):
            if U[i, k] != 0.0:
                rows[count] = i
                count += 1
                break
    return count
