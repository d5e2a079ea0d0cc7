# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Loops over the columns of a CSC matrix that is centred and scaled lazily.

Column j stands for z_j = (x_j − mean_j 1) / norm_j. Residuals are kept as ρ + κ·1 with ρ touched only at stored
entries, so that centring costs one number and not n (Friedman, Hastie & Tibshirani 2010, section 2.6).
"""

from libc.stdlib cimport calloc, free

ctypedef fused index_t:
    int
    long long


def group_moments(const double[::1] data, const index_t[::1] indices, const index_t[::1] indptr,
                  double[::1] weights, Py_ssize_t[::1] groups, double[::1] total, double[:, ::1] mean,
                  double[:, ::1] m2):
    """Weighted mean and centred sum of squares of every column within each group of rows; zeros count.

    m2 = Σ_stored s (x − mean)² + (Σ s − Σ_stored s) mean²: only positive terms, so nothing cancels.
    """
    cdef Py_ssize_t p = indptr.shape[0] - 1, F = total.shape[0], j, g
    cdef index_t t
    cdef double x, s
    cdef double* stored
    with nogil:
        stored = <double*> calloc(F + 1, sizeof(double))
        for j in range(p):
            for g in range(F):
                stored[g] = 0.0
            for t in range(indptr[j], indptr[j + 1]):
                g = groups[indices[t]]
                s = weights[indices[t]]
                stored[g] += s
                mean[g, j] += s * data[t]
            for g in range(F):
                if total[g] > 0.0:
                    mean[g, j] /= total[g]
                x = total[g] - stored[g]
                if x > 1e-15 * total[g]:
                    m2[g, j] = x * mean[g, j] * mean[g, j]
            for t in range(indptr[j], indptr[j + 1]):
                g = groups[indices[t]]
                x = data[t] - mean[g, j]
                m2[g, j] += weights[indices[t]] * x * x
        free(stored)


def gather(const double[::1] data, const index_t[::1] indices, const index_t[::1] indptr, const Py_ssize_t[::1] cols,
           double[::1, :] out):
    """out[:, i] ← column cols[i], where ``out`` is zero."""
    cdef Py_ssize_t i
    cdef index_t t
    with nogil:
        for i in range(cols.shape[0]):
            for t in range(indptr[cols[i]], indptr[cols[i] + 1]):
                out[indices[t], i] = data[t]


def correlate(const double[::1] data, const index_t[::1] indices, const index_t[::1] indptr, Py_ssize_t[::1] cols,
              double[::1] mean, double[::1] norm, double[::1] sr, double total, double[::1] out):
    """out_i = z_jᵀ(sr) for j = cols[i], where ``sr`` is the weighted residual and ``total`` its sum."""
    cdef Py_ssize_t i, j
    cdef index_t t
    cdef double dot
    with nogil:
        for i in range(cols.shape[0]):
            j = cols[i]
            dot = 0.0
            for t in range(indptr[j], indptr[j + 1]):
                dot += data[t] * sr[indices[t]]
            out[i] = (dot - mean[j] * total) / norm[j]


def combine(const double[::1] data, const index_t[::1] indices, const index_t[::1] indptr, Py_ssize_t[::1] cols,
            double[::1] mean, double[::1] norm, double[::1] coef, double[::1] out):
    """out ← out − Σ z_j coef_i on stored entries; returns κ, the number to add to every entry of out."""
    cdef Py_ssize_t i, j
    cdef index_t t
    cdef double a, kappa = 0.0
    with nogil:
        for i in range(cols.shape[0]):
            if coef[i] != 0.0:
                j = cols[i]
                a = coef[i] / norm[j]
                kappa += a * mean[j]
                for t in range(indptr[j], indptr[j + 1]):
                    out[indices[t]] -= a * data[t]
    return kappa


def take(const double[::1] data, const index_t[::1] indices, const index_t[::1] indptr, Py_ssize_t[::1] cols,
         double[::1] out_data, index_t[::1] out_indices, index_t[::1] out_indptr):
    """Copy columns side by side; ``out_indptr`` is made on the way."""
    cdef Py_ssize_t i, j
    cdef index_t t, at = 0
    with nogil:
        out_indptr[0] = 0
        for i in range(cols.shape[0]):
            j = cols[i]
            for t in range(indptr[j], indptr[j + 1]):
                out_data[at] = data[t]
                out_indices[at] = indices[t]
                at += 1
            out_indptr[i + 1] = at


def gram(const float[::1] data, const index_t[::1] indices, const index_t[::1] indptr, const float[::1] row_data,
         const index_t[::1] row_indices, const index_t[::1] row_indptr, const float[::1] mean, float[::1, :] out):
    """Lower triangle of X'X − mean mean' from X by columns and by rows: Σ (entries in a row)² / 2 terms.

    Column j is made at once, from the rows in which j has an entry (Gustavson 1978); it stays in cache.
    """
    cdef Py_ssize_t m = indptr.shape[0] - 1, j, k
    cdef index_t t, q, i
    cdef float a
    with nogil:
        for j in range(m):
            for k in range(j, m):
                out[k, j] = -mean[j] * mean[k]
            for t in range(indptr[j], indptr[j + 1]):
                i = indices[t]
                a = data[t]
                q = row_indptr[i + 1] - 1
                while q >= row_indptr[i] and row_indices[q] >= j:
                    out[row_indices[q], j] += a * row_data[q]
                    q -= 1


def descend(const double[::1] data, const index_t[::1] indices, const index_t[::1] indptr, Py_ssize_t[::1] cols,
            double[::1] mean, double[::1] norm, double[::1] s, double[::1] rho, double kappa, double[::1] u,
            double[::1] l1, double[::1] l2, double[::1] lo, double[::1] up, double small, int epochs):
    """Coordinate-descent epochs on the residual r = ρ + κ over ``cols``; stops when every change δ² is ≤ small.

    Columns have unit weighted norm and, with an intercept, weighted mean zero, so that Σ s r stays what it is; without
    one ``mean`` is zero. u, l1, l2, lo, up follow ``cols``. Returns (κ, epochs done, last largest δ²).
    """
    cdef Py_ssize_t i, j
    cdef index_t t
    cdef int epoch = 0
    cdef double dot, old, new, z, delta, top = 0.0, total = 0.0, a
    with nogil:
        for i in range(rho.shape[0]):
            total += s[i] * (rho[i] + kappa)
        while epoch < epochs:
            top = 0.0
            for i in range(cols.shape[0]):
                j = cols[i]
                dot = 0.0
                for t in range(indptr[j], indptr[j + 1]):
                    dot += data[t] * s[indices[t]] * rho[indices[t]]
                # z_jᵀ s(ρ + κ) = [x_jᵀsρ + κ Σs x_j − mean_j Σ s r] / norm_j ;  Σs x_j = mean_j (Σs = 1)
                old = u[i]
                z = (dot + kappa * mean[j] - mean[j] * total) / norm[j] + old
                new = z - l1[i] if z > l1[i] else (z + l1[i] if z < -l1[i] else 0.0)
                new = new / (1.0 + l2[i])
                new = lo[i] if new < lo[i] else (up[i] if new > up[i] else new)
                delta = new - old
                if delta != 0.0:
                    u[i] = new
                    a = delta / norm[j]
                    kappa += a * mean[j]
                    for t in range(indptr[j], indptr[j + 1]):
                        rho[indices[t]] -= a * data[t]
                    if delta * delta > top:
                        top = delta * delta
            epoch += 1
            if top <= small:
                break
    return kappa, epoch, top
