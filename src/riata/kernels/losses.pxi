# Losses of the linear predictor, as Newton's method and the gap ask for them. Included by gram.pyx.
#
# A loss is a weighted sum over rows, f(η) = Σᵢ sᵢ ℓ(yᵢ, ηᵢ) (Cox: over events), convex in η. Rows of weight 0 are not
# looked at. How far the dual point a·∇f(η) is from η in Fenchel and Young's sense,
#
#     f(η) + f*(a∇f(η)) − a⟨∇f(η), η⟩ ≥ 0,    0 where a = 1,
#
# is a Bregman divergence, and has a form without cancellation for each.

cdef class RowLoss:
    """A loss by rows. Concrete ones below; names as in riata.losses."""

    cdef double[::1] y
    cdef int terms                   # rows of B where the Hessian is diag(h) − B'B; -1: the loss multiplies by it itself

    def __init__(self, double[::1] y):
        self.y, self.terms = y, 0

    cdef double slopes(self, const double* eta, const double* s, double* r, double* h) noexcept nogil:
        """r = −∇f, h = the diagonal of its Hessian; returns f."""
        return 0.0

    cdef void freeze(self) noexcept nogil:
        """Remember the distributions of the last `slopes`, for `averages`."""

    cdef void averages(self, double x, const double* z, double* out) noexcept nogil:
        """out = x B z, where the Hessian has such a part."""

    cdef double value(self, const double* eta, const double* s) noexcept nogil:
        """f alone."""
        return 0.0

    cdef double apart(self, const double* eta, const double* s, double a) noexcept nogil:
        """f(η) + f*(a∇f(η)) − a⟨∇f(η), η⟩."""
        return 0.0

    cdef double chi(self, const double* s, const double* r, const double* h) noexcept nogil:
        """C with `apart` ≤ (1 − a)² C where the last `slopes` was, as Kullback–Leibler ≤ chi-square; or infinite."""
        return INFINITY

    cdef double moved(self, const double* r, const double* h, const double* f, const double* v, double a, double t,
                      double energy, double left, const double* ahead, double* out) noexcept nogil:
        """out = r − H (v − a) with H of weights f² where it was frozen, a dual point; a bound of how far t · out is from η.

        `energy` is v'Hv, `left` f − inf f, `ahead` η where H is of less η here. Infinite where no bound is known.
        """
        return INFINITY

    cdef double best_shift(self, const double* sums) noexcept nogil:
        """How far the intercept is from its best value, about; `sums` are Σr, Σ|r| and Σh."""
        return clip(sums[0] / sums[2], -2.0, 2.0)

    cdef double shift(self, double d, double f, const double* sums, const double* s, double* r, double* h) noexcept nogil:
        """η moved by d everywhere: r and h by their series, and f, from those before. NaN where it is too far for that."""
        return NAN


cdef extern from "rows.h" nogil:
    double binomial_rows(long n, const double* y, const double* eta, const double* s, double* r, double* h)
    double binomial_value(long n, const double* y, const double* eta, const double* s)
    double poisson_rows(long n, const double* y, const double* eta, const double* s, double* r, double* h)
    double poisson_value(long n, const double* y, const double* eta, const double* s)
    double weigh_column(long n, double x, const double* z, const double* f, double* a)
    double moved_rows(long n, const double* r, const double* h, const double* f, const double* v, double a, double t,
                      double* out)
    void all_exp(long n, const double* x, double* out)
    void three_sums(long n, const double* r, const double* h, double* out)
    double chi_square(long n, const double* r, const double* h)
    double weighted_logs(long n, const double* m, const double* x)
    double binomial_shift(long n, const double* y, const double* s, double d, double* r, double* h)
    void poisson_shift(long n, const double* y, const double* s, double growth, double* r, double* h)


cdef extern from "columns.h" nogil:
    void add_columns(long n, long m, const double* Z, const Py_ssize_t* at, const double* x, double* out)
    void dot_columns(long n, long m, const double* Z, const Py_ssize_t* at, const double* v, double* out)


# Rows without curvature get this share of the largest in a quadratic model, else it would have no minimum where their
# gradient pulls in a direction that no other row holds (Huber's loss far out).
cdef double FLAT_ROW = 1e-6


cdef double steepest_row(int n, const double* h, const double* s) noexcept nogil:
    """The largest curvature of a row, for each unit of its weight."""
    cdef int i
    cdef double top = 0.0
    for i in range(n):
        if h[i] > top * s[i]:
            top = h[i] / s[i]
    return top


cdef inline double steps_left(double gap, double before, double goal) noexcept nogil:
    """Newton steps to the goal, if each shrinks the gap as the last one did."""
    if gap <= goal or before == INFINITY:
        return 0.0
    return log(goal / gap) / log(gap / before) if gap < before else INFINITY


cdef inline double log1p_exp(double x) noexcept nogil:
    """log(1 + eˣ)."""
    return (x if x > 0.0 else 0.0) + log1p(exp(-fabs(x)))


# Up to here the series of the logistic function gives every digit.
cdef double SHORT_SHIFT = 1e-3


cdef class BinomialLoss(RowLoss):
    """log(1 + e^η) − yη with y in [0, 1]."""

    cdef double chi(self, const double* s, const double* r, const double* h) noexcept nogil:
        return chi_square(self.y.shape[0], r, h)

    cdef double moved(self, const double* r, const double* h, const double* f, const double* v, double a, double t,
                      double energy, double left, const double* ahead, double* out) noexcept nogil:
        return moved_rows(self.y.shape[0], r, h, f, v, a, t, out)

    cdef double shift(self, double d, double f, const double* sums, const double* s, double* r, double* h) noexcept nogil:
        if fabs(d) > SHORT_SHIFT:
            return NAN
        return f - d * sums[0] + 0.5 * d * d * (sums[2] + d / 3.0 * binomial_shift(self.y.shape[0], &self.y[0], s, d, r, h))

    cdef double slopes(self, const double* eta, const double* s, double* r, double* h) noexcept nogil:
        return binomial_rows(self.y.shape[0], &self.y[0], eta, s, r, h)

    cdef double value(self, const double* eta, const double* s) noexcept nogil:
        return binomial_value(self.y.shape[0], &self.y[0], eta, s)

    cdef double apart(self, const double* eta, const double* s, double a) noexcept nogil:
        """Kullback and Leibler's divergence of q = y + a(p − y) from p."""
        cdef Py_ssize_t i
        cdef double p, q, total = 0.0
        for i in range(self.y.shape[0]):
            if s[i] > 0.0:
                p = 1.0 / (1.0 + exp(-eta[i]))
                q = self.y[i] + a * (p - self.y[i])
                total += s[i] * (relative(q, -log1p_exp(-eta[i])) + relative(1.0 - q, -log1p_exp(eta[i])))
        return total


cdef inline double relative(double q, double log_p) noexcept nogil:
    """q log(q/p)."""
    return q * (log(q) - log_p) if q > 0.0 else 0.0


cdef class PoissonLoss(RowLoss):
    """e^η − yη with y ≥ 0."""

    cdef double chi(self, const double* s, const double* r, const double* h) noexcept nogil:
        return chi_square(self.y.shape[0], r, h)

    cdef double moved(self, const double* r, const double* h, const double* f, const double* v, double a, double t,
                      double energy, double left, const double* ahead, double* out) noexcept nogil:
        return moved_rows(self.y.shape[0], r, h, f, v, a, t, out)

    cdef double best_shift(self, const double* sums) noexcept nogil:
        """Exactly: e^b Σh = Σ sy."""
        return clip(log1p(sums[0] / sums[2]) if sums[0] > -sums[2] else -2.0, -2.0, 2.0)

    cdef double shift(self, double d, double f, const double* sums, const double* s, double* r, double* h) noexcept nogil:
        poisson_shift(self.y.shape[0], &self.y[0], s, exp(d), r, h)
        return f + expm1(d) * sums[2] - d * (sums[0] + sums[2])

    cdef double slopes(self, const double* eta, const double* s, double* r, double* h) noexcept nogil:
        return poisson_rows(self.y.shape[0], &self.y[0], eta, s, r, h)

    cdef double value(self, const double* eta, const double* s) noexcept nogil:
        return poisson_value(self.y.shape[0], &self.y[0], eta, s)

    cdef double apart(self, const double* eta, const double* s, double a) noexcept nogil:
        cdef Py_ssize_t i
        cdef double mu, q, total = 0.0
        for i in range(self.y.shape[0]):
            if s[i] > 0.0:
                mu = exp(eta[i])
                q = self.y[i] + a * (mu - self.y[i])
                total += s[i] * (relative(q, eta[i]) - q + mu)
        return total


# Where fewer of the rows are within δ, second derivatives say too little of Huber's loss.
cdef double LITTLE = 0.25


cdef class HuberLoss(RowLoss):
    """½r² for |r| ≤ δ, else δ|r| − ½δ², with r = y − η."""

    cdef double delta

    def __init__(self, double[::1] y, double delta):
        self.y, self.delta = y, delta

    cdef double slopes(self, const double* eta, const double* s, double* r, double* h) noexcept nogil:
        cdef Py_ssize_t i
        cdef double e, d = self.delta, total = 0.0, near = 0.0, every = 0.0
        for i in range(self.y.shape[0]):
            e = self.y[i] - eta[i]
            r[i] = s[i] * clip(e, -d, d)
            h[i] = s[i] if fabs(e) <= d else 0.0
            near, every = near + h[i], every + s[i]
            total += 0.5 * s[i] * e * e if fabs(e) <= d else s[i] * d * (fabs(e) - 0.5 * d)
        if near < LITTLE * every:       # slope over residual instead: a quadratic model that is nowhere below the loss
            for i in range(self.y.shape[0]):
                h[i] = s[i] * min(1.0, d / max(fabs(self.y[i] - eta[i]), d))
        return total

    cdef double value(self, const double* eta, const double* s) noexcept nogil:
        cdef Py_ssize_t i
        cdef double e, d = self.delta, total = 0.0
        for i in range(self.y.shape[0]):
            e = fabs(self.y[i] - eta[i])
            total += 0.5 * s[i] * e * e if e <= d else s[i] * d * (e - 0.5 * d)
        return total

    cdef double apart(self, const double* eta, const double* s, double a) noexcept nogil:
        cdef Py_ssize_t i
        cdef double e, d = self.delta, total = 0.0
        for i in range(self.y.shape[0]):
            e = fabs(self.y[i] - eta[i])
            total += s[i] * (1.0 - a) * (0.5 * (1.0 - a) * e * e if e <= d else d * e - 0.5 * d * d * (1.0 + a))
        return total


cdef class OutsideLoss(RowLoss):
    """A loss that is written in Python: the slow twin of the others, and the way in for a new one."""

    cdef object loss, order

    def __init__(self, loss, order, Py_ssize_t n):
        self.loss, self.order, self.y = loss, order, np.zeros(n)
        self.terms = 0 if loss.separable else -1

    cdef _given(self, const double* x):
        """A vector in the rows' own order."""
        cdef Py_ssize_t i, n = self.y.shape[0]
        out = np.empty(n)
        cdef double[::1] view = out
        for i in range(n):
            view[i] = x[i]
        if self.order is None:
            return out
        back = np.empty(n)
        back[self.order] = out
        return back

    cdef void _put(self, values, double sign, double* x) noexcept:
        cdef Py_ssize_t i
        cdef double[::1] view = np.ascontiguousarray(values if self.order is None else values[self.order], np.float64)
        for i in range(self.y.shape[0]):
            x[i] = sign * view[i]

    def times(self, double[::1] eta, double[::1] s, V):
        """The Hessian at η times V (n, m)."""
        if self.order is None:
            return self.loss.hessian_times(np.asarray(eta), np.asarray(s), V)
        back = np.empty_like(V)
        back[self.order] = V
        return self.loss.hessian_times(self._given(&eta[0]), self._given(&s[0]), back)[self.order]

    cdef double slopes(self, const double* eta, const double* s, double* r, double* h) noexcept nogil:
        with gil:
            e, w = self._given(eta), self._given(s)
            self._put(self.loss.gradient(e, w), -1.0, r)
            self._put(self.loss.hessian(e, w), 1.0, h)
            return self.loss.value(e, w)

    cdef double value(self, const double* eta, const double* s) noexcept nogil:
        with gil:
            return self.loss.value(self._given(eta), self._given(s))

    cdef double apart(self, const double* eta, const double* s, double a) noexcept nogil:
        with gil:
            e = self._given(eta)
            return self.loss.fenchel_young_along(e, e, a, self._given(s))
