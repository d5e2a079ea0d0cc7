# Correlations of single columns: exactly from the matrix, nearly from a copy in one byte per entry. Included by gram.pyx.

cdef extern from "proof.h" nogil:
    void to_bytes(long n, long stride, const double* x, signed char* q, double* step, double* centre, float* loss,
                  float* spread)
    void nearly(long p, const signed char* q, long stride, const short* w, double unit, double total, double size,
                double lost, const double* step, const double* centre, const float* loss, const float* spread,
                const double* norm, double scale, float* c, float* off)
    double to_words(long n, const double* v, short* w, double* unit, double* total, double* size)
    long still_open(const signed char* q, long stride, const short* w, double unit, double total, double size, double off,
                    const double* step, const double* centre, const float* loss, const float* spread,
                    const double* norm, const double* edge, double lam, Py_ssize_t* open, long count)

# What looking at a column in the coarse copy costs, in columns read exactly: its share of the bytes.
cdef double ROUGHLY = 0.125
# Correlations that the coarse copy knows less well than this, in shares of |x| |v|, are read exactly in a survey.
cdef double BLURRED = 0.05


cdef class Coarse:
    """Every column in one byte per entry, x ≈ centre + step·q, with what that loses: all lanes share it.

    |x'v − (centre Σv + step q'v)| ≤ |x − centre − step q| |v|, about one part in a hundred of |x| |v|. Where the span
    bound leaves a column open, these bytes nearly always settle it: an eighth of the memory, and products of 16 entries
    at a time.
    """

    cdef signed char[:, ::1] q       # (p, rows), rows a multiple of 16
    cdef double[::1] step, centre
    cdef float[::1] loss, spread
    cdef long n, rows

    def __init__(self, Py_ssize_t n, Py_ssize_t p):
        self.n, self.rows = n, (n + 15) // 16 * 16
        self.q = np.empty((p, self.rows), np.int8)
        self.step, self.centre = np.empty((2, p))
        self.loss, self.spread = np.empty((2, p), np.float32)

    def fill(self, Py_ssize_t first, const double[::1, :] columns):
        """Take columns, from ``first`` on."""
        cdef Py_ssize_t k, j
        with nogil:
            for k in range(columns.shape[1]):
                j = first + k
                to_bytes(self.n, self.rows, &columns[0, k], &self.q[j, 0], &self.step[j], &self.centre[j],
                         &self.loss[j], &self.spread[j])

    def bounds(self, double[::1] v):
        """xⱼ'v of every column (p,), nearly, and how far off each may be."""
        c, off = np.empty((2, self.step.shape[0]), np.float32)
        cdef float[::1] first = c, second = off
        self.all_nearly(v, np.zeros(self.rows, np.int16), np.ones(len(c)), 1.0, &first[0], &second[0])
        return c, off

    def settle(self, double[::1] v, double lam):
        """The columns that may have |xⱼ'v| > λ."""
        p = self.step.shape[0]
        open_ = np.arange(p)
        cdef Py_ssize_t[::1] first = open_
        cdef long count = self.sieve(v, np.zeros(self.rows, np.int16), np.ones(p), np.ones(p), lam, &first[0], p)
        return open_[:count]

    cdef long sieve(self, double[::1] v, short[::1] w, double[::1] norm, double[::1] unit, double lam, Py_ssize_t* open,
                    long count) noexcept nogil:
        """Of ``count`` columns keep those that may have |xⱼ'v| > λ·unitⱼ·normⱼ; ``w`` is room for v in 12 bits."""
        cdef double step, total, size
        cdef double off = to_words(self.n, &v[0], &w[0], &step, &total, &size)
        return still_open(&self.q[0, 0], self.rows, &w[0], step, total, size, off, &self.step[0], &self.centre[0],
                          &self.loss[0], &self.spread[0], &norm[0], &unit[0], lam, open, count)

    cdef void all_nearly(self, double[::1] v, short[::1] w, double[::1] norm, double scale, float* c,
                         float* off) noexcept nogil:
        """xⱼ'v·scale/normⱼ of every column, and how far off that may be."""
        cdef double step, total, size
        cdef double lost = to_words(self.n, &v[0], &w[0], &step, &total, &size)
        nearly(self.step.shape[0], &self.q[0, 0], self.rows, &w[0], step, total, size, lost, &self.step[0],
               &self.centre[0], &self.loss[0], &self.spread[0], &norm[0], scale, c, off)


cdef class Reads:
    """What one lane reads of single columns, and how much of them it read."""

    cdef const double[::1, :] X      # raw columns, or None
    cdef const double[::1] data      # the same of a sparse matrix, by columns, or None
    cdef const int[::1] indices, indptr
    cdef Coarse coarse               # or None
    cdef Py_ssize_t[::1] order       # sorted place -> row of X, or None
    cdef double[::1] root, norm, v
    cdef short[::1] w
    cdef float[::1] fresh, off       # correlations of every column, and how far off they may be
    cdef double root_share
    cdef readonly double count       # columns read; of the coarse copy, in shares of a column's bytes

    def __init__(self, double[::1] root, double[::1] norm, double share):
        self.root, self.norm, self.root_share, self.count = root, norm, 1.0 / sqrt(share), 0.0
        # an attribute that was never set is not None but nothing at all
        self.X, self.data, self.order = None, None, None

    def own(self, const double[::1, :] X, order):
        """Read from this matrix; rows are in ``order``, or as they come (None)."""
        self.X, self.v, self.order = X, np.empty(X.shape[0]), order

    def own_sparse(self, const double[::1] data, const int[::1] indices, const int[::1] indptr, order):
        """The same from a matrix that is stored by columns."""
        self.data, self.indices, self.indptr, self.v = data, indices, indptr, np.empty(self.root.shape[0])
        self.order = order

    def share(self, Coarse coarse, order):
        """Look here first."""
        self.v, self.w, self.order = np.empty(coarse.n), np.zeros(coarse.rows, np.int16), order
        self.fresh, self.off = np.empty((2, self.norm.shape[0]), np.float32)
        self.coarse = coarse

    cdef inline int exact(self) noexcept nogil:
        return self.X is not None or self.data is not None

    cdef void weigh(self, double[::1] train) noexcept nogil:
        """v with ζⱼ'train = xⱼ'v / dⱼ, in the row order of X."""
        cdef Py_ssize_t i
        for i in range(train.shape[0]):
            self.v[i if self.order is None else self.order[i]] = self.root[i] * train[i] * self.root_share

    cdef long sieve(self, double lam, double[::1] unit, Py_ssize_t* open, long count) noexcept nogil:
        """Of ``count`` columns keep those that the coarse copy leaves open at λ, after ``weigh``."""
        self.count += ROUGHLY * count
        return self.coarse.sieve(self.v, self.w, self.norm, unit, lam, open, count)

    cdef double survey(self, double[::1] residual, double length, float[::1] edge) noexcept nogil:
        """Correlations of every column with a residual over its length, into `fresh`; how far off any may be.

        Columns of infinite ``edge`` do not count; those that bytes tell too little about are read where they may be.
        """
        cdef Py_ssize_t j
        cdef float top = 0.0
        self.weigh(residual)
        self.count += ROUGHLY * edge.shape[0]
        self.coarse.all_nearly(self.v, self.w, self.norm, 1.0 / length, &self.fresh[0], &self.off[0])
        for j in range(edge.shape[0]):
            if self.off[j] > top and edge[j] < INFINITY:
                if self.off[j] > BLURRED and self.exact():
                    self.fresh[j] = <float> (self.column(j) / length)
                else:
                    top = self.off[j]
        return top

    cdef double column(self, Py_ssize_t j) noexcept nogil:
        """The exact correlation of column j, after ``weigh``."""
        cdef int size = <int> self.root.shape[0], one = 1
        cdef Py_ssize_t i
        cdef double c = 0.0
        self.count += 1.0
        if self.X is not None:
            return ddot(&size, <double*> &self.X[0, j], &one, &self.v[0], &one) / self.norm[j]
        for i in range(self.indptr[j], self.indptr[j + 1]):
            c += self.data[i] * self.v[self.indices[i]]
        return c / self.norm[j]
