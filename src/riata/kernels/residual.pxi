# The residual of one lane. Included by gram.pyx.

cdef class Residual:
    """The residual of one lane, from its coefficients on gathered columns; nothing is carried from call to call.

    ``full`` is e = y - Z(ratio u) on all rows with the intercept refitted, ``train`` the same with held-out rows zeroed
    and divided by the root of the training share; ``square`` is |train|^2.
    """

    cdef double[::1, :] Z
    cdef double[::1] target, root
    cdef readonly double[::1] full, train
    cdef Py_ssize_t first, last
    cdef int centred
    cdef double share
    cdef readonly double square

    def __init__(self, double[::1] target, double[::1] root, Py_ssize_t first, Py_ssize_t last, int centred,
                 double share):
        self.target, self.root, self.first, self.last = target, root, first, last
        self.centred, self.share, self.square = centred, share, 0.0
        self.full = np.empty(target.shape[0])
        self.train = np.empty(target.shape[0])
        self.renew(0, NULL, None, NULL)

    def columns(self, double[::1, :] Z):
        """The gathered columns, wherever they are now."""
        self.Z = Z

    cdef void renew(self, int m, double* u, Py_ssize_t[::1] at, double* ratio) noexcept nogil:
        """Take the residual at u: coefficients of the gathered columns ``at``, on the scale ``ratio`` times theirs."""
        cdef int n = <int> self.target.shape[0], i, j, one = 1
        cdef double scale, b = 0.0
        memcpy(&self.full[0], &self.target[0], n * sizeof(double))
        for j in range(m):
            if u[j] != 0.0:
                scale = -u[j] * ratio[j]
                daxpy(&n, &scale, &self.Z[0, at[j]], &one, &self.full[0], &one)
        if self.centred:
            for i in range(n):
                if i < self.first or i >= self.last:
                    b += self.root[i] * self.full[i]
            b /= self.share
        scale = 1.0 / sqrt(self.share)
        self.square = 0.0
        for i in range(n):
            self.full[i] -= b * self.root[i]
            self.train[i] = 0.0 if self.first <= i < self.last else scale * self.full[i]
            self.square += self.train[i] * self.train[i]

    cdef void correlate(self, int start, int stop, Py_ssize_t[::1] at, double* ratio, double* out) noexcept nogil:
        """Correlations of part of the working set, into out[start:stop]."""
        cdef int n = <int> self.target.shape[0], j, one = 1
        cdef double scale = 1.0 / sqrt(self.share)
        for j in range(start, stop):
            out[j] = scale * ratio[j] * ddot(&n, &self.Z[0, at[j]], &one, &self.train[0], &one)
