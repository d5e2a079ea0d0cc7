# Losses of one or several linear predictors as the block solver asks for them. Included by blocks.pyx.
#
# η is held by outputs: predictor k of row i at k·n + i. ``slopes`` fills r = −∇F and what the Hessian is made of:
#
#     SQUARE     H = s            PLAIN    H = h, one output         SOFTMAX   H = s (diag p − pp'), h holds p
#     OUTSIDE    H is asked for as a product, in Python (Cox)

cdef enum:
    SQUARE = 0
    PLAIN = 1
    SOFTMAX = 2
    OUTSIDE = 3


cdef extern from "outputs.h" nogil:
    double softmax_value(long n, long K, const double* y, const double* eta, const double* s)
    double softmax_rows(long n, long K, const double* y, const double* eta, const double* s, double* r, double* p)
    double softmax_apart(long n, long K, const double* y, const double* s, const double* p, double a, double log_a)
    double softmax_curve(long n, int same, const double* s, const double* y, const double* z, const double* h,
                         const double* g)
    double sum_and_size(long n, const double* y, const double* r, double* size)
    void row_means(long n, long K, const double* p, const double* v, double* x)
    double softmax_level(long n, const double* y, const double* r, const double* p, const double* s, const double* v,
                         const double* x)


cdef class Outputs:
    """A loss of ``n`` rows and ``K`` predictors."""

    cdef readonly int kind
    cdef readonly int n, K

    cdef double slopes(self, const double* eta, const double* s, double* r, double* h) noexcept nogil:
        """r = −∇F and h; returns F."""
        return 0.0

    cdef double value(self, const double* eta, const double* s) noexcept nogil:
        """F alone."""
        return 0.0

    cdef double apart(self, const double* eta, const double* s, const double* h, double a) noexcept nogil:
        """F(η) + F*(a∇F(η)) − a⟨∇F(η), η⟩; h as ``slopes`` left it at η."""
        return 0.0

    def products(self, double[::1] eta, double[::1] s, V):
        """H V for V (n, K, m)."""
        raise NotImplementedError


cdef class SquareOutputs(Outputs):
    """½ Σₖ (y − η)²."""

    cdef double[::1] y

    def __init__(self, double[::1] y, int n, int K):
        self.y, self.n, self.K, self.kind = y, n, K, SQUARE

    cdef double slopes(self, const double* eta, const double* s, double* r, double* h) noexcept nogil:
        cdef int i, k
        cdef double e, total = 0.0
        for k in range(self.K):
            for i in range(self.n):
                e = self.y[k * self.n + i] - eta[k * self.n + i]
                r[k * self.n + i] = s[i] * e
                h[k * self.n + i] = s[i]
                total += 0.5 * s[i] * e * e
        return total

    cdef double value(self, const double* eta, const double* s) noexcept nogil:
        return self.apart(eta, s, eta, 0.0)

    cdef double apart(self, const double* eta, const double* s, const double* h, double a) noexcept nogil:
        cdef int i, k
        cdef double e, total = 0.0
        for k in range(self.K):
            for i in range(self.n):
                e = self.y[k * self.n + i] - eta[k * self.n + i]
                total += 0.5 * s[i] * e * e
        return (1.0 - a) * (1.0 - a) * total


cdef class PlainOutputs(Outputs):
    """A compiled loss of one predictor."""

    cdef RowLoss rows

    def __init__(self, RowLoss rows, int n):
        self.rows, self.n, self.K, self.kind = rows, n, 1, PLAIN

    cdef double slopes(self, const double* eta, const double* s, double* r, double* h) noexcept nogil:
        return self.rows.slopes(eta, s, r, h)

    cdef double value(self, const double* eta, const double* s) noexcept nogil:
        return self.rows.value(eta, s)

    cdef double apart(self, const double* eta, const double* s, const double* h, double a) noexcept nogil:
        return self.rows.apart(eta, s, a)


cdef class SoftmaxOutputs(Outputs):
    """log Σₖ exp ηₖ − Σₖ yₖ ηₖ with Σₖ yₖ = 1."""

    cdef double[::1] y

    def __init__(self, double[::1] y, int n, int K):
        self.y, self.n, self.K, self.kind = y, n, K, SOFTMAX

    cdef double slopes(self, const double* eta, const double* s, double* r, double* h) noexcept nogil:
        """The entry of a row's own class is minus the sum of the others, so that digits survive p → 1."""
        return softmax_rows(self.n, self.K, &self.y[0], eta, s, r, h)

    cdef double value(self, const double* eta, const double* s) noexcept nogil:
        return softmax_value(self.n, self.K, &self.y[0], eta, s)

    cdef double apart(self, const double* eta, const double* s, const double* h, double a) noexcept nogil:
        """Kullback and Leibler's divergence of q = y + a(p − y) from p.

        A row of one class has q = a p but for its own entry, p + (1 − a)(1 − p): one logarithm a row.
        """
        cdef int i, k, n = self.n, own
        cdef double total = 0.0, q, p, y, others, log_a = log(a) if a > 0.0 else 0.0
        total = softmax_apart(n, self.K, &self.y[0], s, h, a, log_a)
        if total >= 0.0:
            return total
        total = 0.0
        for i in range(n):
            if s[i] == 0.0:
                continue
            own, others = -1, 0.0
            for k in range(self.K):
                if self.y[k * n + i] == 1.0:
                    own = k
                else:
                    others += h[k * n + i]
            if own >= 0 and h[own * n + i] > 1e-290:
                p = h[own * n + i]
                q = (1.0 - a) * others / p
                total += s[i] * (a * others * log_a + (p + (1.0 - a) * others) * log1p(q))
                continue
            for k in range(self.K):
                p, y = h[k * n + i], self.y[k * n + i]
                q = y + a * (p - y)
                total += s[i] * relative(q, log(max(p, 1e-300)))
        return total


cdef class OutsideOutputs(Outputs):
    """A loss of riata.losses that is asked in Python: any, and the slow twin of the compiled ones."""

    cdef object loss

    def __init__(self, loss, int n, int K):
        self.loss, self.n, self.K, self.kind = loss, n, K, OUTSIDE

    cdef _eta(self, const double* x):
        return np.array(<double[:self.n * self.K]> <double*> x).reshape(self.K, self.n).T.squeeze(1 if self.K == 1 else ())

    cdef _weights(self, const double* s):
        return np.array(<double[:self.n]> <double*> s)

    cdef double slopes(self, const double* eta, const double* s, double* r, double* h) noexcept nogil:
        with gil:
            return self._slopes(eta, s, r)

    cdef double _slopes(self, const double* eta, const double* s, double* r) noexcept:
        cdef double[::1] out
        cdef int i
        e, w = self._eta(eta), self._weights(s)
        out = np.ascontiguousarray(-self.loss.gradient(e, w).T, np.float64).reshape(-1)
        for i in range(self.n * self.K):
            r[i] = out[i]
        return self.loss.value(e, w)

    cdef double value(self, const double* eta, const double* s) noexcept nogil:
        with gil:
            return self.loss.value(self._eta(eta), self._weights(s))

    cdef double apart(self, const double* eta, const double* s, const double* h, double a) noexcept nogil:
        with gil:
            e = self._eta(eta)
            return self.loss.fenchel_young_along(e, e, a, self._weights(s))

    def products(self, double[::1] eta, double[::1] s, V):
        """H V for V (n, K, m) as (n, K, m)."""
        e, w = np.asarray(eta).reshape(self.K, self.n).T, np.asarray(s)
        if self.K == 1:
            return self.loss.hessian_times(e[:, 0].copy(), w, V[:, 0, :])[:, None, :]
        return self.loss.hessian_times(e, w, V)
