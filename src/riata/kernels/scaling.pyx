# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""From means and variances of columns to the canonical scale (see riata.solve.scaling), column after column.

Numbers of extreme size overflow to infinity without a word: whoever calls looks for it.
"""

from libc.math cimport sqrt, INFINITY


def merge(const double[:, :] mean, const double[:, :] m2, const double[::1] total, Py_ssize_t without,
          double[::1] centre, double[::1] var):
    """Mean and mean square deviation over several groups of rows, all but ``without`` (-1: all); returns their weight.

    Chan, Golub & LeVeque: centre = sum w_g mean_g / w,  var = (sum m2_g + w_g (mean_g - centre)^2) / w, a sum of
    positive terms.
    """
    cdef Py_ssize_t g, j, n_groups = mean.shape[0], p = mean.shape[1]
    cdef double weight = 0.0, share, off
    for g in range(n_groups):
        if g != without:
            weight += total[g]
    for j in range(p):
        centre[j] = var[j] = 0.0
    for g in range(n_groups):
        if g == without:
            continue
        share = total[g] / weight
        for j in range(p):
            centre[j] += share * mean[g, j]
            var[j] += m2[g, j]
    for j in range(p):
        var[j] /= weight
    for g in range(n_groups):
        if g == without:
            continue
        share = total[g] / weight
        for j in range(p):
            off = mean[g, j] - centre[j]
            var[j] += share * (off * off)
    return weight


def deviations(const double[::1] mean, const double[::1] var, const double[::1] whole, double share, double[::1] sd):
    """Roots of the variances into sd; returns the columns that have to be looked at row by row.

    Those are nearly constant, with a variance below this share of their squared mean or of ``whole``, their variance on
    all rows, or of extreme size. What is zero throughout is as it is.
    """
    cdef Py_ssize_t j
    cdef double least
    cdef list suspect = []
    for j in range(sd.shape[0]):
        sd[j] = sqrt(var[j])
        least = mean[j] * mean[j]
        if whole[j] > least:
            least = whole[j]
        if (var[j] <= share * least or var[j] < 1e-280 or not var[j] < 1e290) and (var[j] != 0.0 or mean[j] != 0.0):
            suspect.append(j)
    return suspect


def canonical(const double[::1] sd, const double[::1] factor, const double[::1] lower, const double[::1] upper,
              double l1_ratio, bint standardize, double sigma, double[::1] norm, unsigned char[::1] excluded,
              double[::1] a, double[::1] b, double[::1] lo, double[::1] up):
    """What is excluded, the weights of both penalties and the bounds; a norm of 0 becomes 1. Returns whether any bound
    is finite.
    """
    cdef Py_ssize_t j
    cdef bint bounded = False
    cdef double unit, v
    for j in range(norm.shape[0]):
        excluded[j] = norm[j] == 0.0 or factor[j] == INFINITY or (standardize and sd[j] == 0.0)
        if not norm[j] > 0.0:
            norm[j] = 1.0
        unit = sd[j] / norm[j] if standardize else 1.0 / norm[j]
        v = 0.0 if excluded[j] else factor[j]
        a[j] = INFINITY if excluded[j] else l1_ratio * v * unit
        b[j] = 0.0 if v == 0.0 else (1.0 - l1_ratio) * (v * unit) * unit   # infinite: a coefficient of 0
        lo[j], up[j] = lower[j] * norm[j] / sigma, upper[j] * norm[j] / sigma
        bounded |= lower[j] > -INFINITY or upper[j] < INFINITY
    return bounded
