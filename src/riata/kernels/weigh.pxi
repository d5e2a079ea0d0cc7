# Descent under weights that change from step to step, as a Newton step wants it. Included by descent.pyx.

def weigh(Descent it, const double[::1] data, const index_t[::1] indices, const index_t[::1] indptr,
          Py_ssize_t[::1] cols, double[::1] size, Py_ssize_t total):
    """Copy raw columns under the present ``it.root``, each scaled to unit norm about its mean under these weights.

    ``size`` gets the norms that they had. Σ root² = 1.
    """
    cdef Py_ssize_t i, j
    cdef index_t t
    cdef int at = 0, first
    cdef double x, h, mean, inside, norm
    it.make_room(<int> cols.shape[0], total)
    it.indptr[0] = 0
    with nogil:
        for i in range(it.m):
            j = cols[i]
            first, mean, inside, norm = at, 0.0, 0.0, 0.0
            for t in range(indptr[j], indptr[j + 1]):
                h = it.root[indices[t]]
                if h != 0.0:
                    it.data[at] = data[t] * h
                    it.indices[at] = <int> indices[t]
                    mean += it.data[at] * h
                    inside += h * h
                    at += 1
            if not it.centred:
                mean = 0.0
            # Σ root² (x − mean)²: the entries, and the zeros between them; only positive terms, so nothing cancels
            for first in range(first, at):
                x = it.data[first] - mean * it.root[it.indices[first]]
                norm += x * x
            norm = sqrt(norm + max(1.0 - inside, 0.0) * mean * mean)
            size[i] = norm if norm > 0.0 else 1.0
            it.nu[i] = mean / size[i]
            for first in range(it.indptr[i], at):
                it.data[first] /= size[i]
            it.indptr[i + 1] = at


def project_off(Descent it, Py_ssize_t[::1] which, double[::1] g, double[::1] out):
    """out_j = z_j'v of every column, v the projection onto the listed ones of what has correlations g there; ‖v‖²."""
    cdef int i, j, count = <int> which.shape[0]
    cdef double lost = 0.0
    it.hand_out()
    for i in range(count):
        it.A[i] = <int> which[i]
        it.g[i], it.best[i] = g[i], 0.0
    it.conjugate_gradients(it.A, count, it.g, it.best, 1e-15, CG_STEPS)
    for i in range(it.n):
        lost += it.v[i] * it.v[i]
    for j in range(it.m):
        out[j] = it.dot(j, it.v)
    return lost
