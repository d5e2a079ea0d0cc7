# Which blocks outside the working set still have to be looked at: the span bound, block by block. Included by blocks.pyx.

def block_lengths(double[:, ::1] c, int[::1] first, int[::1] listed, int by_entry, double[::1] s, double[::1] out):
    """‖soft(c_g, s)‖ (n_blocks,) of correlations c (p, K): rows of features listed[first[g]:first[g+1]], or single
    entries (j, k), whose block is j·K + k. ``s`` (p,) at the present λ; empty where there is none."""
    cdef Py_ssize_t g, a, j, k, K = c.shape[1]
    cdef double x, total
    cdef int nested = s.shape[0] > 0
    with nogil:
        if by_entry:
            for j in range(c.shape[0]):
                for k in range(K):
                    out[j * K + k] = fabs(c[j, k])
        else:
            for g in range(first.shape[0] - 1):
                total = 0.0
                for a in range(first[g], first[g + 1]):
                    j = listed[a]
                    for k in range(K):
                        x = soft(c[j, k], s[j]) if nested else c[j, k]
                        total += x * x
                out[g] = sqrt(total)


cdef class Proof:
    """One span an output, and the blocks' shape."""

    cdef list spans
    cdef int[::1] first, listed
    cdef int by_entry, K
    cdef Py_ssize_t p
    cdef double[::1] size            # ‖ζ_j‖ of every column
    cdef float[:, ::1] near          # predicted correlations, (K, p)
    cdef double[::1] off             # how far off those of a column of norm one may be, by output

    def __init__(self, int n, Py_ssize_t p, int K, int[::1] first, int[::1] listed, int by_entry, double[::1] size):
        self.spans = [Span(n, p) for _ in range(K)]
        self.first, self.listed, self.by_entry, self.K, self.p, self.size = first, listed, by_entry, K, p, size
        self.near, self.off = np.zeros((K, p), np.float32), np.zeros(K)

    cdef learn(self, double[:, ::1] e, double[:, ::1] c):
        """Residuals (K, n) and their exact correlations (K, p)."""
        cdef int k
        for k in range(self.K):
            (<Span> self.spans[k]).add(e[k], c[k])

    cdef int foresee(self, double[:, ::1] e) except -1:
        """Predict all correlations of residuals e (K, n); 0 where nothing is known."""
        cdef float[KEPT] a
        cdef int k, i
        cdef Py_ssize_t j
        cdef Span span
        cdef float* row
        cdef float* table
        cdef float x
        for k in range(self.K):
            span = self.spans[k]
            if span.size == 0:
                return 0
            self.off[k] = span.project(e[k], a)
            row = &self.near[k, 0]
            with nogil:
                memset(row, 0, self.p * sizeof(float))
                for i in range(span.size):
                    table, x = &span.table[i, 0], a[i]
                    for j in range(self.p):
                        row[j] += x * table[j]
        return 1

    cdef double length_in(self, Py_ssize_t g, const double* c, double[::1] s) noexcept nogil:
        """‖soft(c_g, s)‖ in correlations c (K, p); ``s`` (p,) at the present λ, empty where there is none."""
        cdef Py_ssize_t a, j, k, K = self.K
        cdef double x, total = 0.0
        if self.by_entry:
            return fabs(c[(g % K) * self.p + g // K])
        for a in range(self.first[g], self.first[g + 1]):
            j = self.listed[a]
            for k in range(K):
                x = soft(c[k * self.p + j], s[j]) if s.shape[0] else c[k * self.p + j]
                total += x * x
        return sqrt(total)

    cdef int list_beyond(self, double at, double off, double[::1] limit, double[::1] s, Py_ssize_t[::1] out,
                         double[::1] sizes) noexcept nogil:
        """Blocks whose foreseen lengths, made longer by ``off`` times as much as they may be off, pass ``at`` · ``limit``
        (n_blocks,); with off = 1 the others are proven not to. How many, in ``out``, and their lengths."""
        cdef Py_ssize_t g, j, k, K = self.K
        cdef int count = 0
        cdef double x, wide
        cdef float* row
        if self.by_entry:
            for k in range(K):
                row, wide = &self.near[k, 0], off * self.off[k]
                for j in range(self.p):
                    x = fabs(row[j]) + wide * self.size[j]
                    if x > at * limit[j * K + k]:
                        out[count], sizes[count] = j * K + k, x
                        count += 1
            return count
        for g in range(limit.shape[0]):
            if limit[g] < INFINITY:
                x = self.foreseen_length(g, off, s)
                if x > at * limit[g]:
                    out[count], sizes[count] = g, x
                    count += 1
        return count

    cdef inline double foreseen_length(self, Py_ssize_t g, double off, double[::1] s) noexcept nogil:
        cdef Py_ssize_t a, j, k
        cdef double x, total = 0.0
        for a in range(self.first[g], self.first[g + 1]):
            j = self.listed[a]
            for k in range(self.K):
                x = fabs(self.near[k, j]) + off * self.off[k] * self.size[j]
                if s.shape[0]:
                    x = soft(x, s[j])
                total += x * x
        return sqrt(total)
