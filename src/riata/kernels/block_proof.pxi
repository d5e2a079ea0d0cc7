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

    def learn(self, double[:, ::1] e, double[:, ::1] c):
        """Residuals (K, n) and their exact correlations (K, p)."""
        cdef int k
        for k in range(self.K):
            (<Span> self.spans[k]).add(e[k], c[k])

    def foresee(self, double[:, ::1] e):
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

    def predicted(self):
        """What was foreseen, (p, K)."""
        return np.ascontiguousarray(np.asarray(self.near, np.float64).T)

    def open(self, double[::1] limit, double[::1] s):
        """Blocks whose correlations are not proven to stay within ``limit`` (n_blocks,); ``s`` (p,) as above."""
        cdef Py_ssize_t g, a, j, k, count = 0, K = self.K
        cdef double x, total, worst
        cdef int nested = s.shape[0] > 0
        found = np.empty(limit.shape[0], np.intp)
        cdef Py_ssize_t[::1] out = found
        with nogil:
            if self.by_entry:
                for j in range(self.p):
                    for k in range(K):
                        if fabs(self.near[k, j]) + self.off[k] * self.size[j] > limit[j * K + k]:
                            out[count] = j * K + k
                            count += 1
            else:
                for g in range(limit.shape[0]):
                    if limit[g] == INFINITY:
                        continue
                    total = 0.0
                    for a in range(self.first[g], self.first[g + 1]):
                        j = self.listed[a]
                        for k in range(K):
                            x = fabs(self.near[k, j]) + self.off[k] * self.size[j]
                            if nested:
                                x = soft(x, s[j])
                            total += x * x
                    if total > limit[g] * limit[g]:
                        out[count] = g
                        count += 1
        return found[:count].copy()
