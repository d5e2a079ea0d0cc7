# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""From means and variances of columns to the canonical scale (see riata.solve.scaling), column after column.

Numbers of extreme size overflow to infinity without a word: whoever calls looks for it.
"""

from libc.math cimport hypot, sqrt, INFINITY


def merge(const double[:, :] mean, const double[:, :] m2, const double[::1] total, Py_ssize_t without,
          const double[::1] whole, double share, double[:, ::1] out):
    """Means and deviations over several groups of rows, all but ``without`` (-1: all): (their weight, suspects).

    Chan, Golub & LeVeque: centre = sum w_g mean_g / w,  var = (sum m2_g + w_g (mean_g - centre)^2) / w, a sum of
    positive terms. They and the roots of var are the first rows of ``out``. Suspects are the columns that have to be
    looked at row by row: those nearly constant, with a variance below this share of their squared mean or of ``whole``,
    their variance on all rows (None: var itself), or of extreme size. What is zero throughout is as it is.
    """
    cdef Py_ssize_t g, j, n_groups = mean.shape[0], p = mean.shape[1]
    cdef double weight = 0.0, part, off, least
    cdef list suspects = []
    cdef double* centre = &out[0, 0]
    cdef double* var = &out[1, 0]
    for g in range(n_groups):
        if g != without:
            weight += total[g]
    for j in range(p):
        centre[j] = var[j] = 0.0
    for g in range(n_groups):
        if g == without:
            continue
        part = total[g] / weight
        for j in range(p):
            centre[j] += part * mean[g, j]
            var[j] += m2[g, j]
    for j in range(p):
        var[j] /= weight
    for g in range(n_groups):
        if g == without:
            continue
        part = total[g] / weight
        for j in range(p):
            off = mean[g, j] - centre[j]
            var[j] += part * (off * off)
    for j in range(p):
        out[2, j] = sqrt(var[j])
        least = centre[j] * centre[j]
        off = var[j] if whole is None else whole[j]
        if off > least:
            least = off
        if (var[j] <= share * least or var[j] < 1e-280 or not var[j] < 1e290) and (var[j] != 0.0 or centre[j] != 0.0):
            suspects.append(j)
    return weight, suspects


def bounded(const double[::1] lower, const double[::1] upper):
    """Whether any bound is finite."""
    cdef Py_ssize_t j
    for j in range(lower.shape[0]):
        if lower[j] > -INFINITY or upper[j] < INFINITY:
            return True
    return False


def canonical(double[:, ::1] block, const double[::1] factor, double l1_ratio, bint standardize, bint centred,
              unsigned char[::1] excluded):
    """From means and deviations in rows 0 and 2 of ``block`` to the norms of the columns in row 3, the weights of the
    L1 and L2 penalties in rows 1 and 4, and what is excluded. A norm of 0 becomes 1; the means, without intercept, 0.
    """
    cdef Py_ssize_t j
    cdef double unit, v, size, sd
    for j in range(factor.shape[0]):
        sd = block[2, j]
        size = sd if centred else hypot(sd, block[0, j])
        excluded[j] = size == 0.0 or factor[j] == INFINITY or (standardize and sd == 0.0)
        size = size if size > 0.0 else 1.0
        unit = sd / size if standardize else 1.0 / size
        v = 0.0 if excluded[j] else factor[j]
        block[3, j] = size
        block[1, j] = INFINITY if excluded[j] else l1_ratio * v * unit
        block[4, j] = 0.0 if v == 0.0 else (1.0 - l1_ratio) * (v * unit) * unit   # infinite: a coefficient of 0
        if not centred:
            block[0, j] = 0.0


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

    Rows of u and coef belong to the ``active`` features. Un-scaling may miss a bound by the last bit; without bounds
    both are None. The rounding in the sums behind a gap grows with the terms that cancel in them: rounding (1 + length).
    """
    cdef Py_ssize_t i, j, k, L = level.shape[0]
    cdef double scale, m
    for i in range(active.shape[0]):
        j = active[i]
        scale, m = sigma / norm[j], mean[j]
        for k in range(L):
            coef[i, k] = u[i, k] * scale
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
