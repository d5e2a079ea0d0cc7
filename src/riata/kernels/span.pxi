# The span bound: what past passes over X already prove about a new residual. Included by gram.pyx.
#
# Keep residuals e₁…e_K whose correlations ζ'e_k are known for every column. For a new e, with Q a basis of their span,
#
#     ζⱼ'e = (ζⱼ'Q) a + ζⱼ'e⊥,   a = Q'e,   |ζⱼ'e⊥| ≤ ‖ζⱼ‖ ‖e⊥‖ = ‖e⊥‖,   e⊥ = e − Q a
#
# because columns have unit norm. Residuals move smoothly along a path, so ‖e⊥‖ is tiny and a product with a K×p table,
# without a pass over X, proves nearly every column inactive.

cdef extern from "proof.h" nogil:
    void rotate_table(long p, float* t0, float* t1, float* t2, const float* fresh, const double* m)
    void to_table(long p, const double* c0, const double* c1, const double* c2, const double* s, float* t0, float* t1,
                  float* t2)

cdef enum:
    # The newest residual and how it moved since the one before prove nearly all that more of them would: on four wide
    # sets one leaves 4 to 9 % of the columns open, two leave 1.9 to 3.4 %, four 1.9 to 3.2 %.
    KEPT = 3
    LOWER = 6        # entries of a triangle of that size
    MORE = 4         # KEPT + 1
    WHOLE = 12       # KEPT · MORE
# Directions that are this much shorter than the residual are left out: they would only amplify rounding.
cdef double SHORT = 1e-6
# Rounding in the bound, relative to the residual: single-precision entries, products and sums over KEPT columns of
# norm at most one (some 6 · 6e-8), and eps / SHORT. The table is what a proof reads: half the bytes are half the time.
cdef double SLACK = 1e-6


cdef class Span:
    """The newest residuals (n,) with their correlations (p,), as an orthonormal basis and its table."""

    cdef readonly int size           # rows of the basis; those of the table beyond are 0
    cdef int known, newest           # residuals held, and the place of the newest; older ones follow, all in a ring
    cdef double[:, ::1] residuals, correlations
    cdef readonly double[:, ::1] basis
    cdef readonly float[:, ::1] table
    cdef double[KEPT] error          # how far off a row of the table may be, in any column
    cdef double[KEPT] b              # coordinates of the residual last projected, what is left of it, and its length
    cdef double[::1] rest
    cdef double length

    def __init__(self, Py_ssize_t n, Py_ssize_t p):
        cdef int k
        for k in range(KEPT):
            self.error[k] = 0.0
        self.rest = np.empty(n)
        self.size, self.known, self.newest = 0, 0, 0
        self.residuals, self.correlations = None, None
        self.basis, self.table = np.zeros((0, n)), np.zeros((0, p), np.float32)

    cdef int add(self, double[::1] residual, double[::1] correlation) except -1:
        """Learn a residual and its exact correlations with every column."""
        cdef Py_ssize_t n = residual.shape[0], p = correlation.shape[0]
        if self.residuals is None:
            self.residuals, self.correlations = np.empty((KEPT, n)), np.empty((KEPT, p))
            self.basis, self.table = np.empty((KEPT, n)), np.empty((KEPT, p), np.float32)
        with nogil:
            self.known = min(self.known + 1, KEPT)
            self.newest = (self.newest + KEPT - 1) % KEPT
            memcpy(&self.residuals[self.newest, 0], &residual[0], n * sizeof(double))
            memcpy(&self.correlations[self.newest, 0], &correlation[0], p * sizeof(double))
            self.orthogonalise()
        return 0

    cdef void orthogonalise(self) noexcept nogil:
        """Gram and Schmidt, twice each, on the newest residual and on how the older ones differ from it.

        Close residuals keep their digits in the differences. The table is the same combinations of correlations.
        """
        cdef int k, i, twice, n = <int> self.residuals.shape[1], one = 1, at
        cdef double whole = 0.0, norm, minus
        cdef double[LOWER] s   # by rows of the basis: what lies along those before, and the length
        cdef double* row
        cdef double* q
        cdef double* first = &self.residuals[self.newest, 0]
        cdef double* c[KEPT]
        self.size, row = 0, s
        for k in range(self.known):
            at, q = (self.newest + k) % KEPT, &self.basis[self.size, 0]
            for i in range(n):
                q[i] = self.residuals[at, i] - (first[i] if k > 0 else 0.0)
            for i in range(self.size):
                row[i] = 0.0
            for twice in range(2):
                for i in range(self.size):
                    minus = -ddot(&n, q, &one, &self.basis[i, 0], &one)
                    daxpy(&n, &minus, &self.basis[i, 0], &one, q, &one)
                    row[i] -= minus
            norm = sqrt(ddot(&n, q, &one, q, &one))
            whole = norm if k == 0 else whole
            if norm == 0.0 or norm <= SHORT * whole:
                if k == 0:
                    self.known = 0      # nothing to correlate with: start anew
                    return
                continue
            for i in range(n):
                q[i] /= norm
            row[self.size], c[self.size], self.error[self.size] = norm, &self.correlations[at, 0], 0.0
            self.size += 1
            row += self.size
        for k in range(self.size, KEPT):
            for i in range(k):
                row[i] = 0.0
            row[k], c[k] = 1.0, c[0]
            row += k + 1
        to_table(self.correlations.shape[1], c[0], c[1], c[2], s, &self.table[0, 0], &self.table[1, 0],
                 &self.table[2, 0])

    cdef float project(self, double[::1] residual, float* a) noexcept nogil:
        """Coordinates of a residual on the basis; returns how far off any correlation computed from them may be."""
        cdef int n = <int> residual.shape[0], one = 1, k
        cdef Py_ssize_t i
        cdef double y, rest = 0.0, whole = 0.0, known = 0.0
        for k in range(KEPT):
            self.b[k] = ddot(&n, &self.basis[k, 0], &one, &residual[0], &one) if k < self.size else 0.0
            a[k] = <float> self.b[k]
            known += fabs(self.b[k]) * self.error[k]
        for i in range(n):
            y = residual[i]
            whole += y * y
            for k in range(self.size):
                y -= self.b[k] * self.basis[k, i]
            self.rest[i] = y
            rest += y * y
        self.length = sqrt(rest)
        return <float> (self.length + known + SLACK * sqrt(whole))

    cdef double extend(self, const float* fresh, double error) noexcept nogil:
        """Learn the residual last projected, of whose `rest` the correlations are known within ``error`` of its length.

        The basis turns: its first vector is the residual now, the next ones are what was first and second before.
        Returns how far off the first row of the table may be.
        """
        cdef double[WHOLE] m      # rows of the new basis in terms of the old one and the rest
        cdef double[MORE] was
        cdef double[KEPT] turned
        cdef int k, i, size = 0
        cdef Py_ssize_t j
        cdef double norm, dot
        cdef double* row
        was[0] = was[1] = was[2] = 0.0
        for k in range(self.size):
            was[k] = self.error[k]
        was[KEPT] = error
        memset(m, 0, WHOLE * sizeof(double))
        for k in range(-1, self.size):
            if size == KEPT:
                break
            row = m + size * MORE
            for i in range(KEPT):
                row[i] = (self.b[i] if k < 0 else 1.0 if k == i else 0.0)
            row[KEPT] = self.length if k < 0 else 0.0
            norm = 0.0
            for i in range(MORE):
                norm += row[i] * row[i]
            dot = sqrt(norm)
            for i in range(MORE):
                row[i] /= dot
            norm = self.less(m, size)
            if norm <= SHORT:
                continue
            self.less(m, size)          # twice, as everywhere
            self.error[size] = SLACK
            for i in range(MORE):
                self.error[size] += fabs(row[i]) * was[i]
            size += 1
        for i in range(size * MORE, WHOLE):
            m[i] = 0.0
        for j in range(self.rest.shape[0]):
            for k in range(size):
                dot = m[k * MORE + KEPT] * self.rest[j] / self.length
                for i in range(self.size):
                    dot += m[k * MORE + i] * self.basis[i, j]
                turned[k] = dot
            for k in range(size):
                self.basis[k, j] = turned[k]
        self.size = size
        rotate_table(self.table.shape[1], &self.table[0, 0], &self.table[1, 0], &self.table[2, 0], fresh, m)
        return self.error[0]

    cdef double less(self, double* m, int k) noexcept nogil:
        """Row k of ``m`` less what lies along the rows before, on unit length; returns the length that was left."""
        cdef int i, j
        cdef double dot, norm = 0.0
        cdef double* row = m + k * MORE
        for j in range(k):
            dot = 0.0
            for i in range(MORE):
                dot += row[i] * m[j * MORE + i]
            for i in range(MORE):
                row[i] -= dot * m[j * MORE + i]
        for i in range(MORE):
            norm += row[i] * row[i]
        norm = sqrt(norm)
        for i in range(MORE):
            row[i] /= norm if norm > 0.0 else 1.0
        return norm
